// Is there one spelling for each time?
import { describe, expect, it } from 'vitest';
import { parseTime, parseUntil, TIME_MS_MAX, timeText, untilText } from '../../../src/format/time.ts';

describe('times', () => {
  it('are UTC with milliseconds', () => {
    expect(timeText(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(timeText(TIME_MS_MAX)).toBe('9999-12-31T23:59:59.999Z');
    for (const ms of [0, 1, 1_795_000_000_000, TIME_MS_MAX]) expect(parseTime(timeText(ms))).toBe(ms);
  });

  it.each([-1, 0.5, TIME_MS_MAX + 1, Number.NaN, Number.POSITIVE_INFINITY])('are not %s', (ms) => {
    expect(() => timeText(ms)).toThrowErrorMatchingSnapshot();
  });

  it.each([
    '',
    '2026',
    '2026-11-22',
    '2026-11-22T10:00:00Z',
    '2026-11-22T10:00:00.000',
    '2026-11-22t10:00:00.000z',
    '2026-11-22T10:00:00.000Z ',
    '2026-11-22T24:00:00.000Z',
    '-000001-01-01T00:00:00.000Z',
  ])('are not spelled %j', (text) => {
    expect(() => parseTime(text)).toThrowErrorMatchingSnapshot();
  });
});

it('a text that is no time is shown by its first 40 characters', () => {
  const text = '0123456789'.repeat(5);
  for (const parse of [parseTime, parseUntil]) {
    expect(() => parse(text)).toThrow(`not a time: "${text.slice(0, 40)}"`);
  }
});

describe('ends of locks', () => {
  it('are whole seconds, rounded up', () => {
    expect(untilText(1_795_000_000_000)).toBe('2026-11-18T11:06:40Z');
    expect(untilText(1_795_000_000_001)).toBe('2026-11-18T11:06:41Z');
    expect(untilText(1_795_000_000_999.5)).toBe('2026-11-18T11:06:41Z');
    expect(parseUntil('2026-11-18T11:06:41Z')).toBe(1_795_000_001_000);
  });

  it('are not beyond the year 9999', () => {
    expect(() => untilText(TIME_MS_MAX)).toThrowErrorMatchingSnapshot();
  });

  it.each(['2026-11-18T11:06:41.000Z', '2026-11-18T11:06:41', '2026-11-18T11:06Z', '2026-11-18', ''])(
    'are not spelled %j',
    (text) => {
      expect(() => parseUntil(text)).toThrowErrorMatchingSnapshot();
    },
  );
});
