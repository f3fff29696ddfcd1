// Is a line only where something was measured?
import { describe, expect, it } from 'vitest';
import { DAY_PARTS, DayHistory } from '../../../src/apps/page/day-history.ts';
import { plotOf } from '../../../src/apps/page/plot.ts';

const PART_MS = 300_000;
const NOW_MS = Date.parse('2026-11-30T12:02:00.000Z');
const ago = (parts: number) => NOW_MS - parts * PART_MS;

describe('the history of a day', () => {
  it('has the greatest of each five minutes, and nothing where nothing was measured', () => {
    const history = new DayHistory();
    for (const value of [3, 9, 4]) history.note(value, ago(2));
    history.note(1, ago(0));
    for (const value of [null, Number.NaN, Number.POSITIVE_INFINITY]) history.note(value, ago(1));
    const { parts, last } = history.series(NOW_MS);
    expect(parts).toHaveLength(DAY_PARTS);
    expect(parts.slice(-4)).toEqual([null, 9, null, 1]);
    expect(last).toEqual({ value: 1, atMs: NOW_MS });
  });

  it('takes nothing that is older than a day for today', () => {
    const history = new DayHistory();
    history.note(5, ago(DAY_PARTS));
    history.note(6, ago(DAY_PARTS + 3));
    expect(history.series(NOW_MS).parts.every((value) => value === null)).toBe(true);
  });

  it('takes nothing of a future that a clock was set back from', () => {
    const history = new DayHistory();
    history.note(5, NOW_MS + DAY_PARTS * PART_MS);
    expect(history.series(NOW_MS).parts.every((value) => value === null)).toBe(true);
    history.note(1, NOW_MS);
    expect(history.series(NOW_MS).parts.at(-1)).toBe(1);
  });
});

describe('a plot', () => {
  type Measured = readonly (readonly [parts: number, value: number])[];
  const plot = (measured: Measured, startedMs = ago(DAY_PARTS + 9)) => {
    const history = new DayHistory();
    for (const [parts, value] of measured) history.note(value, ago(parts));
    const series = history.series(NOW_MS);
    return plotOf({ ...{ id: 'x', title: 'T', unit: 'records', series, startedMs }, empty: 'NOTHING' }).html;
  };
  const lines = (html: string) => html.match(/<(?:polyline|circle) class="line"/g) ?? [];

  it('draws no line over a gap', () => {
    const html = plot([9, 8, 5, 4, 3, 1].map((parts) => [parts, parts] as const));
    expect(lines(html)).toEqual([
      ...['<polyline class="line"', '<polyline class="line"', '<circle class="line"'],
    ]);
    expect(html.match(/points="[^"]*"/g)?.map((points) => points.split(' ').length)).toEqual([2, 3]);
    expect(html).toContain('there is no line there');
  });

  it('draws nothing where nothing was measured, and says so', () => {
    expect(lines(plot([]))).toEqual([]);
    expect(plot([])).toContain('NOTHING');
  });

  it('says since when it knows anything', () => {
    expect(plot([[1, 6]], ago(2))).toContain('Since this process began at 11:52Z');
    expect(plot([[1, 6]], ago(2))).toContain('class="before"');
    expect(plot([[1, 6]])).not.toContain('class="before"');
  });
});
