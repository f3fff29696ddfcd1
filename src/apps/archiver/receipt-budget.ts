// How many receipts are given, so that the archiver has its time and memory for archiving?
import type { Clock } from '../../base/clock.ts';
import { Semaphore } from '../../base/concurrency.ts';

/** Requests whose answers are not out yet: of each a few MiB are held. */
const OPEN_MAX = 16;

export class ReceiptBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** One segment is in memory at once. */
  readonly #turn = new Semaphore(1);
  #open = 0;
  /** Receipts that may be given now. Below 0: some were given ahead of time. */
  #free: number;
  #atMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#free = perSecond;
    this.#atMs = clock.monotonic();
  }

  /** Seconds until so many may be asked for; 0: they may now, and are counted. */
  take(receipts: number): number {
    const nowMs = this.#clock.monotonic();
    this.#free = Math.min(this.#perSecond, this.#free + ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
    if (this.#free < 1) return Math.max(1, Math.ceil((1 - this.#free) / this.#perSecond));
    this.#free -= receipts;
    return 0;
  }

  /** Null: too many are open. Call the result when the answer is out, or never will be. */
  enter(): (() => void) | null {
    if (this.#open >= OPEN_MAX) return null;
    this.#open++;
    let isOpen = true;
    return () => {
      if (isOpen) this.#open--;
      isOpen = false;
    };
  }

  /** One after the other, with a pause as long as the work took: it is the archiver's thread. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const giveBack = await this.#turn.take(1, signal);
    const beganMs = this.#clock.monotonic();
    try {
      return await work();
    } finally {
      const tookMs = this.#clock.monotonic() - beganMs;
      void this.#clock.sleep(tookMs, signal).then(giveBack, giveBack);
    }
  }
}
