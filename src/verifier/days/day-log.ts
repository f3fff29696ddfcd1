// Who writes the record of a day, when, and what if the process was down, or another one is faster?
import { FormatError, messageOf } from '../../base/error.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import type { CheckedNotes } from '../findings/checked-notes.ts';
import { type OwnBucket, putNote, readNote } from '../own-bucket.ts';
import type { NoteKeys } from '../signed-notes.ts';
import { added, type EndedRun, overDay, RUN_KINDS } from './counts.ts';
import {
  DAY_MS,
  dateOf,
  dayKey,
  dayPrefix,
  dayStartMs,
  daysRoot,
  parseDayKey,
  parseTallyKey,
} from './day-keys.ts';
import {
  DAY_BYTES_MAX,
  type DayRecord,
  encodeDay,
  parseDay,
  parseTally,
  type RunTally,
  TALLY_BYTES_MAX,
} from './day-notes.ts';
import { findingsOfDay } from './findings-of-day.ts';
import { TallyLog, type TallyLogOptions } from './tally-log.ts';

/** After the end of a day, so that other processes have written what they ran on it. */
export const GRACE_MS = 30 * 60_000;
/** A day that is older gets no record any more. */
const DAYS_BACK = 31;
/** After a failure. */
const AGAIN_MS = 10 * 60_000;
const COPY_MAX = 9;

export type DayLogOptions = TallyLogOptions & { readonly checked: Pick<CheckedNotes, 'check'> };

/** A record that lies in the bucket. */
export type FoundDay = { readonly record: DayRecord; readonly key: string; readonly storedMs: number };

export class DayLog {
  readonly #options: DayLogOptions;
  readonly #tallies: TallyLog;
  /** Up to this day all that can have a record has one. */
  #doneBefore = '';
  #againMs = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(options: DayLogOptions) {
    this.#options = options;
    this.#tallies = new TallyLog(options);
  }

  /**
   * After each run. Never rejects: what could not be written is written after another run, and a day whose
   * record nobody wrote shows as such.
   */
  ran(runs: readonly EndedRun[], attested: number, signal?: AbortSignal): Promise<void> {
    this.#tallies.add(runs, attested);
    return this.#inTurn(runs.length > 0, false, signal);
  }

  /** Before the process ends. */
  stop(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(true, true, signal);
  }

  /** Runs side by side write one after another. */
  #inTurn(hasTasks: boolean, isLast: boolean, signal?: AbortSignal): Promise<void> {
    this.#working = this.#working.then(async () => {
      try {
        const isWritten = await this.#tallies.write(hasTasks, isLast, signal);
        // What this process ran on the day before must not be missing in its record.
        if (isWritten && !isLast) await this.#closeDays(signal);
      } catch (error) {
        this.#options.log.warn({}, `what ran could not be kept: ${messageOf(error)}`);
      }
    });
    return this.#working;
  }

  async #closeDays(signal?: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    const open = dateOf(nowMs - GRACE_MS);
    if (open === this.#doneBefore || nowMs < this.#againMs) return;
    this.#againMs = nowMs + AGAIN_MS;
    try {
      for (let back = DAYS_BACK; back > 0; back--) {
        await this.#closeDay(dateOf(dayStartMs(open) - back * DAY_MS), signal);
      }
      this.#doneBefore = open;
      this.#againMs = 0;
    } catch (error) {
      log.warn({}, `the record of a day could not be written, and is tried again: ${messageOf(error)}`);
    }
  }

  async #closeDay(date: string, signal?: AbortSignal): Promise<void> {
    const { store, signing, clock, log, checked } = this.#options;
    const found = await listDay(this.#options, date, signal);
    if (found.day !== null || found.tallies.length + found.omitted === 0) return;
    const tallies = found.tallies;
    if (tallies.length === 0) return;
    const kinds = Object.fromEntries(
      RUN_KINDS.flatMap((kind) => {
        const some = tallies.flatMap((tally) => tally.kinds[kind] ?? []);
        const startMs = dayStartMs(date);
        return some.length === 0 ? [] : [[kind, overDay(added(some), startMs, startMs + DAY_MS)]];
      }),
    );
    const content = encodeDay({
      ...{ date, atMs: clock.now(), tallies: tallies.length, omitted: found.omitted, kinds },
      attested: tallies.reduce((sum, { attested }) => sum + attested, 0),
      ...(await findingsOfDay(store, checked, date, signal)),
    });
    for (let copy = 0; copy <= COPY_MAX; copy++) {
      const key = dayKey({ date, copy });
      const { kind } = await putNote(this.#options, key, content, signal);
      // Another process was first, or an answer was lost: what lies there is a record, or nobody's.
      if (kind === 'stored' || (await readDay({ store, signing }, date, signal)) !== null) {
        if (kind === 'stored') log.info({ date, tallies: tallies.length }, 'record of a day written');
        return;
      }
    }
    log.error({ date }, 'something else lies where the record of that day belongs, and at its copies');
  }
}

type DayReading = {
  readonly store: Pick<OwnBucket['store'], 'listVersions' | 'read'>;
  readonly signing: NoteKeys;
};

/** The first one that is a note of this verifier, or null. Rejects if the bucket can't be read. */
export async function readDay(
  { store, signing }: DayReading,
  date: string,
  signal?: AbortSignal,
): Promise<FoundDay | null> {
  const { day } = await listDay({ store, signing }, date, signal, false);
  return day;
}

/** What lies there of a day. Once a record was found, its tallies are not read. */
export async function listDay(
  { store, signing }: DayReading,
  date: string,
  signal?: AbortSignal,
  withTallies = true,
): Promise<{
  readonly day: FoundDay | null;
  readonly tallies: readonly RunTally[];
  readonly omitted: number;
}> {
  const tallies: RunTally[] = [];
  let omitted = 0;
  const options = signal === undefined ? {} : { signal };
  // In key order the record and its copies come before the tallies.
  for await (const version of oldestVersions(store.listVersions(dayPrefix(date), options))) {
    const { key, lastModifiedMs } = version;
    const [asDay, asTally] = [parseDayKey(key), parseTallyKey(key)];
    if (asDay?.date !== date && asTally?.date !== date) continue;
    if (asTally !== null && !withTallies) break;
    try {
      const bytes = await readNote(
        store,
        signing,
        version,
        asDay === null ? TALLY_BYTES_MAX : DAY_BYTES_MAX,
        signal,
      );
      if (asDay !== null)
        return { day: { record: parseDay(bytes, date), key, storedMs: lastModifiedMs }, tallies, omitted };
      if (asTally !== null) tallies.push(parseTally(bytes, asTally));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (asTally !== null) omitted++;
    }
  }
  return { day: null, tallies, omitted };
}

/** Days that are looked at for the first record. Somebody else may have laid any number of objects there. */
const FIRST_MAX = 1000;

/** Of the oldest record that lies there and is a note of this verifier. Null: none was found. */
export async function firstRecordedDate(reading: DayReading, signal?: AbortSignal): Promise<string | null> {
  const seen = new Set<string>();
  const options = signal === undefined ? {} : { signal };
  for await (const { key } of oldestVersions(reading.store.listVersions(daysRoot, options))) {
    const date = parseDayKey(key)?.date;
    if (date === undefined || seen.has(date)) continue;
    if ((await readDay(reading, date, signal)) !== null) return date;
    if (seen.add(date).size >= FIRST_MAX) break;
  }
  return null;
}
