// `ledgerstone export`: which events of a case can be handed to somebody who installs nothing?
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { storeFromName } from '../../clients/store-from-name.ts';
import type { PackageSigner } from '../../evidence/package.ts';
import { RECORDED } from '../../evidence/protocol.ts';
import { isWord } from '../../format/scalar.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import {
  type AttestationOptions,
  confirmedChain,
  openWithAttestations,
  requireAttested,
  surveyAttestations,
  withAttestations,
} from './attestations-option.ts';
import { type ChainOptions, openChain } from './chain-option.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { type Deciding, deciding } from './deciding.ts';
import { EXIT, UsageError } from './exit-code.ts';
import {
  type ActOption,
  type ExportAct,
  packagesThere,
  recordedAlone,
  recordPackages,
  requireRecordable,
} from './export-act.ts';
import { exportOffsets } from './export-offsets.ts';
import { exportReport } from './export-report.ts';
import { commandLine, type Exported } from './export-run.ts';
import { exportSearch, type SearchJob } from './export-search.ts';
import { fieldNames, type QueryOptions, queryOf, withQuery } from './find-options.ts';
import { requireNoFile } from './new-files.ts';
import { parseOffsets } from './offsets-option.ts';
import { shownToSearch } from './older-option.ts';
import { type ArchiveOptions, count, repeatable, withArchive } from './open-archive.ts';
import { requirePlain } from './plain-name.ts';
import { givenSeed, requireCount, type SeedOptions } from './sample-seed.ts';
import { acting, type Session } from './session.ts';
import { openSignerOfLong, type SignerOptions, withSigner } from './signer-option.ts';
import { readTsaRoots } from './stamp-check.ts';

type ExportOptions = ArchiveOptions &
  AttestationOptions &
  SignerOptions &
  ActOption &
  QueryOptions &
  SeedOptions & {
    readonly sample?: number;
    readonly stamp?: boolean;
    readonly tsaRoot?: readonly string[];
    readonly partition?: number;
    readonly offsets?: string;
    readonly case: string;
    readonly purpose: string;
    readonly by: string;
    readonly out: string;
    readonly json?: boolean;
  };

const HELP = `
Writes a zip that shows by itself that its events were archived: the events as archived
and as a table, a proof of each, the signed checkpoints, the keys, the specification, what
was asked for, who asked, a page and a script that check it all. \`ledgerstone
verify-package\` checks it too. The zip is new and whole, or it is not there.

What to export is searched for, by the options of \`ledgerstone find\`, given by --offsets
of one chain, or drawn from what is searched for: --sample N with --seed or --seed-from,
as \`ledgerstone sample\` does. Of offsets the package shows that none is left out. Of a
search it holds what \`find\` says of its completeness, which is the word of who makes the
package; no package is made unless everything was looked at. Of a sample it shows that
the seed draws these events; from what they were drawn is that same word. Each segment
is read whole and compared with its seal.

Where --subject finds no event of that person, the package says so: it holds the statement
and the checkpoint of each chain that was searched. Any other search that finds nothing
makes no package.

More than 20,000 events, or 64 MiB of lines, become several packages: case.1.zip,
case.2.zip and so on.

--sign-key or --sign-kms signs the list of files, so that what was asked, by whom and why
is somebody's word. Without a signature the package says that it is nobody's. With
--attestations the proofs lead to a checkpoint that an independent verifier has cosigned.
With --stamp they lead to the first one that a time-stamping authority has stamped (once
a day, if the verifier asks one), and the package has that stamp. What grows is never
stamped up to its end: a search that finds nothing then has no such checkpoint.

--act governance.yaml records each package in the archive's chain of decisions, once it
is whole: case, digest, number of events. --by is then an officer of the charter, and
--sign-key that person's key, which signs the list of files too. If the act fails, the
package is there: the same command line goes on with it. Without --act the package says
that it is recorded nowhere else.

Exit codes: 1 a chain is broken; 2 usage, also where nothing was found, but by --subject;
3 not everything could be looked at, or records have no time to go by, or the package is
there and not recorded; 4 an offset is not sealed, not attested or not stamped yet.

Examples:
  ledgerstone export ./archive --key archive.vkey --where '/userIdentity/arn~alice' \\
      --from 2026-11-01 --to 2026-12-01 --case 2026-17 --purpose "Audit 2026" \\
      --by "Ada Byron" --out case.zip
  ledgerstone export ./archive --key archive.vkey --topic orders --partition 0 \\
      --offsets 40-64,80 --case 2026-17 --purpose "Audit 2026" --by "Ada Byron" \\
      --out case.zip
  ledgerstone export ./archive --key archive.vkey --where '/eventName^Delete' \\
      --sample 25 --seed "audit 2026-17" --case 2026-17 --purpose "Audit 2026" \\
      --by "Ada Byron" --out sample.zip --act governance.yaml --sign-key ada-key.pem
  ledgerstone export --config ledgerstone.yaml --topic orders --partition 0 \\
      --offsets 40-64 --case 2026-17 --purpose "Audit 2026" --by "Ada Byron" \\
      --sign-kms arn:aws:kms:eu-central-1:111122223333:key/abcd --out case.zip --json
`;

