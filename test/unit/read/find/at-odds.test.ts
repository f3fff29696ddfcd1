// Is it said where no one value can be what two conditions ask for, and nowhere else?
import { describe, expect, it } from 'vitest';
import { atOddsTexts } from '../../../../src/read/find/at-odds.ts';
import { parseCondition } from '../../../../src/read/find/condition.ts';

const textsOf = (...where: string[]) => atOddsTexts(where.map(parseCondition));

describe('two conditions of one field', () => {
  it.each([
    ['/n>5', '/n<3'],
    ['/n<3', '/n>5'],
    ['/n>5', '/n<5'],
    ['/n>=5', '/n<5'],
    ['/n>5', '/n<=5.0'],
    ['/n=5', '/n=6'],
    ['/n=5', '/n>5'],
    ['/n=5e0', '/n<=4'],
    ['who=alice', 'who=bob'],
    ['/at>=2026-11-23', '/at<2026-11-22'],
    ['/at>2026-11-22T10:00:00Z', '/at<2026-11-22T10:00:00+00:00'],
    ['/at>=2026-11-24', '/at<2026-11-22T10:00:00Z'],
  ])('%s and %s: no one value is both', (first, second) => {
    expect(textsOf(first, second)).toEqual([
      `no one value fulfils both ${first} and ${second}: only a record with several values of ${first.split(/[<>=]/)[0]}, as in an array, could be a hit`,
    ]);
  });

  it.each([
    ['/n>3', '/n<5'],
    ['/n>=5', '/n<=5'],
    ['/n>3', '/n>5'],
    ['/n<3', '/n<5'],
    ['/n=5', '/n=5.0'],
    ['/n=5', '/n>=5'],
    ['/n=5', '/n<6'],
    ['/n>5', '/m<3'],
    ['/n>5', '/n~3'],
    ['who=alice', 'who^bob'],
    ['/n=5 EUR', '/n>3'],
    // A number is no time, and is not compared with one.
    ['/n>5', '/n<2026-11-22'],
    // Where one of them may be of another offset from UTC, less than a day says nothing.
    ['/at>=2026-11-22T12:00', '/at<2026-11-22T10:00:00Z'],
    ['/at>=2026-11-22', '/at<2026-11-23'],
  ])('%s and %s: one value may be both', (first, second) => {
    expect(textsOf(first, second)).toEqual([]);
  });

  it('is said once for each field', () => {
    expect(textsOf('/n>5', '/n<3', '/n<2', '/m=1', '/m=2')).toHaveLength(2);
  });
});
