// When does `1y` end? Years and months follow the calendar (UTC); every other unit is an exact time.

export type Period = { readonly months: number; readonly ms: number };

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
const UNIT_MONTHS: Readonly<Record<string, number>> = { mo: 1, y: 12 };

/** Years and months follow the calendar. No minutes: who writes `12m` here means months. */
export const PERIOD_PATTERN = /^[0-9]{1,9}(?:s|h|d|w|mo|y)$/;

/** The period of text that matches PERIOD_PATTERN. */
export function periodOf(text: string): Period {
  const number = Number.parseInt(text, 10);
  const unit = text.replace(/^[0-9]+/, '');
  return { months: number * (UNIT_MONTHS[unit] ?? 0), ms: number * (UNIT_MS[unit] ?? 0) };
}

/**
 * The same day and time so many months later. A month that has no such day is over then: 29 February and a
 * year is 1 March, 00:00. So it never ends early, and a later start never has an earlier end.
 */
export function afterPeriod(fromMs: number, { months, ms }: Period): number {
  if (months === 0) return fromMs + ms;
  const from = new Date(fromMs);
  const [year, month, day] = [from.getUTCFullYear(), from.getUTCMonth() + months, from.getUTCDate()];
  const isMissing = day > new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const timeOfDayMs = fromMs - Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), day);
  return ms + (isMissing ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, day) + timeOfDayMs);
}

type Span = { readonly leastMs: number; readonly greatestMs: number };
/** Walking over 400 years takes a millisecond, and a configuration asks often. */
const SPANS = new Map<string, Span>();
const SPANS_MAX = 256;

/** The shortest and the longest that it can be: a year has 365 or 366 days. */
export function spanOf(period: Period): Span {
  const name = `${period.months} ${period.ms}`;
  const known = SPANS.get(name);
  if (known !== undefined) return known;
  const span = walkedSpan(period);
  if (SPANS.size >= SPANS_MAX) SPANS.clear();
  SPANS.set(name, span);
  return span;
}

function walkedSpan(period: Period): Span {
  let [leastMs, greatestMs] = [Number.POSITIVE_INFINITY, 0];
  // Gregorian months repeat after 400 years. From the first of a month on it is whole months, and they are
  // both the shortest and the longest.
  for (let month = 0; month < (period.months === 0 ? 1 : 4800); month++) {
    const fromMs = Date.UTC(2000, month, 1);
    const spanMs = afterPeriod(fromMs, period) - fromMs;
    leastMs = Math.min(leastMs, spanMs);
    greatestMs = Math.max(greatestMs, spanMs);
  }
  return { leastMs, greatestMs };
}

/** True: whenever both begin at once, `period` ends no earlier than `other`. */
export const isAtLeast = (period: Period, other: Period): boolean =>
  period.ms === 0 && other.ms === 0
    ? period.months >= other.months
    : spanOf(period).leastMs >= spanOf(other).greatestMs;
