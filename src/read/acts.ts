// What did people decide about this archive? Its governance chain, held to its seals (FORMAT.md §13).
import { toHex } from '../base/bytes.ts';
import { messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin, isGovernanceOrigin, parseChainOrigin } from '../format/chain.ts';
import { parseTime } from '../format/manifest.ts';
import { dataPrefix, sealPrefix } from '../format/paths.ts';
import { decodeLine } from '../format/record.ts';
import { spkiFingerprint, type VerifierKey } from '../format/vkey.ts';
import type { StoreReader } from '../store/store.ts';
import type { ActsRead } from '../verify/acts/held-to.ts';
import { ActHistory } from '../verify/acts/history.ts';
import { VerifyError } from '../verify/finding.ts';
import { type ActReading, BrokenActsError, isBreak } from './broken-acts.ts';
import { ChainReader, type LocatedSeal } from './chain-reader.ts';
import { NoChainError } from './errors.ts';
import { linesOf, wholeRun } from './segment-lines.ts';

/**
 * All acts, from the first segment on. Each seal is checked against the keys and against its neighbour, each
 * data object against its seal. Null: the archive has no governance chain. Throws BrokenActsError,
 * UntrustedSealError, or what the store throws.
 */
export async function readActs(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<ActReading | null> {
  const { history, head, isVerified, ended } = await readSoFar(store, trusted, signal);
  if (ended instanceof NoChainError) return null;
  const before = history === null || head === null ? null : { history, head, isVerified };
  if (isBreak(ended, before !== null)) throw new BrokenActsError(ended, before);
  if (ended !== null) throw ended;
  return before!;
}

/** What a reader of the archive learns of the decisions about it. */
export type ActsLook =
  | { readonly kind: 'no-chain' }
  /** No key was given that covers the governance chain: no decision was looked at. */
  | { readonly kind: 'no-key' }
  /** `problem`: not even its first segment could be read. `broken`: it is the chain's own fault. */
  | { readonly kind: 'unread'; readonly problem: string; readonly broken: boolean }
  /** `problem`: what ended the reading before the chain's end. Then it is not verified. */
  | (ActsRead & {
      readonly kind: 'read';
      /** The sequence of its last segment that was read. */
      readonly head: number;
      readonly problem: string | null;
      /** It is the chain's own fault, not the store's. */
      readonly broken: boolean;
    });

/** For who judges the archive: what is wrong with the chain ends the reading. Throws only an abort. */
export async function lookAtActs(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<ActsLook> {
  const covering = trusted.filter(({ name }) => isGovernanceOrigin(name));
  try {
    if (!(await hasGovernance(store, signal))) return { kind: 'no-chain' };
    if (covering.length === 0) return { kind: 'no-key' };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unread', problem: messageOf(error), broken: false };
  }
  const { history, head, ended } = await readSoFar(store, covering, signal);
  signal.throwIfAborted();
  const problem = ended === null ? null : messageOf(ended);
  const broken = isBreak(ended, history !== null);
  if (history === null) return { kind: 'unread', problem: problem ?? 'nothing', broken };
  const isVerified = problem === null;
  return { kind: 'read', history, head: head?.sequence ?? 0, isVerified, problem, broken };
}

/** Whether people decide anything about this archive. */
export async function hasGovernance(store: StoreReader, signal: AbortSignal): Promise<boolean> {
  for (const prefix of [sealPrefix(GOVERNANCE_CHAIN, 0), dataPrefix(GOVERNANCE_CHAIN, 0)])
    for await (const { marker } of store.listVersions(prefix, { limit: 1, signal })) if (!marker) return true;
  return false;
}

type SoFar = {
  readonly history: ActHistory | null;
  readonly head: LocatedSeal | null;
  readonly isVerified: boolean;
  /** What ended the reading. Null: the end of the chain. */
  readonly ended: unknown;
};

async function readSoFar(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<SoFar> {
  // After a seal exactly its own keys are trusted (FORMAT.md 6.14).
  const keys = [...trusted];
  const reader = new ChainReader({ store, chain: GOVERNANCE_CHAIN, partition: 0, trusted: keys, signal });
  const isVerified = reader.verified;
  let history: ActHistory | null = null;
  let head: LocatedSeal | null = null;
  try {
    const newest = await reader.headSequence();
    await reader.dataSizes();
    for (let sequence = 0; sequence <= newest; sequence++) {
      const seal = await reader.seal(sequence);
      if (isVerified) keys.splice(0, keys.length, ...seal.signedKeys);
      history ??= historyOf(seal);
      await addSegment(reader, seal, history);
      head = seal;
    }
    return { history, head, isVerified, ended: null };
  } catch (error) {
    return { history, head, isVerified, ended: error };
  }
}

function historyOf({ manifest: { origin } }: LocatedSeal): ActHistory {
  const { archiveOrigin } = parseChainOrigin(origin);
  const expected = governanceOrigin(archiveOrigin);
  if (origin !== expected) throw new VerifyError({ code: 'malformed', expected, found: origin });
  return new ActHistory({ origin, sha256: nodeSha256 });
}

async function addSegment(reader: ChainReader, seal: LocatedSeal, history: ActHistory): Promise<void> {
  const { data, records, time } = seal.manifest;
  if (data === null) return;
  const stored = await reader.data(seal);
  const sha256 = toHex(nodeSha256(stored));
  if (stored.length !== data.bytes || sha256 !== data.sha256)
    throw new VerifyError({ code: 'data-altered', expected: data.sha256, found: `${sha256} at ${data.key}` });
  let offset = records.firstOffset;
  const sealedMs = parseTime(time.sealed);
  const sealedBy = seal.signedKeys.map(({ key }) => spkiFingerprint(key, nodeSha256));
  for (const line of linesOf(stored, data, wholeRun(data))) {
    await history.add(decodeLine(line), { offset, sequence: seal.sequence, sealedMs, sealedBy });
    offset++;
  }
  if (offset !== records.nextOffset)
    throw new VerifyError({
      code: 'offset-gap',
      expected: `lines up to ${records.nextOffset}`,
      found: `${offset}`,
    });
}
