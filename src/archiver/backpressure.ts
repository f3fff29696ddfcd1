// When does fetching wait? While too much is held over all partitions, or encoding is too far behind.
import type { Clock } from '../base/clock.ts';
import type { MemoryLedger } from './memory.ts';
import type { PartitionActor } from './partition.ts';

/** Fetching goes on once what is held is down to this part of the limit. */
const RESUME_AT = 0.7;
/** From this part of the limit on the largest batch is sealed before it is full: fetching need not wait. */
const SEAL_EARLY_AT = 0.6;
/** Handed to encoding and not yet encoded: beyond this the next fetch waits, until there is less. */
const QUEUED_BYTES_MAX = 16 * 1024 * 1024;
const READY_WAIT_MS_MAX = 250;

export type BackpressureOptions = {
  readonly memory: MemoryLedger;
  readonly limitBytes: number;
  readonly clock: Clock;
  /** Those that are ours now. */
  readonly actors: () => Iterable<PartitionActor>;
};

export class Backpressure {
  readonly #options: BackpressureOptions;
  #isPaused = false;
  #isStopped = false;
  #whenEncoded: (() => void)[] = [];

  constructor(options: BackpressureOptions) {
    this.#options = options;
    options.memory.onEncoded(() => this.#encoded());
  }

  /** Fetching waits until batches are sealed. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Asked before a fetch is delivered: null, or a promise that resolves once encoding has caught up. */
  ready(): Promise<void> | null {
    const { memory, clock } = this.#options;
    if (memory.queuedBytes <= QUEUED_BYTES_MAX) return null;
    return new Promise((resolve) => {
      const done = new AbortController();
      this.#whenEncoded.push(() => {
        done.abort();
        resolve();
      });
      clock.sleep(READY_WAIT_MS_MAX, done.signal).then(resolve, () => {});
    });
  }

  /**
   * After each fetch: beyond the limit all partitions pause, and the largest batch is sealed. Many partitions
   * whose segments fill slowly would do little else, so the largest is sealed in good time.
   */
  bound(): void {
    const { memory, limitBytes, actors } = this.#options;
    const isMuch = memory.unsealedBytes > limitBytes * SEAL_EARLY_AT;
    if (isMuch) this.#largest((one) => one.canSealEarly)?.makeRoom();
    if (memory.heldBytes <= limitBytes) return;
    if (!this.#isPaused) {
      this.#isPaused = true;
      for (const actor of actors()) actor.pause();
    }
    this.#sealLargest();
  }

  /** Called often. */
  tick(): void {
    this.#resumeIfRoom();
    if (this.#isPaused && !this.#hasRoom()) this.#sealLargest();
  }

  /** The archiver stops: what is paused stays so. */
  stop(): void {
    this.#isStopped = true;
  }

  #encoded(): void {
    if (this.#options.memory.queuedBytes <= QUEUED_BYTES_MAX) {
      for (const wake of this.#whenEncoded.splice(0)) wake();
    }
    this.#resumeIfRoom();
  }

  #resumeIfRoom(): void {
    if (!this.#isPaused || this.#isStopped || !this.#hasRoom()) return;
    this.#isPaused = false;
    for (const actor of this.#options.actors()) actor.resume();
  }

  #hasRoom(): boolean {
    const { memory, limitBytes } = this.#options;
    return memory.heldBytes <= limitBytes * RESUME_AT;
  }

  #sealLargest(): void {
    this.#largest(() => true)?.makeRoom();
  }

  #largest(isOffered: (actor: PartitionActor) => boolean): PartitionActor | null {
    const { memory, actors } = this.#options;
    let largest: PartitionActor | null = null;
    for (const actor of actors()) {
      if (!isOffered(actor)) continue;
      if (largest === null || memory.heldFor(actor.id) > memory.heldFor(largest.id)) largest = actor;
    }
    return largest;
  }
}
