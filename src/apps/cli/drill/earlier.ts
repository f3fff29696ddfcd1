// What have earlier drills left in the archive, since they were killed or their objects were locked?
import type { Clock } from '../../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../../base/error.ts';
import { CANARY_CHAIN } from '../../../format/chain.ts';
import { sealsRoot } from '../../../format/paths.ts';
import { type CanaryStore, canaryObjects } from '../../../store/canary.ts';
import type { StoreReader } from '../../../store/store.ts';
import type { CanaryVersion } from './clean-up.ts';

/** `laidMs`: by the store's clock. */
type EarlierCanary = CanaryVersion & { readonly laidMs: number };

/** Oldest first. `unlisted`: why nobody knows, or null. */
export type EarlierCanaries = { readonly found: readonly EarlierCanary[]; readonly unlisted: string | null };

/** `why` null: it was removed. */
export type ClearedCanary = EarlierCanary & { readonly why: string | null };

const LISTED_MAX = 1_000;
/** A younger one may belong to a drill that still waits for it to be found. */
export const EARLIER_HOURS = 2;
const EARLIER_MS = EARLIER_HOURS * 3_600_000;

/** Rejects if the archive can't be listed for another reason than that this role may not. */
export async function earlierCanaries(
  archive: Pick<StoreReader, 'listVersions'>,
  signal?: AbortSignal,
): Promise<EarlierCanaries> {
  const found: EarlierCanary[] = [];
  const options = { limit: LISTED_MAX, ...(signal && { signal }) };
  try {
    for (const prefix of [canaryObjects, `${sealsRoot}topic=${CANARY_CHAIN}/`]) {
      for await (const { key, versionId, lastModifiedMs } of archive.listVersions(prefix, options))
        found.push({ key, versionId, laidMs: lastModifiedMs });
    }
  } catch (error) {
    if (!(error instanceof LedgerstoneError) || error.code !== 'not-permitted') throw error;
    return { found: [], unlisted: 'this role may not list the archive' };
  }
  return { found, unlisted: null };
}

/**
 * Removes those that no running drill needs any more. Never rejects. `refused`: deletes are refused to this
 * role, so none is tried, since each would be an attempt.
 */
export async function clearEarlier(
  { canary, clock, offsetMs }: { canary: Pick<CanaryStore, 'remove'>; clock: Clock; offsetMs: number },
  { found }: EarlierCanaries,
  refused: boolean,
): Promise<ClearedCanary[]> {
  const cleared: ClearedCanary[] = [];
  let isRefused = refused;
  // The newest first: if the first version went first, the second would count as the seal.
  for (const one of found.toReversed()) {
    const isYoung = clock.now() - offsetMs - one.laidMs < EARLIER_MS;
    let why: string | null = null;
    if (isYoung) why = `younger than ${EARLIER_HOURS} hours, so a drill that still runs may need it`;
    else if (isRefused) why = 'deletes are refused to this role';
    else {
      try {
        await canary.remove(one.key, one.versionId);
      } catch (error) {
        const code = error instanceof LedgerstoneError ? error.code : null;
        isRefused ||= code === 'not-permitted';
        why = code === 'locked' ? 'still locked' : messageOf(error);
      }
    }
    cleared.push({ ...one, why });
  }
  return cleared.toReversed();
}
