// How do keys/ and FORMAT stay locked as long as the newest seals, in a process that runs for years?
import type { Clock } from '../base/clock.ts';
import type { Period } from '../base/period.ts';
import { backoffMs } from '../base/retry.ts';
import { encodeVkey, type VerifierKey } from '../format/vkey.ts';
import { requireRightClock } from '../sealing/clock-check.ts';
import { publishArchiveFiles } from '../sealing/publish.ts';
import type { Lock, Store } from '../store/store.ts';

export type PublishedFilesOptions = {
  readonly store: Store;
  /** The archive's own. `add` gives it more. */
  readonly keys: readonly VerifierKey[];
  /** Of seals. */
  readonly retention: { readonly mode: Lock['mode']; readonly period: Period };
  readonly clock: Clock;
  readonly random: () => number;
  /** Called for each try that failed. */
  readonly onTrouble: (error: unknown) => void;
};

/** Their locks end at most this much before those of the newest seals. */
const EVERY_MS = 86_400_000;
const BACKOFF = { firstMs: 1_000, capMs: 10 * 60_000, attempts: Number.POSITIVE_INFINITY };

/** Published at the start, and looked at again each day: is it there, and its lock long enough? */
export class PublishedFiles {
  readonly #options: PublishedFilesOptions;
  #keys: readonly VerifierKey[];
  #isBegun = false;
  #trouble: { readonly error: unknown; readonly sinceMs: number } | null = null;

  constructor(options: PublishedFilesOptions) {
    this.#options = options;
    this.#keys = options.keys;
  }

  /** Why the last look failed, and since when; it is tried again. Null: it went through. */
  get trouble(): { readonly error: unknown; readonly sinceMs: number } | null {
    return this.#trouble;
  }

  /** Once, now. Throws what the store says, `lock-missing` where it takes a lock and forgets it. */
  async publish(signal?: AbortSignal): Promise<void> {
    await this.#publish(this.#keys, signal);
    this.#isBegun = true;
  }

  /** A key more: before the first `publish` with that, afterwards at once. Throws what `publish` throws. */
  async add(key: VerifierKey, signal?: AbortSignal): Promise<void> {
    const vkey = encodeVkey(key);
    if (this.#keys.some((one) => encodeVkey(one) === vkey)) return;
    if (this.#isBegun) await this.#publish([key], signal);
    this.#keys = [...this.#keys, key];
  }

  async #publish(keys: readonly VerifierKey[], signal?: AbortSignal): Promise<void> {
    const { store, retention, clock } = this.#options;
    await requireRightClock({ store, clock }, signal);
    await publishArchiveFiles(store, keys, retention, clock, signal);
  }

  /** Until the signal aborts. Never rejects: sealing goes on meanwhile. */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock, random, onTrouble } = this.#options;
    const rest = (ms: number) => clock.sleep(ms, signal).catch(() => {});
    await rest(EVERY_MS);
    for (let failed = 0; !signal.aborted; ) {
      try {
        await this.publish(signal);
        this.#trouble = null;
        failed = 0;
        await rest(EVERY_MS);
      } catch (error) {
        if (signal.aborted) return;
        this.#trouble = { error, sinceMs: this.#trouble?.sinceMs ?? clock.now() };
        onTrouble(error);
        await rest(backoffMs(BACKOFF, failed++, random));
      }
    }
  }
}
