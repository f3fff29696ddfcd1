import { messageOf } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { GOVERNANCE_CHAIN, isGovernanceOrigin } from '../format/chain.ts';
import { dataPrefix, parseKey, sealPrefix } from '../format/paths.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { StoreReader } from '../store/store.ts';
import type { ActsRead } from '../verify/acts/held-to.ts';
import { ActPath } from './act-path.ts';
import { type ActReading, BrokenActsError, isBreak } from './broken-acts.ts';
import { NoChainError } from './errors.ts';

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

type SoFar = Pick<ActPath, 'history' | 'head' | 'isVerified' | 'ended' | 'partitions'>;

/** Each partition that goes on from the one before by the word of two persons (FORMAT.md 13.7.3). */
async function readSoFar(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<SoFar> {
  const path = new ActPath(store, trusted, signal);
  try {
    await followed(path, store, signal);
  } catch (error) {
    // Whether decisions go on is not known: that is more than a break that they may have been led around.
    path.ended = error;
  }
  return path;
}

/** Returns the partitions that may go on from where the path ends: none does by the word of two persons. */
async function followed(path: ActPath, store: StoreReader, signal: AbortSignal): Promise<number[]> {
  await path.begin();
  const { history } = path;
  if (history === null) return [];
  const { within, above } = await laterPartitions(store, signal);
  for (const partition of within) if ((await path.goOn(partition)) && !history.isContinued) path.goBack();
  if (above !== null) history.lost ??= unreadText(above);
  const last = path.partitions.at(-1) as number;
  return within.filter((partition) => partition > last);
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
  const path = new ActPath(store, trusted, signal);
  for (const partition of await followed(path, store, signal)) {
    if (!(await path.goOn(partition))) continue;
    const { history, head, isVerified, ended } = path;
    if (ended === null && history !== null && head !== null && history.acts.at(-1)?.act.kind === 'continue')
      return { history, head, isVerified };
    path.goBack();
  }
  return null;
}

/** Partitions of the governance chain above 0, in their order. `above`: the lowest one that nobody reads. */
async function laterPartitions(
  store: StoreReader,
  signal: AbortSignal,
): Promise<{ readonly within: number[]; readonly above: number | null }> {
  const root = sealPrefix(GOVERNANCE_CHAIN, 0).replace(/partition=0\/$/, '');
  const within: number[] = [];
  let above = Number.POSITIVE_INFINITY;
  for await (const folder of store.listPrefixes(root, signal)) {
    const parsed = parseKey(`${folder}000000000000.tlog-proof`);
    if (parsed?.kind !== 'seal' || parsed.partition === 0) continue;
    if (parsed.partition < LIMITS.governancePartitionsMax) within.push(parsed.partition);
    else above = Math.min(above, parsed.partition);
  }
  return { within: within.sort((a, b) => a - b), above: Number.isFinite(above) ? above : null };
}

/** FORMAT.md 13.7.5. */
const unreadText = (above: number): string =>
  [
    `what lies in partition ${above} of ${GOVERNANCE_CHAIN}, and in any above it, was not read:`,
    `decisions are in partitions 0 to ${LIMITS.governancePartitionsMax - 1} alone`,
  ].join(' ');
