// What do CloudTrail's files tell, each once: by their events, and those whose event was lost?
import type { Clock } from '../../base/clock.ts';
import { FormatError } from '../../base/error.ts';
import type { StoreReader } from '../../store/store.ts';
import type { TrailFileReader } from '../verifier.ts';
import { attemptsIn } from './cloudtrail.ts';
import { accountFolders, isTrailFileKey, readTrailFile, type TrailHome } from './trail-files.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Files that were delivered earlier are left to the long look. So each has some tries. */
const SHORT_MS = 6 * HOUR_MS;
/** Once a day: a verifier that stood still for less has then read every file. */
const LONG_MS = 7 * DAY_MS;
/** When it is due also in a process that has just started, in hours of UTC. A Lambda has no memory. */
const LONG_HOUR = 3;
/** Its event is still under way. */
const EVENT_MS = 10 * 60_000;

export class TrailRecords implements TrailFileReader {
  readonly #store: StoreReader;
  readonly #homes: readonly TrailHome[];
  readonly #clock: Clock;
  readonly #shortMs: number;
  /** Files that this process has read or can't read, and when. */
  readonly #done = new Map<string, number>();
  /** When this process looked first, and when it last looked long. */
  #startedMs: number | null = null;
  #longMs: number | null = null;

  /** `everyMs`: how often `unread` is asked. */
  constructor(store: StoreReader, homes: readonly TrailHome[], clock: Clock, everyMs: number) {
    this.#store = store;
    this.#homes = homes;
    this.#clock = clock;
    this.#shortMs = Math.min(LONG_MS, Math.max(SHORT_MS, 2 * everyMs));
  }

  /**
   * Reports the attempts of one file. Rejects if it can't be read, and with FormatError if a part of it is no
   * record: what it tells of is unknown then.
   */
  async report(
    key: string,
    { watched, watchedNow, findings: sink, log }: Parameters<TrailFileReader['report']>[1],
    signal?: AbortSignal,
  ): Promise<void> {
    if (watched === null) return;
    const options = { check: 'access', complete: false, ...(signal && { signal }) } as const;
    try {
      const now = (await watchedNow?.(signal)) ?? watched;
      const { days, malformed, foreign } = attemptsIn(await readTrailFile(this.#store, key, signal), now);
      log.debug({ key, malformed, foreign }, 'a file of the trail was read');
      for (const { scope, findings } of days) await sink.report(scope, findings, options);
      if (malformed > 0) throw new FormatError(`${key}: ${malformed} of its records could not be read`);
      this.#done.set(key, this.#clock.now());
    } catch (error) {
      if (error instanceof FormatError) this.#done.set(key, this.#clock.now());
      throw error;
    }
  }

  /**
   * Files that this process has not read, by Region and time: of the last hours, and once a day of the last
   * seven days.
   */
  async *unread(signal?: AbortSignal): AsyncGenerator<string> {
    const nowMs = this.#clock.now();
    const fromMs = nowMs - (this.#isLongDue(nowMs) ? LONG_MS : this.#shortMs);
    for (const [key, atMs] of this.#done) if (atMs < nowMs - LONG_MS - DAY_MS) this.#done.delete(key);
    const days: string[] = [];
    for (let ms = fromMs; ms < nowMs + DAY_MS; ms += DAY_MS) {
      days.push(new Date(Math.min(ms, nowMs)).toISOString().slice(0, 10).replaceAll('-', '/'));
    }
    for (const account of new Set(this.#homes.map((home) => home.account))) {
      for await (const folder of accountFolders(this.#store, account, signal)) {
        for await (const region of this.#store.listPrefixes(`${folder}CloudTrail/`, signal)) {
          for (const day of new Set(days)) yield* this.#unreadOf(`${region}${day}/`, fromMs, nowMs, signal);
        }
      }
    }
  }

  async *#unreadOf(
    prefix: string,
    fromMs: number,
    nowMs: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string> {
    const listed = this.#store.listVersions(prefix, signal && { signal });
    for await (const { key, marker, lastModifiedMs } of listed) {
      const isMeant = lastModifiedMs >= fromMs && lastModifiedMs <= nowMs - EVENT_MS;
      if (!marker && isMeant && isTrailFileKey(key) && !this.#done.has(key)) yield key;
    }
  }

  /** Once a day in a process that lives, and at one hour of the day in one that has just started. */
  #isLongDue(nowMs: number): boolean {
    this.#startedMs ??= nowMs;
    const isItsHour = new Date(nowMs).getUTCHours() === LONG_HOUR;
    const sinceMs = nowMs - (this.#longMs ?? this.#startedMs);
    const isLong = sinceMs >= DAY_MS || (isItsHour && (this.#longMs === null || sinceMs >= DAY_MS / 2));
    if (isLong) this.#longMs = nowMs;
    return isLong;
  }
}
