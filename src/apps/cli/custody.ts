// `ledgerstone custody`: what of this archive was handed out, by whom, and is this package among it?
import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { toHex } from '../../base/bytes.ts';
import { counted } from '../../base/counted.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { checkPackage, colourOf, notOpened, type PackageCheck } from '../../evidence/check.ts';
import { ZipError } from '../../evidence/zip.ts';
import type { ActReading } from '../../read/broken-acts.ts';
import { type CustodyEntry, custodyCsv, custodyOf, entryText, restsOn } from './custody-text.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { GOVERNED, openActs } from './governance-open.ts';
import { type ArchiveOptions, withArchive } from './open-archive.ts';
import { readPackage } from './package-input.ts';
import { acting, type Session } from './session.ts';

type ListOptions = ArchiveOptions & {
  readonly case?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
};
type CheckOptions = ArchiveOptions & { readonly json?: boolean };

const HELP = `
Exports, disclosures and copies are recorded in the archive's chain of decisions: by
\`export --act\`, \`copy --config\` and \`governance record\`. What was handed out without
such an act is not known here.

Examples:
  ledgerstone custody list --config governance.yaml --case 2026-17
  ledgerstone custody list ./archive --key decisions.vkey --json
  ledgerstone custody check case.zip ./archive --key decisions.vkey
`;

const LIST = `
Only acts in force, in their order: when, who and under which account, case, events,
digest of the package, to whom. Without --config give the archive and --key: the verifier
key of its decisions. What the list rests on goes to stderr with --csv.

Exit codes: 0 read; 1 the chain is not what was signed; 2 usage, or there is no such
chain; 3 it could not be read, or no key was given that covers it.

Examples:
  ledgerstone custody list --config governance.yaml --case 2026-17
  ledgerstone custody list ./archive --key decisions.vkey --csv > custody.csv
`;

const CHECK = `
Compares the digest of the package's list of files, and of the zip, with the acts. Of a
large export each part is checked by itself. That the events are what was archived is
checked by \`verify-package\`, with the keys of the archive.

Exit codes: 0 recorded; 1 the package is not what its own list of files says, or the chain
is not what was signed; 2 usage; 3 not recorded, or not known: no key covers the chain, or
the package could not be opened.

Examples:
  ledgerstone custody check case.zip ./archive --key decisions.vkey
  ledgerstone custody check case.zip --config governance.yaml --json
`;

export function custodyCommand(program: Command, session: Session): void {
  const custody = program
    .command('custody')
    .description('What was handed out, by whom and to whom.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  withArchive(custody.command('list').description('Exports, disclosures and copies.'), GOVERNED)
    .option('--case <id>', 'only of this case: copies have none')
    .option('--csv', 'for a spreadsheet')
    .option('--json', 'the same for programs')
    .addHelpText('after', LIST)
    .action(
      acting(session, (name: string | undefined, options: ListOptions) => runList(session, name, options)),
    );
  withArchive(
    custody
      .command('check')
      .description('Is this package recorded?')
      .argument('<package>', 'the zip, or the folder that it was unpacked to'),
    GOVERNED,
  )
    .option('--json', 'the same for programs')
    .addHelpText('after', CHECK)
    .action(
      acting(session, (file: string, name: string | undefined, options: CheckOptions) =>
        runCheck(session, file, name, options),
      ),
    );
}

const exitOf = ({ isVerified }: ActReading): number => (isVerified ? EXIT.ok : EXIT.failed);

async function runList(session: Session, name: string | undefined, options: ListOptions): Promise<number> {
  const { output } = session;
  if (options.csv === true && options.json === true)
    throw new UsageError('--csv and --json are two forms of one answer', 'Give one of the two.');
  const reading = await openActs(session, name, options);
  const { entries, notInForce } = custodyOf(reading);
  const shown = entries.filter((one) => options.case === undefined || one.case === options.case);
  const rests = restsOn(reading, notInForce);
  if (options.json === true)
    await output.json({ verified: reading.isVerified, entries: shown, restsOn: rests });
  else if (options.csv === true) {
    await output.write(custodyCsv(shown));
    for (const line of rests) output.note(line);
  } else {
    for (const one of shown) await output.write(entryText(one));
    const copies = options.case === undefined ? 0 : entries.filter(({ kind }) => kind === 'copy').length;
    await output.line(
      `${shown.length} of ${counted(entries.length, 'act')} by which something was handed out` +
        (copies === 0 ? '' : `; ${counted(copies, 'copy', 'copies')} of the whole archive not among them`),
    );
    for (const line of rests) await output.line(line);
  }
  return exitOf(reading);
}

async function runCheck(
  session: Session,
  file: string,
  name: string | undefined,
  options: CheckOptions,
): Promise<number> {
  const { output } = session;
  const { check, zip } = await checkedPackage(session, file);
  const { manifest, manifestHash, protocol } = check;
  const reading = await openActs(session, name, options);
  const { entries, notInForce } = custodyOf(reading);
  const isOf = ({ package: digest }: CustodyEntry) =>
    digest !== null && (digest === manifestHash || digest === zip);
  const found = entries.filter(isOf);
  const isChanged = colourOf(check) === 'red';
  const rests = [
    ...restsOn(reading, notInForce),
    'whether its events are what was archived: `ledgerstone verify-package`, with the archive’s keys',
  ];
  if (options.json === true)
    await output.json({
      ...{ verified: reading.isVerified, recorded: found.length > 0 && !isChanged },
      package: { digest: manifestHash, zip, case: manifest?.case ?? null, changed: isChanged },
      ...{ acts: found, restsOn: rests },
    });
  else {
    await output.line(printable(`${file}: ${said(check, found.length > 0)}`));
    for (const one of found) {
      await output.write(entryText(one));
      if (!isChanged && (one.case !== manifest?.case || one.events !== protocol?.events))
        await output.line('  the package names another case, or another number of events');
    }
    for (const line of rests) await output.line(line);
  }
  if (isChanged) return EXIT.broken;
  return found.length > 0 ? exitOf(reading) : EXIT.failed;
}

function said(check: PackageCheck, isFound: boolean): string {
  if (colourOf(check) === 'red')
    return `not what its own list of files says${isFound ? ', and an act names that list' : ''}`;
  if (isFound) return 'recorded';
  return check.manifest === null
    ? 'not recorded: no act names these bytes, and its list of files can’t be read'
    : 'not recorded: no act in force names this package';
}

/** By the keys in it: only whether it is what it says of itself. `zip`: hex SHA-256; null for a folder. */
async function checkedPackage(
  { io }: Session,
  file: string,
): Promise<{ readonly check: PackageCheck; readonly zip: string | null }> {
  const given = { log: null, cosigners: null, signers: null };
  const onEvent = async () => io.signal.throwIfAborted();
  const opened = await readPackage(file).catch((error: unknown) => {
    if (error instanceof ZipError) return error;
    throw error;
  });
  const zip = (await stat(file)).isFile() ? toHex(nodeSha256(await readFile(file))) : null;
  if (opened instanceof ZipError) return { check: notOpened(`zip-${opened.fault}`, opened.message), zip };
  return { check: await checkPackage(opened, { given, sha256: nodeSha256, onEvent }), zip };
}
