// Is a lock within what was configured? One that is too long is there for good, so it is refused beforehand.
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import { afterPeriod, type Period } from '../base/period.ts';
import { storeNowMs } from './clock-offset.ts';
import { CLOCK_OFFSET_MAX_MS, type Lock, type ReadableStore, type Store } from './store.ts';

/**
 * The same store, which sets no lock that ends more than `greatest` after now. Now is the store's time as far
 * as it is known, so that a wrong local clock makes no lock of its own length.
 */
export function boundedStore(store: Store, greatest: Period, clock: Clock): Store {
  const check = (key: string, lock: Lock): void => {
    const nowMs = storeNowMs(store, clock) ?? clock.now();
    // The time in a manifest is a clock's that may be so far off, and whole seconds are rounded up.
    const latestMs = afterPeriod(nowMs + CLOCK_OFFSET_MAX_MS, greatest) + 1000;
    if (lock.untilMs <= latestMs) return;
    const [asked, allowed] = [lock.untilMs, latestMs].map((ms) => new Date(ms).toISOString());
    throw new LedgerstoneError(
      'lock-too-long',
      `${key} would be locked until ${asked}, and greatestLock allows ${allowed} at most: nothing was written`,
      {
        remedy:
          "Check this machine's clock and `retention`; raise `greatestLock` only if that date is meant.",
      },
    );
  };
  return {
    ...readerOf(store),
    putIfAbsent: async (key, bytes, lock, options) => {
      check(key, lock);
      return store.putIfAbsent(key, bytes, lock, options);
    },
    extendLock: async (key, versionId, lock, signal) => {
      check(key, lock);
      return store.extendLock(key, versionId, lock, signal);
    },
  };
}

/** The methods that write nothing. A type alone would leave the others there at run time. */
export const readerOf = (store: Store): ReadableStore => ({
  kind: store.kind,
  description: store.description,
  listVersions: (...args) => store.listVersions(...args),
  listPrefixes: (...args) => store.listPrefixes(...args),
  read: (...args) => store.read(...args),
  lock: (...args) => store.lock(...args),
  hold: (...args) => store.hold(...args),
  clockOffset: () => store.clockOffset(),
  close: () => store.close(),
});
