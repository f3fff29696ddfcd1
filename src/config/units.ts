// How many milliseconds is `5m`, how long is a retention of `1y`, and how many bytes are `16MiB`?
export { PERIOD_PATTERN, periodOf } from '../base/period.ts';

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
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
export const SIZE_PATTERN = /^[0-9]{1,12}(?:B|KiB|MiB|GiB|kB|MB|GB)$/;

const scaled = (text: string, units: Readonly<Record<string, number>>): number => {
  const unit = text.replace(/^[0-9]+/, '');
  return Number.parseInt(text, 10) * (units[unit] as number);
};

/** Milliseconds of text that matches DURATION_PATTERN. */
export const durationMs = (text: string): number => scaled(text, MS);

/** Bytes of text that matches SIZE_PATTERN. */
export const sizeBytes = (text: string): number => scaled(text, BYTES);