export function exportCommand(program: Command, session: Session): void {
  const command = program.command('export').description('Events of a case, in a package that proves itself.');
  withQuery(withAttestations(withSigner(withArchive(command), 'the list of files')))
    .option('--offsets <list>', 'instead of a search: offsets and ranges, ends included: 40-64,80')
    .option('--sample <number>', 'draw so many of what is searched for, all records if nothing is', count)
    .option('--seed <text>', "with --sample: the auditor's own, without line ends")
    .option('--seed-from <file>', 'with --sample: one signed checkpoint, later than the records: its root')
    .option('--partition <number>', 'with --offsets and one --topic: its partition', count)
    .requiredOption('--case <id>', 'what the package is for: the name of the case')
    .requiredOption('--purpose <text>', 'why it is made')
    .requiredOption('--by <name>', 'who makes it')
    .requiredOption('--out <file>', 'the zip to write; it must not exist')
    .option('--stamp', 'with --attestations: with the time-stamp of each checkpoint')
    .option('--tsa-root <file>', 'only by an authority with that root, in PEM; repeatable', repeatable)
    .option('--act <file>', 'governance.yaml: the export is recorded as an act')
    .option('--no-act', 'do not record it, though there is a chain of decisions')
    .option('--json', 'what was written, for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: ExportOptions) =>
        runExport(session, name, options),
      ),
    );
}

async function runExport(
  session: Session,
  name: string | undefined,
  options: ExportOptions,
): Promise<number> {
  const { act, by, purpose, signKey, signKms, json } = options;
  if (typeof act !== 'string') return exporting(session, name, options, null);
  requireWords(options);
  const asking = {
    ...{ config: act, by, reason: purpose },
    ...(signKey !== undefined && { signKey }),
    ...(signKms !== undefined && { signKms }),
    ...(json !== undefined && { json }),
  };
  return deciding(session, asking, 'one', (decided) => exporting(session, name, options, decided));
}

async function exporting(
  session: Session,
  name: string | undefined,
  options: ExportOptions,
  decided: Deciding | null,
): Promise<number> {
  const chain = chainOfOffsets(options);
  const asked = options.offsets === undefined ? [] : parseOffsets(options.offsets);
  requireWords(options);
  const draw = await drawOf(session, options);
  const stamping = await stampingOf(session, options);
  if (decided === null) await requireNoFile(options.out);
  const since = await Promise.all((options.since ?? []).map((file) => readCheckpoints(session.io, file)));
  const { io } = session;
  const { archive, attestations, older, close } = await openWithAttestations(name, options, io.env);
  try {
    if (archive.trusted.length === 0) {
      throw new UsageError(
        'no trusted key: what was not checked is no evidence',
        'Add --key KEY, or name the archive with --config.',
      );
    }
    const signer = await openSignerOfLong(options, io.env);
    const { store, trusted, config } = archive;
    if (decided !== null)
      await requireRecordable(config?.archive.store ?? storeFromName(name!, options, io.env), decided);
    const job = {
      ...{ attestations, stamping, signer, signal: io.signal, out: options.out },
      cosigners: options.cosigner ?? [],
      ...{ caseName: options.case, purpose: options.purpose, by: options.by },
      archiveName: name ?? store.description,
      recorded: decided === null ? await recordedAlone(session, store, options) : RECORDED.act,
    };
    const make = async (): Promise<Exported> => {
      if (chain !== null)
        return exportOffsets({
          ...{ ...job, asked, reader: openChain(archive, chain, io.signal) },
          ...(await fieldNames(undefined, config, io.env)),
        });
      const { query } = await queryOf(options, archive, io.env, draw === null ? 'some' : 'all');
      const survey = attestations === null ? null : await surveyAttestations(attestations, io.signal);
      if (survey !== null && attestations !== null) requireAttested(survey, attestations);
      const find = {
        ...{ store, trusted, query, signal: io.signal },
        ...{ nowMs: systemClock.now(), since: since.flat() },
        confirmed: (survey?.newest ?? []).map(confirmedChain),
        shown: shownToSearch(older),
      };
      return exportSearch({ ...job, find, survey, draw, isNoneAnswer: options.subject !== undefined });
    };
    const { exported, acts } = await made(session, options, { decided, signer, trusted, make });
    const keys = { signer, cosigners: attestations?.cosigners ?? [] };
    await exportReport(session, exported, keys, acts, options.json === true);
    return EXIT.ok;
  } finally {
    await close();
  }
}

