// Is this machine's clock right by the store's? A wrong one makes locks that nobody can shorten.
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import { holdsStill } from '../store/clock-offset.ts';
import { CLOCK_OFFSET_MAX_MS, type ClockOffset, type ReadableStore } from '../store/store.ts';

export type ClockCheck = { readonly store: ReadableStore; readonly clock: Clock };

/** By what the store answered a short time ago. False: it is wrong, or not known. */
export function isClockRight(check: ClockCheck): boolean {
  const offset = clockOffset(check);
  return offset !== null && Math.abs(offset.offsetMs) <= CLOCK_OFFSET_MAX_MS;
}

/** Asks the store where that is needed. Throws `clock-off` or `clock-unknown`, both retriable. */
export async function requireRightClock(check: ClockCheck, signal?: AbortSignal): Promise<void> {
  if (isClockRight(check)) return;
  // Any answer carries the store's date. Asked for anew with every try: the clock may be mended.
  const options = { limit: 1, ...(signal && { signal }) };
  for await (const _ of check.store.listVersions('keys/', options)) break;
  const offset = clockOffset(check);
  if (offset === null) {
    throw new LedgerstoneError('clock-unknown', "the store's time could not be read", {
      disposition: 'retriable',
    });
  }
  if (Math.abs(offset.offsetMs) <= CLOCK_OFFSET_MAX_MS) return;
  const seconds = Math.round(offset.offsetMs / 1000);
  throw new LedgerstoneError(
    'clock-off',
    `the local clock is ${seconds} s off the store's: nothing is sealed or locked`,
    {
      disposition: 'retriable',
      remedy: 'Set the clock of this machine (NTP). Sealing goes on by itself.',
    },
  );
}

/**
 * By the store's newest answer to anybody here: this machine may have been suspended for an hour, clocks
 * included.
 */
function clockOffset({ store, clock }: ClockCheck): ClockOffset | null {
  const newest = store.clockOffset();
  return newest !== null && holdsStill(newest, clock) ? newest : null;
}
