// What did people decide about this archive? Its governance chain, held to its seals (FORMAT.md §13).
import { toHex } from '../base/bytes.ts';
import { messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { ActDetail } from '../format/act-detail.ts';
import { GOVERNANCE_CHAIN, governanceOrigin, isGovernanceOrigin, parseChainOrigin } from '../format/chain.ts';
import { parseTime } from '../format/manifest.ts';
import { dataPrefix, parseKey, sealPrefix } from '../format/paths.ts';
import { decodeLine } from '../format/record.ts';
import { spkiFingerprint, type VerifierKey } from '../format/vkey.ts';
import type { StoreReader } from '../store/store.ts';
import type { ActsRead } from '../verify/acts/held-to.ts';
import { ActHistory } from '../verify/acts/history.ts';
import { VerifyError } from '../verify/finding.ts';
import { type ActReading, BrokenActsError, isBreak } from './broken-acts.ts';
import { ChainReader, type LocatedSeal } from './chain-reader.ts';
import { NoChainError, UntrustedSealError } from './errors.ts';
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
      /** The sequence of the last segment that was read, of the last one of its partitions. */
      readonly head: number;
      readonly partitions: readonly number[];
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
  const { history, head, ended, partitions } = await readSoFar(store, covering, signal);
  signal.throwIfAborted();
  const lost = history?.lost ?? null;
  const problem = ended === null ? lost : messageOf(ended);
  const broken = isBreak(ended, history !== null) || lost !== null;
  if (history === null) return { kind: 'unread', problem: problem ?? 'nothing', broken };
  const isVerified = problem === null;
  return { kind: 'read', history, head: head?.sequence ?? 0, partitions, isVerified, problem, broken };
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
  /** Of the chain, in the order in which they go on from each other. */
  readonly partitions: readonly number[];
};

/** Each partition that goes on from the one before by the word of two persons (FORMAT.md 13.7.3). */
async function readSoFar(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<SoFar> {
  let read = await readPath(store, trusted, [0], signal);
  if (read.head === null) return read;
  try {
    for (const partition of await laterPartitions(store, signal)) {
      const further = await readPath(store, trusted, [...read.partitions, partition], signal);
      if (further.history?.isContinued === true && further.partitions.includes(partition)) read = further;
    }
    return read;
  } catch (error) {
    return { ...read, ended: read.ended ?? error };
  }
}

/**
 * What two persons are about to continue: read as if they had. Null: nobody proposed it, or what was proposed
 * goes on from another place.
 */
export async function readContinuation(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<ActReading | null> {
  const { partitions } = await readSoFar(store, trusted, signal);
  for (const partition of await laterPartitions(store, signal)) {
    if (partitions.includes(partition)) continue;
    const read = await readPath(store, trusted, [...partitions, partition], signal);
    const { history, head, isVerified, ended } = read;
    if (!read.partitions.includes(partition) || history === null || head === null) continue;
    if (ended === null && history.acts.at(-1)?.act.kind === 'continue') return { history, head, isVerified };
  }
  return null;
}

/** Partitions of the governance chain above 0, in their order. */
async function laterPartitions(store: StoreReader, signal: AbortSignal): Promise<number[]> {
  const root = sealPrefix(GOVERNANCE_CHAIN, 0).replace(/partition=0\/$/, '');
  const found: number[] = [];
  for await (const folder of store.listPrefixes(root, signal)) {
    const parsed = parseKey(`${folder}000000000000.tlog-proof`);
    if (parsed?.kind === 'seal' && parsed.partition > 0) found.push(parsed.partition);
  }
  return found.sort((a, b) => a - b);
}

/** One after the other, as far as each goes on from the one before. `partitions`: those that were read. */
async function readPath(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  path: readonly number[],
  signal: AbortSignal,
): Promise<SoFar> {
  // After a seal exactly its own keys are trusted (FORMAT.md 6.14).
  const keys = [...trusted];
  const isVerified = trusted.length > 0;
  let history: ActHistory | null = null;
  let head: LocatedSeal | null = null;
  let ended: unknown = null;
  const partitions: number[] = [];
  for (const partition of path) {
    const before: ChainReader | null = partitions.length === 0 ? null : readerOf(partitions.at(-1) as number);
    const reader = readerOf(partition);
    try {
      const newest = await reader.headSequence();
      await reader.dataSizes();
      if (before !== null) {
        const from = await placeAfter(reader, head as LocatedSeal);
        if (from === null) break;
        const lost = await lostBehind(before, head as LocatedSeal, ended);
        history?.goOn(
          governanceOrigin(parseChainOrigin((head as LocatedSeal).manifest.origin).archiveOrigin, partition),
          from,
        );
        if (history !== null) history.lost ??= lost;
      }
      partitions.push(partition);
      ended = null;
      for (let sequence = 0; sequence <= newest; sequence++) {
        const seal: LocatedSeal = await reader.seal(sequence);
        if (isVerified) keys.splice(0, keys.length, ...seal.signedKeys);
        history ??= historyOf(seal);
        await addSegment(reader, seal, history);
        head = seal;
      }
    } catch (error) {
      // What lies there is no continuation: what was read before stands.
      if (partitions.at(-1) !== partition && partitions.length > 0) break;
      if (partitions.length === 0) partitions.push(partition);
      ended = error;
    }
  }
  return { history, head, isVerified, ended, partitions };

  function readerOf(partition: number): ChainReader {
    return new ChainReader({ store, chain: GOVERNANCE_CHAIN, partition, trusted: keys, signal });
  }
}

/** By its seal 0. Null: it does not go on right behind that seal, which was the last one that was read. */
async function placeAfter(reader: ChainReader, head: LocatedSeal): Promise<ActDetail['continue'] | null> {
  const { continues } = (await reader.seal(0)).manifest;
  const { origin, records } = head.manifest;
  const [size, root] = [head.sequence + 1, toHex(head.root)];
  const isBehind =
    continues?.origin === origin &&
    continues.size === size &&
    continues.root === root &&
    continues.nextOffset === records.nextOffset;
  return isBehind ? { origin, size, root } : null;
}

/** Null: nothing that a trusted key sealed lies behind what was read. */
async function lostBehind(before: ChainReader, head: LocatedSeal, ended: unknown): Promise<string | null> {
  if (ended === null) return null;
  const next = head.sequence + 1;
  try {
    await before.seal(next);
  } catch (error) {
    if (error instanceof VerifyError || error instanceof UntrustedSealError) return null;
    throw error;
  }
  return `acts from segment ${next} of ${head.manifest.origin} on can't be read: ${messageOf(ended)}`;
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
  const { partition } = reader;
  const sealedMs = parseTime(time.sealed);
  const sealedBy = seal.signedKeys.map(({ key }) => spkiFingerprint(key, nodeSha256));
  for (const line of linesOf(stored, data, wholeRun(data))) {
    await history.add(decodeLine(line), { offset, sequence: seal.sequence, sealedMs, sealedBy, partition });
    offset++;
  }
  if (offset !== records.nextOffset)
    throw new VerifyError({
      code: 'offset-gap',
      expected: `lines up to ${records.nextOffset}`,
      found: `${offset}`,
    });
}
