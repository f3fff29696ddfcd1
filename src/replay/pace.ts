// When may the next records go out, if only so many may in a second?
import type { Clock } from '../base/clock.ts';

export type PaceLimits = {
  /** Null: as fast as it goes. */
  readonly recordsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
};

/** Spreads the load evenly: what was not sent in time is not made up for by a burst. */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #clock: Clock;
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(limits: PaceLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Resolves when these records may go out. Rejects when the signal aborts. */
  async take(records: number, bytes: number, signal: AbortSignal): Promise<void> {
    const { recordsPerSecond, bytesPerSecond } = this.#limits;
    const now = this.#clock.monotonic();
    const begin = Math.max(this.#freeAt, now);
    const seconds = Math.max(records / (recordsPerSecond ?? Infinity), bytes / (bytesPerSecond ?? Infinity));
    this.#freeAt = begin + seconds * 1000;
    if (begin > now) await this.#clock.sleep(begin - now, signal);
  }
}
