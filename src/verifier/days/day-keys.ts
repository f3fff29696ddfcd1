// Under which keys does the verifier say what ran on a day? (FORMAT.md 9.10)
import { assert } from '../../base/assert.ts';
import { isDay, timeText } from '../../format/time.ts';

export const DAY_MS = 86_400_000;
export const daysRoot = 'passes/days/';

export type TallyKey = { readonly date: string; readonly process: string; readonly part: number };
/** `copy`: 0, or 1 to 9: it was written beside something else that lay at the key. */
export type DayKey = { readonly date: string; readonly copy: number };

/** The UTC day of that moment, `2026-11-30`. */
export const dateOf = (ms: number): string => timeText(ms).slice(0, 10);
/** The first moment of that day. */
export const dayStartMs = (date: string): number => Date.parse(`${date}T00:00:00.000Z`);

/** A day's record and its tallies. In key order the record comes first. */
export const dayPrefix = (date: string): string => `${daysRoot}${date}`;

export const dayKey = ({ date, copy }: DayKey): string =>
  `${daysRoot}${date}${copy === 0 ? '' : `.${copy}`}.note`;

export function tallyKey({ date, process, part }: TallyKey): string {
  assert(part >= 0 && part <= 999_999, `part ${part} of a tally`);
  return `${daysRoot}${date}/${process}-${String(part).padStart(6, '0')}.note`;
}

export function parseDayKey(key: string): DayKey | null {
  const [, date = '', copy = '0'] = /^passes\/days\/(\d{4}-\d\d-\d\d)(?:\.([1-9]))?\.note$/.exec(key) ?? [];
  return isDay(date) ? { date, copy: Number(copy) } : null;
}

export function parseTallyKey(key: string): TallyKey | null {
  const match = /^passes\/days\/(\d{4}-\d\d-\d\d)\/([0-9a-f]{16})-(\d{6})\.note$/.exec(key);
  const [, date = '', process = '', part = ''] = match ?? [];
  return isDay(date) ? { date, process, part: Number(part) } : null;
}
