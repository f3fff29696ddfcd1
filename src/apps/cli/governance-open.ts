// Which decisions does the archive have that a command names?
import { LedgerstoneError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { openSigner } from '../../clients/open.ts';
import { storeFromName } from '../../clients/store-from-name.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { loadGovernanceConfig } from '../../config/governance.ts';
import { governanceOrigin } from '../../format/chain.ts';
import { type VerifierKey, verifierKey } from '../../format/vkey.ts';
import { readActs, readContinuation } from '../../read/acts.ts';
import { type ActReading, BROKEN_ACTS_REMEDY, BrokenActsError } from '../../read/broken-acts.ts';
import type { StoreReader } from '../../store/store.ts';
import { EXIT, exitCodeOfError, UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { type ArchiveOptions, openArchiveStore } from './open-archive.ts';
import type { Session } from './session.ts';

/** Of the commands that read decisions. */
export const GOVERNED = 'governance.yaml: names the archive and the trusted keys';

export type OpenedActs = ActReading & {
  /** What broke the chain behind what was read. Null: it was read to its end. */
  readonly broken: BrokenActsError | null;
  /** Behind the break: what was proposed to go on with. Null: nothing that counts there. */
  readonly pending: ActReading | null;
  /** Where the archive is. */
  readonly place: StoreConfig;
  readonly trusted: readonly VerifierKey[];
};

/** Which archive is named, and which keys cover it and its decisions. */
export async function governedArchiveOf(
  { io }: Session,
  name: string | undefined,
  options: ArchiveOptions,
): Promise<Pick<OpenedActs, 'place' | 'trusted'>> {
  const given = await readTrustedKeys(options.key ?? []);
  let trusted: readonly VerifierKey[] = given;
  let place: StoreConfig;
  if (options.config !== undefined) {
    if (name !== undefined)
      throw new UsageError(`both ${name} and --config name an archive`, 'Give one of the two.');
    const { archive, governance } = await loadGovernanceConfig(options.config, io.env);
    if (given.length === 0) {
      const { publicKey } = await openSigner(governance.signing);
      const own = verifierKey(governanceOrigin(archive.origin), publicKey, nodeSha256);
      trusted = [own, ...archive.trusted];
    }
    place = archive.store;
  } else if (name === undefined)
    throw new UsageError('no archive named', 'Give s3://bucket/prefix or a directory, or --config FILE.');
  else place = storeFromName(name, options, io.env);
  return { place, trusted };
}

/** Throws `no-governance` where there is no such chain. */
export async function requireActs(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<ActReading> {
  const reading = await readActs(store, trusted, signal).catch((error: unknown) => {
    throw withoutKey(error);
  });
  if (reading !== null) return reading;
  throw new LedgerstoneError('no-governance', `${store.description} has no governance chain`, {
    disposition: 'input',
    remedy: 'Begin it: ledgerstone governance charter.',
  });
}

/** Throws `no-governance` where there is none. `upToBreak`: a broken one is read as far as it goes. */
export async function openActs(
  session: Session,
  name: string | undefined,
  options: ArchiveOptions,
  upToBreak = false,
): Promise<OpenedActs> {
  const { io, output } = session;
  const { place, trusted } = await governedArchiveOf(session, name, options);
  const store = await openArchiveStore(place);
  try {
    const { broken, ...reading } = await requireActs(store, trusted, io.signal).then(
      (whole) => ({ ...whole, broken: null }),
      (error: unknown) => upTo(upToBreak, error),
    );
    if (!reading.isVerified)
      output.note('no key was given: nothing below is verified, and each word may be anybody’s');
    if (broken === null) return { ...reading, broken, pending: null, place, trusted };
    output.note(`${broken.message}; below is what stands before it, and no release of a hold is believed`);
    output.note(BROKEN_ACTS_REMEDY);
    const pending = await readContinuation(store, trusted, io.signal);
    return { ...reading, isVerified: false, broken, pending, place, trusted };
  } finally {
    await store.close();
  }
}

function upTo(upToBreak: boolean, error: unknown): ActReading & { readonly broken: BrokenActsError } {
  if (!upToBreak || !(error instanceof BrokenActsError) || error.before === null) throw error;
  return { ...error.before, broken: error };
}

/** Of a command that reads decisions. */
export function exitOfActs({ isVerified, broken }: OpenedActs): number {
  if (broken !== null) return exitCodeOfError(broken);
  return isVerified ? EXIT.ok : EXIT.failed;
}

/** Another remedy than for a chain of events: the log's key covers no decision. */
function withoutKey(error: unknown): unknown {
  if (!(error instanceof LedgerstoneError) || error.code !== 'no-trusted-key') return error;
  return new LedgerstoneError(error.code, error.message, {
    disposition: 'input',
    remedy: 'Give the verifier key of the decisions with --key too: the key of the log does not cover them.',
    cause: error,
  });
}
