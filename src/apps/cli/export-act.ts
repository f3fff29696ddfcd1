// How does an export get into the archive's chain of decisions? The package first, then the act.
import { access } from 'node:fs/promises';
import { equalBytes } from '../../base/bytes.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { checkPackage, colourOf } from '../../evidence/check.ts';
import type { PackageFiles } from '../../evidence/check-files.ts';
import type { PackageSigner } from '../../evidence/package.ts';
import { RECORDED } from '../../evidence/protocol.ts';
import { spkiFingerprint, type VerifierKey } from '../../format/vkey.ts';
import { readGovernance } from '../../governance/record-act.ts';
import { recordExport } from '../../governance/record-export.ts';
import { hasGovernance } from '../../read/acts.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Deciding } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { type MadePackage, partNames } from './export-parts.ts';
import type { Exported } from './export-run.ts';
import { requireGovernedArchive } from './governed-archive.ts';
import { readPackage } from './package-input.ts';
import type { Session } from './session.ts';

/** `--act FILE`; false: `--no-act`. */
export type ActOption = { readonly act?: string | false };

/** The act of each package, in their order, and whether it was written now. */
export type ExportAct = { readonly id: string; readonly isNew: boolean };

/** Throws UsageError for what would fail when the package is there. */
export async function requireRecordable(from: StoreConfig, decided: Deciding): Promise<void> {
  await requireGovernedArchive(from, decided, 'exported from');
  const { tools, decider } = decided;
  const reading = await readGovernance(tools);
  if (reading === null)
    throw new UsageError(
      'this archive has no chain of decisions to record the export in',
      'Leave out --act, or begin the chain: ledgerstone governance charter.',
    );
  const fingerprint = spkiFingerprint(decider.signer.publicKey, nodeSha256);
  const person = reading.history.charter?.people.find((one) => one.fingerprint === fingerprint);
  if (person?.name === decider.name && person.roles.includes('officer')) return;
  throw new UsageError(
    'the charter in force names no officer with this name and this key',
    'Give --by and --sign-key as the charter has them: ledgerstone governance show.',
  );
}

/** What the protocol says where no act follows. Who may not see whether there is a chain can export too. */
export async function recordedAlone(
  { io, output }: Session,
  store: StoreReader,
  { act }: ActOption,
): Promise<string> {
  try {
    if (!(await hasGovernance(store, io.signal))) return RECORDED.alone;
    if (act === undefined)
      output.note(
        'this archive has a chain of decisions, and this export is not in it: --act governance.yaml records it there',
      );
    return RECORDED.leftOut;
  } catch (error) {
    io.signal.throwIfAborted();
    output.note(`whether this archive has a chain of decisions could not be seen: ${messageOf(error)}`);
    return RECORDED.alone;
  }
}

/** After the package is whole: each has its own act. Throws what `recordAct` throws. */
export async function recordPackages(
  { output }: Session,
  { tools, decider, asked }: Deciding,
  caseName: string,
  packages: readonly MadePackage[],
): Promise<ExportAct[]> {
  const acts: ExportAct[] = [];
  try {
    for (const { digest, events } of packages) {
      const detail = { case: caseName, package: digest, events };
      const written = await recordExport(tools, decider, { kind: 'export', ...asked, detail });
      acts.push({ id: written.recorded.act.id, isNew: written.isNew });
    }
    return acts;
  } catch (error) {
    output.note(
      `${packages.map(({ name }) => name).join(', ')}: whole, and ${acts.length} of ${packages.length} recorded. ` +
        'Run the same command line again: it records what is missing, and makes no other package',
    );
    throw error;
  }
}

type There = {
  readonly out: string;
  readonly trusted: readonly VerifierKey[];
  readonly signer: PackageSigner;
  readonly signal: AbortSignal;
  readonly command: readonly string[];
};

/**
 * What the same command line left whose act failed. Null: nothing is there. Whose list of files this key did
 * not sign, or what another command made, stays as it is, and no act speaks of it. Throws UsageError.
 */
export async function packagesThere({
  out,
  trusted,
  signer,
  signal,
  command,
}: There): Promise<Exported | null> {
  const single = await isThere(out);
  if (!single && !(await isThere(partNames(out, 2)[0]!))) return null;
  const packages: MadePackage[] = [];
  const log: VerifierKey[] = [];
  const stamped = new Set<string>();
  let [previous, gapLines, conclusion]: [string | null, number, string | null] = [null, 0, null];
  for (let number = 1; ; number++) {
    const name = single ? out : partNames(out, Math.max(2, number))[number - 1]!;
    const given = { log: trusted, cosigners: null, signers: [signer.publicKey] };
    const onEvent = async () => signal.throwIfAborted();
    const check = await checkPackage(await readThere(name), { given, sha256: nodeSha256, onEvent });
    const { manifest, manifestHash, protocol, statement, chains } = check;
    const isSame =
      colourOf(check) === 'green' &&
      JSON.stringify(protocol?.command) === JSON.stringify(command) &&
      protocol?.recorded === RECORDED.act &&
      manifest?.part.number === number &&
      manifest.part.previous === previous;
    if (!isSame || manifestHash === null) throw notOurs(name);
    if (statement !== null && statement.kind !== 'offsets') conclusion = statement.statement;
    packages.push({ name, digest: manifestHash, events: protocol.events });
    for (const { path, role } of manifest.files) if (role === 'stamp') stamped.add(path);
    for (const { summary, signedBy } of chains) {
      gapLines += summary?.gapLines ?? 0;
      for (const key of trusted)
        if (signedBy.some((by) => equalBytes(by.key.spki, key.key.spki)) && !log.includes(key)) log.push(key);
    }
    if (manifest.part.last) break;
    previous = manifestHash;
  }
  return {
    packages,
    events: packages.reduce((sum, { events }) => sum + events, 0),
    gapLines,
    conclusion,
    stamps: stamped.size,
    log,
  };
}

const notOurs = (name: string): UsageError =>
  new UsageError(
    `${name} exists, and stays as it is: it is no whole package that this command line made and this key signed`,
    'Choose another name with --out.',
  );

async function readThere(name: string): Promise<PackageFiles> {
  if (!(await isThere(name)))
    throw new UsageError(
      `${name} is missing, and the packages before it are there: that export did not come to its end`,
      'Remove them and run the command again, or choose another name with --out.',
    );
  return readPackage(name).catch(() => {
    throw notOurs(name);
  });
}

const isThere = (name: string): Promise<boolean> =>
  access(name).then(
    () => true,
    () => false,
  );
