// Do years and months end on the calendar's day, and never early?
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterPeriod, isAtLeast, spanOf } from '../../../src/base/period.ts';
import { PERIOD_PATTERN, periodOf } from '../../../src/config/units.ts';

const DAY_MS = 86_400_000;
const ends = (from: string, period: string): string =>
  new Date(afterPeriod(Date.parse(from), periodOf(period))).toISOString();

describe('a period ends', () => {
  test.each([
    ['2026-11-22T10:01:00.123Z', '1y', '2027-11-22T10:01:00.123Z'],
    // Twelve months that have a 29 February in them are 366 days.
    ['2027-03-01T00:00:00.000Z', '1y', '2028-03-01T00:00:00.000Z'],
    ['2027-11-22T10:00:00.000Z', '12mo', '2028-11-22T10:00:00.000Z'],
    // Six calendar years, and not 2,190 days.
    ['2026-11-22T10:00:00.000Z', '6y', '2032-11-22T10:00:00.000Z'],
    // Rounded up where the month has no such day.
    ['2028-02-29T10:00:00.000Z', '1y', '2029-03-01T00:00:00.000Z'],
    ['2028-02-29T10:00:00.000Z', '4y', '2032-02-29T10:00:00.000Z'],
    ['2026-01-31T23:00:00.000Z', '1mo', '2026-03-01T00:00:00.000Z'],
    ['2026-10-31T23:00:00.000Z', '1mo', '2026-12-01T00:00:00.000Z'],
    ['2099-12-31T10:00:00.000Z', '2mo', '2100-03-01T00:00:00.000Z'],
    // Days are exact.
    ['2027-03-01T00:00:00.000Z', '365d', '2028-02-29T00:00:00.000Z'],
    ['2026-11-22T10:00:00.000Z', '2w', '2026-12-06T10:00:00.000Z'],
  ])('%s and %s: %s', (from, period, until) => expect(ends(from, period)).toBe(until));

  test('no earlier than one that began before it', () => {
    const times = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2110, 0) });
    const months = fc.integer({ min: 1, max: 1200 });
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 40 * DAY_MS }), months, (fromMs, laterMs, count) => {
        const period = { months: count, ms: 0 };
        return afterPeriod(fromMs + laterMs, period) >= afterPeriod(fromMs, period);
      }),
    );
  });

  test('within its span', () => {
    const times = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2110, 0) });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 36 }), (fromMs, months) => {
        const { leastMs, greatestMs } = spanOf({ months, ms: 0 });
        const spanMs = afterPeriod(fromMs, { months, ms: 0 }) - fromMs;
        return spanMs >= leastMs && spanMs <= greatestMs;
      }),
    );
  });
});

test('a year has 365 or 366 days, a month 28 to 31', () => {
  expect(spanOf(periodOf('1y'))).toEqual({ leastMs: 365 * DAY_MS, greatestMs: 366 * DAY_MS });
  expect(spanOf(periodOf('1mo'))).toEqual({ leastMs: 28 * DAY_MS, greatestMs: 31 * DAY_MS });
  expect(spanOf(periodOf('6y'))).toEqual({ leastMs: 2190 * DAY_MS, greatestMs: 2192 * DAY_MS });
  expect(spanOf(periodOf('90d'))).toEqual({ leastMs: 90 * DAY_MS, greatestMs: 90 * DAY_MS });
});

test.each([
  ['1y', '12mo', true],
  ['1y', '365d', true],
  ['365d', '1y', false],
  ['366d', '1y', true],
  ['1y', '366d', false],
  ['11mo', '1y', false],
])('%s is at least %s: %s', (one, other, is) => expect(isAtLeast(periodOf(one), periodOf(other))).toBe(is));

test('a period has no minutes, since 12m would be taken for months', () => {
  expect(['12m', '500ms', '1.5y', '1', 'y'].filter((text) => PERIOD_PATTERN.test(text))).toEqual([]);
  expect(['1s', '1h', '90d', '2w', '12mo', '7y'].every((text) => PERIOD_PATTERN.test(text))).toBe(true);
});
