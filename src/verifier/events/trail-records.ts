// What do CloudTrail's files tell, each once: by their events, and those whose event was lost?
import type { Clock } from '../../base/clock.ts';
import { FormatError } from '../../base/error.ts';
import type { StoreReader } from '../../store/store.ts';
import type { TrailFileReader } from '../verifier.ts';
import { attemptsIn } from './cloudtrail.ts';
import { isTrailFileKey, readTrailFile, type TrailHome } from './trail-files.ts';

const DAY_MS = 86_400_000;
/** A file that was delivered earlier is not looked for any more. So each has some tries. */
const LOOKED_BACK_MS = 6 * 3_600_000;
/** Its event is still under way. */
const EVENT_MS = 10 * 60_000;

export class TrailRecords implements TrailFileReader {
  readonly #store: StoreReader;
  readonly #homes: readonly TrailHome[];
  readonly #clock: Clock;
  /** Files of the last hours that this process has read or can't read, and when. */
  readonly #done = new Map<string, number>();

  constructor(store: StoreReader, homes: readonly TrailHome[], clock: Clock) {
    this.#store = store;
    this.#homes = homes;
    this.#clock = clock;
  }

  /**
   * Reports the attempts of one file. Rejects if it can't be read, and with FormatError if a part of it is no
   * record: what it tells of is unknown then.
   */
  async report(
    key: string,
    { watched, findings: sink, log }: Parameters<TrailFileReader['report']>[1],
    signal?: AbortSignal,
  ): Promise<void> {
    if (watched === null) return;
    const options = { check: 'access', complete: false, ...(signal && { signal }) } as const;
    try {
      const { days, malformed, foreign } = attemptsIn(await readTrailFile(this.#store, key, signal), watched);
      log.debug({ key, malformed, foreign }, 'a file of the trail was read');
      for (const { scope, findings } of days) await sink.report(scope, findings, options);
      if (malformed > 0) throw new FormatError(`${key}: ${malformed} of its records could not be read`);
      this.#done.set(key, this.#clock.now());
    } catch (error) {
      if (error instanceof FormatError) this.#done.set(key, this.#clock.now());
      throw error;
    }
  }

  /** Files of the last six hours that this process has not read, by Region and time. */
  async *unread(signal?: AbortSignal): AsyncGenerator<string> {
    const nowMs = this.#clock.now();
    const fromMs = nowMs - LOOKED_BACK_MS;
    for (const [key, atMs] of this.#done) if (atMs < fromMs - DAY_MS) this.#done.delete(key);
    const days = new Set([fromMs, nowMs].map((ms) => new Date(ms).toISOString().slice(0, 10)));
    for (const account of new Set(this.#homes.map((home) => home.account))) {
      for await (const region of this.#store.listPrefixes(`AWSLogs/${account}/CloudTrail/`, signal)) {
        for (const day of days) {
          const prefix = `${region}${day.replaceAll('-', '/')}/`;
          for await (const { key, marker, lastModifiedMs } of this.#store.listVersions(
            prefix,
            signal && { signal },
          )) {
            const isMeant = lastModifiedMs >= fromMs && lastModifiedMs <= nowMs - EVENT_MS;
            if (!marker && isMeant && isTrailFileKey(key) && !this.#done.has(key)) yield key;
          }
        }
      }
    }
  }
}
