// How is a canary removed after a drill, and what is left for a person to delete?
import type { Clock } from '../../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../../base/error.ts';
import type { CanaryStore } from '../../../store/canary.ts';
import type { StoreReader } from '../../../store/store.ts';

export type CanaryVersion = { readonly key: string; readonly versionId: string };
export type Leftover = CanaryVersion & { readonly why: string };

export type CleanUpTools = {
  readonly archive: Pick<StoreReader, 'listVersions'>;
  readonly canary: Pick<CanaryStore, 'remove'>;
  readonly clock: Clock;
  readonly offsetMs: number;
};

/** A store may keep whole seconds of a lock's end. */
const AFTER_LOCK_MS = 1_500;

/**
 * Removes all versions of these keys, which only this drill uses, or those of `known` if they can't be
 * listed. Waits for locks, at most for `patienceMs`. Never rejects: it returns what could not be removed.
 */
export async function cleanUp(
  { archive, canary, clock, offsetMs }: CleanUpTools,
  keys: Iterable<string>,
  known: readonly CanaryVersion[],
  { lockedUntilMs, patienceMs }: { readonly lockedUntilMs: number | null; readonly patienceMs: number },
): Promise<Leftover[]> {
  const laid: CanaryVersion[] = [];
  for (const key of keys) {
    try {
      for await (const { versionId } of archive.listVersions(key, { exact: true }))
        laid.push({ key, versionId });
    } catch {
      laid.push(...known.filter((one) => one.key === key));
    }
  }
  if (laid.length === 0) return [];
  const waitMs = lockedUntilMs === null ? 0 : lockedUntilMs + AFTER_LOCK_MS - (clock.now() - offsetMs);
  if (waitMs > 0 && waitMs <= patienceMs) await clock.sleep(waitMs);
  const left: Leftover[] = [];
  // The newest first: if the first version went first, the second would count as the seal.
  for (const one of laid.toReversed()) {
    try {
      await canary.remove(one.key, one.versionId);
    } catch (error) {
      const until = lockedUntilMs === null ? '' : ` until ${new Date(lockedUntilMs).toISOString()}`;
      const isLocked = error instanceof LedgerstoneError && error.code === 'locked';
      left.push({ ...one, why: isLocked ? `locked${until}` : messageOf(error) });
    }
  }
  return left;
}
