// How far is this machine's clock from the store's, by one answer of it, and does that still hold?
import type { Clock } from '../base/clock.ts';
import type { ClockOffset, ReadableStore } from './store.ts';

export type Moment = { readonly wallMs: number; readonly monotonicMs: number };

export const momentOf = (clock: Clock): Moment => ({
  wallMs: clock.now(),
  monotonicMs: clock.monotonic(),
});

/** An answer hides as much of a wrong clock as it took: a slower one tells nothing. */
export const ANSWER_MS_MAX = 10_000;
/** A clock that went by so much more or less than time did was set. */
const CLOCK_SET_MS_MIN = 1_000;
const COUNTS_MS_MAX = 5 * 60_000;

const wallOffsetMs = ({ wallMs, monotonicMs }: Moment): number => wallMs - monotonicMs;
const isSetBetween = (a: Moment, b: Moment): boolean =>
  Math.abs(wallOffsetMs(a) - wallOffsetMs(b)) > CLOCK_SET_MS_MIN;

/**
 * Null where the answer took too long to tell, or somebody set the local clock meanwhile. `dateMs` has whole
 * seconds.
 */
export function measureOffset(sent: Moment, received: Moment, dateMs: number): ClockOffset | null {
  if (received.monotonicMs - sent.monotonicMs > ANSWER_MS_MAX || isSetBetween(sent, received)) return null;
  return { offsetMs: leastOffsetMs(sent.wallMs, received.wallMs, dateMs), measuredAt: received };
}

/**
 * Local time minus the store's, as small as the facts allow. The store stamped `dateMs`, cut to the second,
 * at some moment between sending and receiving: so a slow answer is no skew.
 */
function leastOffsetMs(sentMs: number, receivedMs: number, dateMs: number): number {
  const least = sentMs - (dateMs + 999);
  const most = receivedMs - dateMs;
  if (least > 0) return least;
  return Math.min(most, 0);
}

/** True: measured a short time ago, and nobody has set the local clock since. */
export function holdsStill({ measuredAt }: ClockOffset, clock: Clock): boolean {
  const now = momentOf(clock);
  return now.monotonicMs - measuredAt.monotonicMs <= COUNTS_MS_MAX && !isSetBetween(measuredAt, now);
}

/** The store's time by its newest answer. Null: it has given none that still counts. */
export function storeNowMs(store: Pick<ReadableStore, 'clockOffset'>, clock: Clock): number | null {
  const offset = store.clockOffset();
  return offset !== null && holdsStill(offset, clock) ? clock.now() - offset.offsetMs : null;
}
