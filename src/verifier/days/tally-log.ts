// How does what this process ran get into its bucket, and not twice?
import { randomBytes } from 'node:crypto';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { type OwnBucket, putNote, readNote } from '../own-bucket.ts';
import { type EndedRun, withRun } from './counts.ts';
import { dateOf, tallyKey } from './day-keys.ts';
import { encodeTally, type RunTally, TALLY_BYTES_MAX } from './day-notes.ts';

export type TallyLogOptions = OwnBucket & {
  readonly log: Logger;
  /** A tally is written once its first run ended so long ago. 0: after each run of a task. */
  readonly keepMs: number;
  /** 16 hex digits. Default: drawn at random, so that no two processes share a key. */
  readonly process?: string;
};

/** Tallies that wait for a bucket which can't be written to. Older ones are given up, and said to be. */
const WAITING_MAX = 100;

export class TallyLog {
  readonly #options: TallyLogOptions;
  readonly #process: string;
  #part = 0;
  #open: RunTally | null = null;
  /** Complete: what may be in the bucket already is never added to. */
  readonly #waiting: RunTally[] = [];

  constructor(options: TallyLogOptions) {
    this.#options = options;
    this.#process = options.process ?? randomBytes(8).toString('hex');
  }

  /** `attested`: attestations that were written. A run without a task counts only those. */
  add(runs: readonly EndedRun[], attested: number): void {
    const nowMs = this.#options.clock.now();
    if (runs.length === 0 && attested === 0) return;
    this.#addTo(dateOf(nowMs), nowMs, attested, []);
    for (const run of runs) this.#addTo(dateOf(run.endedMs), run.startedMs, 0, [run]);
  }

  #addTo(date: string, fromMs: number, attested: number, runs: readonly EndedRun[]): void {
    if (this.#open !== null && this.#open.date !== date) this.#close();
    const toMs = runs.at(-1)?.endedMs ?? fromMs;
    const before = this.#open ?? {
      ...{ date, process: this.#process, part: this.#part++, fromMs, toMs, kinds: {}, attested: 0 },
    };
    this.#open = {
      ...before,
      fromMs: Math.min(before.fromMs, fromMs),
      toMs: Math.max(before.toMs, toMs),
      kinds: runs.reduce(withRun, before.kinds),
      attested: before.attested + attested,
    };
  }

  #close(): void {
    if (this.#open === null) return;
    this.#waiting.push(this.#open);
    this.#open = null;
    if (this.#waiting.length <= WAITING_MAX) return;
    const [lost] = this.#waiting.splice(0, 1);
    this.#options.log.error({ date: lost?.date }, 'what ran on that day could not be kept, and is given up');
  }

  /** Writes what is due; all of it if `isLast`. True: nothing waits. Never rejects because of the bucket. */
  async write(hasTasks: boolean, isLast: boolean, signal?: AbortSignal): Promise<boolean> {
    const { clock, keepMs, log } = this.#options;
    const open = this.#open;
    const nowMs = clock.now();
    const isDue = open !== null && (nowMs - open.fromMs >= keepMs || open.date !== dateOf(nowMs));
    if (isLast || (isDue && (hasTasks || keepMs > 0))) this.#close();
    for (;;) {
      const [tally] = this.#waiting;
      if (tally === undefined) return true;
      try {
        await this.#put(tally, signal);
      } catch (error) {
        log.warn({ date: tally.date }, `what ran could not be kept, and is tried again: ${messageOf(error)}`);
        return false;
      }
      // Another call may have written it meanwhile.
      const at = this.#waiting.indexOf(tally);
      if (at >= 0) this.#waiting.splice(at, 1);
    }
  }

  /** `exists` is this very tally, whose answer was lost, or something else that somebody laid there. */
  async #put(tally: RunTally, signal?: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const key = tallyKey(tally);
    const content = encodeTally(tally);
    const { kind } = await putNote(this.#options, key, content, signal);
    if (kind === 'stored') return;
    const version = await oldestVersion(this.#options.store, key, signal);
    if (version === null) return;
    try {
      await readNote(this.#options.store, this.#options.signing, version, TALLY_BYTES_MAX, signal);
    } catch (error) {
      signal?.throwIfAborted();
      log.error({ key }, `something else lies where this verifier says what ran: ${messageOf(error)}`);
      // Under the next number: nobody can know which process writes how much.
      const again = { ...tally, part: this.#part++ };
      const at = this.#waiting.indexOf(tally);
      if (at >= 0) this.#waiting.splice(at, 1, again);
      await this.#put(again, signal);
    }
  }
}
