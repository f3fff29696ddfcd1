// How many milliseconds is `5m`, how long is a retention of `1y`, and how many bytes are `16MiB`?
import type { Period } from '../base/period.ts';

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const MONTHS: Readonly<Record<string, number>> = { mo: 1, y: 12 };
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
};

/** A unit is required: with a bare number it is easy to be wrong by a factor of a thousand. */
export const DURATION_PATTERN = /^[0-9]{1,9}(?:ms|s|m|h|d|w)$/;
/** Years and months follow the calendar. No minutes: who writes `12m` here means months. */
export const PERIOD_PATTERN = /^[0-9]{1,9}(?:s|h|d|w|mo|y)$/;
export const SIZE_PATTERN = /^[0-9]{1,12}(?:B|KiB|MiB|GiB|kB|MB|GB)$/;

const scaled = (text: string, units: Readonly<Record<string, number>>): number => {
  const unit = text.replace(/^[0-9]+/, '');
  return Number.parseInt(text, 10) * (units[unit] as number);
};

/** Milliseconds of text that matches DURATION_PATTERN. */
export const durationMs = (text: string): number => scaled(text, MS);

/** The period of text that matches PERIOD_PATTERN. */
export function periodOf(text: string): Period {
  const months = MONTHS[text.replace(/^[0-9]+/, '')];
  return months === undefined
    ? { months: 0, ms: scaled(text, MS) }
    : { months: Number.parseInt(text, 10) * months, ms: 0 };
}

/** Bytes of text that matches SIZE_PATTERN. */
export const sizeBytes = (text: string): number => scaled(text, BYTES);
