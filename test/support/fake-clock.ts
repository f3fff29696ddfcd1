// What time is it in a test? Virtual time: nothing waits for real, and what is due happens in the order of its time.
import type { Clock } from '../../src/base/clock.ts';

type Sleeper = { readonly dueMs: number; wake(): void };

export type FakeClockOptions = {
  readonly startMs?: number;
  /**
   * Lets all that is ready run before time goes on. One turn of the event loop is enough for promises; real I/O or threads
   * need more.
   */
  readonly settle?: () => Promise<void>;
  /** More wakes than these are no test but a livelock: `advance` and `until` reject. */
  readonly wakesMax?: number;
  /** Time goes on by itself to the next sleeper whenever a settled moment passes without a new sleeper. Until `stop`. */
  readonly auto?: boolean;
};

const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class FakeClock implements Clock {
  readonly #settle: () => Promise<void>;
  readonly #auto: boolean;
  readonly #wakesMax: number;
  #wakes = 0;
  #monotonicMs = 0;
  #wallMs: number;
  /** By the time when each is due, the last one first. */
  readonly #sleepers: Sleeper[] = [];
  #order = 0;
  #running = false;
  #stopped = false;

  constructor(options: FakeClockOptions = {}) {
    this.#wallMs = options.startMs ?? Date.UTC(2026, 10, 22, 10);
    this.#settle = options.settle ?? oneTurn;
    this.#auto = options.auto ?? false;
    this.#wakesMax = options.wakesMax ?? Number.POSITIVE_INFINITY;
  }

  /** Whole milliseconds, as of every machine. */
  now(): number {
    return Math.floor(this.#wallMs);
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** How often somebody was woken so far. */
  get wakes(): number {
    return this.#wakes;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper: Sleeper = { dueMs: this.#monotonicMs + Math.max(0, ms), wake };
      this.#order += 1;
      this.#sleepers.splice(this.#placeOf(sleeper.dueMs), 0, sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#auto && !this.#running) void this.#runByItself();
    });
  }

  /** The machine's clock is set; nobody who sleeps notices. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  /** Lets `ms` pass: each sleeper wakes at its time, and what it does is done before the next one wakes. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await this.#settle();
    for (let next = this.#first(); next !== null && next.dueMs <= endMs; next = this.#first()) {
      this.#wake(next);
      await this.#settle();
    }
    this.#moveTo(endMs);
  }

  /** Lets time pass from one sleeper to the next until it holds. Rejects when `limitMs` of virtual time were not enough. */
  async until(what: string, holds: () => boolean, limitMs = 600_000): Promise<void> {
    const endMs = this.#monotonicMs + limitMs;
    await this.#settle();
    while (!holds()) {
      const next = this.#first();
      if (next === null) throw new Error(`${what}: nobody sleeps, so nothing will happen any more`);
      if (next.dueMs > endMs) throw new Error(`${what}: not within ${limitMs} ms`);
      this.#wake(next);
      await this.#settle();
    }
  }

  /** The result of a promise that needs time to pass. */
  async run<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await this.until('a promise', () => settled, limitMs);
    return promise;
  }

  /** Ends automatic time, so that a test's process can end. */
  stop(): void {
    this.#stopped = true;
  }

  async #runByItself(): Promise<void> {
    this.#running = true;
    while (!this.#stopped && this.#sleepers.length > 0) {
      const known = this.#order;
      await this.#settle();
      const next = this.#first();
      if (next !== null && known === this.#order) this.#wake(next);
    }
    this.#running = false;
  }

  #first(): Sleeper | null {
    return this.#sleepers.at(-1) ?? null;
  }

  /** Before all that are due as early or earlier: who came first wakes first. */
  #placeOf(dueMs: number): number {
    let [low, high] = [0, this.#sleepers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sleepers[middle] as Sleeper).dueMs > dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #wake(sleeper: Sleeper): void {
    if (++this.#wakes > this.#wakesMax)
      throw new Error(`livelock: ${this.#wakes} wakes, and it is ${this.#monotonicMs}`);
    this.#sleepers.pop();
    this.#moveTo(sleeper.dueMs);
    sleeper.wake();
  }

  #moveTo(monotonicMs: number): void {
    const passedMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += passedMs;
    this.#wallMs += passedMs;
  }
}
