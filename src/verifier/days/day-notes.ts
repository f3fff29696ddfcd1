// What do a tally and a daily record hold? (FORMAT.md 9.10.2, 9.10.4)
import { z } from 'zod';
import { utf8 } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import { parseTime, timeText } from '../../format/time.ts';
import { parseNote } from '../own-bucket.ts';
import { type CountsByKind, KINDS_SCHEMA, kindsJson, kindsOf } from './counts.ts';
import { DAY_MS, dayStartMs, type TallyKey } from './day-keys.ts';

export type RunTally = TallyKey & {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kinds: CountsByKind;
  readonly attested: number;
};

export type DayRecord = {
  readonly date: string;
  readonly atMs: number;
  readonly tallies: number;
  /** Objects at keys of tallies that were none. */
  readonly omitted: number;
  readonly attested: number;
  readonly kinds: CountsByKind;
  readonly findings: { readonly opened: number; readonly closed: number };
  readonly drills: { readonly opened: number; readonly notified: number };
};

export const TALLY_BYTES_MAX = 16 * 1024;
export const DAY_BYTES_MAX = 64 * 1024;

const count = z.int().nonnegative();
const TALLY = z.object({
  ...{ format: z.literal('ledgerstone/tally/1'), date: z.string(), process: z.string(), part: count },
  ...{ from: z.string(), to: z.string(), kinds: KINDS_SCHEMA, attested: count },
});
const DAY = z.object({
  ...{
    format: z.literal('ledgerstone/day/1'),
    date: z.string(),
    at: z.string(),
    tallies: count,
    omitted: count,
  },
  ...{ attested: count, kinds: KINDS_SCHEMA, findings: z.object({ opened: count, closed: count }) },
  drills: z.object({ opened: count, notified: count }),
});

export function encodeTally({ date, process, part, fromMs, toMs, kinds, attested }: RunTally): Uint8Array {
  const members = {
    ...{ format: 'ledgerstone/tally/1', date, process, part, from: timeText(fromMs), to: timeText(toMs) },
    ...{ kinds: kindsJson(kinds), attested },
  };
  return utf8(`${JSON.stringify(members)}\n`);
}

/** Throws FormatError if it is not the tally of that key, or of runs of another day. */
export function parseTally(bytes: Uint8Array, key: TallyKey): RunTally {
  const { from, to, kinds, attested, ...read } = parseNote(TALLY, bytes, 'a tally');
  if (read.date !== key.date || read.process !== key.process || read.part !== key.part)
    throw new FormatError('not the tally of its key');
  const tally = { ...key, fromMs: parseTime(from), toMs: parseTime(to), kinds: kindsOf(kinds), attested };
  requireWithin(tally.kinds, key.date);
  return tally;
}

export function encodeDay({ date, atMs, kinds, ...counts }: DayRecord): Uint8Array {
  const { tallies, omitted, attested, findings, drills } = counts;
  const members = {
    ...{ format: 'ledgerstone/day/1', date, at: timeText(atMs), tallies, omitted, attested },
    ...{ kinds: kindsJson(kinds), findings, drills },
  };
  return utf8(`${JSON.stringify(members, null, 2)}\n`);
}

/** Throws FormatError if it is not the record of that day, or was written before the day was over. */
export function parseDay(bytes: Uint8Array, date: string): DayRecord {
  const { format: _, at, kinds, ...read } = parseNote(DAY, bytes, "a day's record");
  if (read.date !== date) throw new FormatError('not the record of its day');
  const record = { ...read, atMs: parseTime(at), kinds: kindsOf(kinds) };
  if (record.atMs < dayStartMs(date) + DAY_MS)
    throw new FormatError('a record from before the end of its day');
  requireWithin(record.kinds, date);
  return record;
}

/** Whole runs of a day end within it. */
function requireWithin(kinds: CountsByKind, date: string): void {
  const startMs = dayStartMs(date);
  for (const { firstMs, lastMs, whole, runs, failed } of Object.values(kinds)) {
    const isTimed = (firstMs === null) === (whole === 0) && (lastMs === null) === (whole === 0);
    const isWithin = (firstMs ?? startMs) >= startMs && (lastMs ?? startMs) < startMs + DAY_MS;
    const isOrdered = (firstMs ?? 0) <= (lastMs ?? 0) && whole + failed <= runs;
    if (!isTimed || !isWithin || !isOrdered)
      throw new FormatError('counts that contradict each other or their day');
  }
}