type Making = {
  readonly decided: Deciding | null;
  readonly signer: PackageSigner | null;
  readonly trusted: readonly VerifierKey[];
  readonly make: () => Promise<Exported>;
};

/** Makes the packages, or takes those of an earlier run whose acts failed; then the acts. */
async function made(
  session: Session,
  { out, case: caseName }: ExportOptions,
  { decided, signer, trusted, make }: Making,
): Promise<{ readonly exported: Exported; readonly acts: readonly ExportAct[] | null }> {
  // While events are read, a broken chain is a verdict; of the decisions none is given.
  session.judges = true;
  if (decided === null || signer === null) return { exported: await make(), acts: null };
  const { signal } = session.io;
  const there = await packagesThere({ out, trusted, signer, signal, command: commandLine() });
  if (there !== null) session.output.note('the package is there already: what is missing is recorded');
  const exported = there ?? (await make());
  session.judges = false;
  return { exported, acts: await recordPackages(session, decided, caseName, exported.packages) };
}

/** Null: all of what is found. Throws UsageError. */
async function drawOf(
  { io }: Session,
  { sample, offsets, ...seed }: ExportOptions,
): Promise<SearchJob['draw']> {
  if (sample === undefined) {
    if (seed.seed === undefined && seed.seedFrom === undefined) return null;
    throw new UsageError('a seed, and nothing is drawn', 'Say with --sample how many.');
  }
  if (offsets !== undefined)
    throw new UsageError('--sample of --offsets', 'Say what to draw from with the options of a search.');
  requireCount('--sample', sample);
  return { seed: await givenSeed(io, seed), count: sample };
}

/** Null: no stamp is asked for. Throws UsageError. */
async function stampingOf(
  { io }: Session,
  { stamp = false, tsaRoot = [], attestations }: ExportOptions,
): Promise<SearchJob['stamping']> {
  if (!stamp && tsaRoot.length > 0)
    throw new UsageError('--tsa-root is for stamps', 'Add --stamp, or leave it out.');
  if (!stamp) return null;
  if (attestations === undefined)
    throw new UsageError('--stamp looks beside attestations', 'Add --attestations STORE --cosigner KEY.');
  return { roots: await readTsaRoots(io, tsaRoot) };
}

/** Null: what to export is searched for. Throws UsageError for a mixture of both. */
function chainOfOffsets(options: ExportOptions): ChainOptions | null {
  const { offsets, topic: topics = [], partition } = options;
  const [topic, ...more] = topics;
  if (offsets === undefined) {
    if (partition === undefined) return null;
    throw new UsageError('--partition is for --offsets', 'Leave it out: a search is over whole topics.');
  }
  if (topic === undefined || more.length > 0 || partition === undefined)
    throw new UsageError('--offsets are of one chain', 'Add one --topic and its --partition.');
  const { where, text, subject, from, to, fields, trustNobody, since } = options;
  if ([where, text, subject, from, to, fields, trustNobody, since].every((one) => one === undefined))
    return { topic, partition };
  throw new UsageError(
    '--offsets and a search in one export',
    'Give --offsets, or what to search for, not both.',
  );
}

/** They stand in the package and on pages. Throws UsageError. */
function requireWords({ case: name, purpose, by }: ExportOptions): void {
  requirePlain('--case', name);
  for (const [option, text, bytes] of [
    ['--case', name, 100],
    ['--purpose', purpose, 512],
    ['--by', by, 255],
  ] as const) {
    if (isWord(text, bytes)) continue;
    throw new UsageError(`${option} must be 1 to ${bytes} bytes of text without control characters`);
  }
}
