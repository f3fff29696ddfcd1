// How much may all zstd frames that are being opened refer back to, on all threads of this process together?
import { setTimeout as sleep } from 'node:timers/promises';
import { MIB } from '../../../base/limits.ts';

/** As much as one frame may, in Kafka too. */
const WINDOWS_MIB = 128;

/** Indexes of the shared numbers. */
const FREE_MIB = 0;
const NEXT_TICKET = 1;
const SERVING = 2;

const LOOK_EVERY_MS = 5;

/** A semaphore that threads share: first come, first served. Nobody waits for it, as a rule. */
export class SharedWindows {
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  /** `shared`: of the first one, for another thread. */
  constructor(shared?: SharedArrayBuffer) {
    this.#numbers = new Int32Array(shared ?? new SharedArrayBuffer(12));
    if (shared === undefined) this.#numbers[FREE_MIB] = WINDOWS_MIB;
  }

  get shared(): SharedArrayBuffer {
    return this.#numbers.buffer;
  }

  /**
   * Waits for so many bytes; more than there are in all takes them all. Call the result once to give them
   * back. Rejects with the signal's reason when it aborts while waiting.
   */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    const numbers = this.#numbers;
    const units = Math.min(Math.ceil(bytes / MIB), WINDOWS_MIB);
    const ticket = Atomics.add(numbers, NEXT_TICKET, 1);
    // Who gives up waits for the turn all the same, so that the next ones get theirs.
    const isTurn = () => Atomics.load(numbers, SERVING) === ticket;
    const isFree = () => Atomics.load(numbers, FREE_MIB) >= units;
    while (!isTurn() || !(signal.aborted || isFree())) await sleep(LOOK_EVERY_MS);
    if (!signal.aborted) Atomics.sub(numbers, FREE_MIB, units);
    Atomics.add(numbers, SERVING, 1);
    signal.throwIfAborted();
    return () => void Atomics.add(numbers, FREE_MIB, units);
  }
}

let windows = new SharedWindows();

/** Those of this thread. */
export const ownWindows = (): SharedWindows => windows;

/** From now on this thread shares the windows of another one. */
export function shareWindows(shared: SharedArrayBuffer): void {
  windows = new SharedWindows(shared);
}
