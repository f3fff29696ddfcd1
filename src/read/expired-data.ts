// Which data objects does nothing keep any more, and what still keeps the others that are over?
import { messageOf } from '../base/error.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { parseUntil } from '../format/time.ts';
import type { StoreReader } from '../store/store.ts';
import type { Demands } from '../verify/acts/in-force.ts';
import type { LocatedSeal } from './chain-reader.ts';

/** Of a data object whose retention is over by its seal's word. */
export type ExpiredData = {
  readonly chain: string;
  readonly partition: number;
  readonly sequence: number;
  readonly key: string;
  readonly versionId: string | null;
  readonly bytes: number;
  /** What the seal promised. */
  readonly until: string;
  /** `free`: nothing keeps it. `gone`: nothing lies there any more. `not-known`: the store did not say. */
  readonly state: 'free' | 'locked' | 'held' | 'extended' | 'gone' | 'not-known';
  /** In words: by what it is kept, or why nothing is known. */
  readonly why: string | null;
};

/** Null: its retention is not over, or it has no data. Rejects only if `signal` aborts. */
export async function expiredData(
  store: StoreReader,
  seal: LocatedSeal,
  demands: Demands | null,
  nowMs: number,
  signal: AbortSignal,
): Promise<ExpiredData | null> {
  const { data, origin, sequence, retention } = seal.manifest;
  if (data === null || nowMs <= parseUntil(retention.until)) return null;
  const [partition = '', chain = ''] = origin.split('/').reverse();
  const about = {
    ...{ chain, partition: Number(partition), sequence, key: data.key, bytes: data.bytes },
    until: retention.until,
  };
  const segment = { chain, partition: Number(partition), sequence };
  try {
    const version = await oldestVersion(store, data.key, signal);
    if (version === null) return { ...about, versionId: null, state: 'gone', why: null };
    const kept = await keptBy(store, data.key, version.versionId, { nowMs, signal });
    const decided = demands === null ? null : demandedBy(demands, segment, nowMs);
    const { state, why } = kept ?? decided ?? { state: 'free' as const, why: null };
    return { ...about, versionId: version.versionId, state, why };
  } catch (error) {
    signal.throwIfAborted();
    return { ...about, versionId: null, state: 'not-known', why: messageOf(error) };
  }
}

type Kept = Pick<ExpiredData, 'state' | 'why'>;

async function keptBy(
  store: StoreReader,
  key: string,
  versionId: string,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<Kept | null> {
  const [lock, hold] = await Promise.all([
    store.lock(key, versionId, signal),
    store.hold(key, versionId, signal),
  ]);
  if (lock.kind === 'not-permitted' || hold === 'not-permitted')
    return { state: 'not-known', why: 'its lock or its legal hold may not be read' };
  if (hold === 'held') return { state: 'held', why: 'a legal hold' };
  if ((lock.kind === 'locked' || lock.kind === 'none') && lock.eventHold !== undefined)
    return { state: 'held', why: 'an event hold' };
  if (lock.kind === 'locked' && lock.lock.untilMs > nowMs)
    return { state: 'locked', why: `${lock.lock.mode} until ${new Date(lock.lock.untilMs).toISOString()}` };
  return null;
}

/** What people decided counts also where it is not done yet. */
function demandedBy(
  demands: Demands,
  segment: Parameters<Demands['casesOf']>[0],
  nowMs: number,
): Kept | null {
  const cases = demands.casesOf(segment);
  if (cases.length > 0) return { state: 'held', why: `decided for ${cases.join(', ')}, and not set` };
  const untilMs = demands.lockedUntilMs(segment);
  if (untilMs <= nowMs) return null;
  return { state: 'extended', why: `decided until ${new Date(untilMs).toISOString()}, and not set` };
}
