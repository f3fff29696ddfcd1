// Does the bench of groups count the wait of each partition that a change reaches into, and no other?
import { describe, expect, it } from 'vitest';
import { gapsOf, type Seal, sealsAfter } from '../../../bench/groups/gaps.ts';

const seals = (partition: number, ...seconds: number[]): Seal[] =>
  seconds.map((second) => ({ partition, atMs: second * 1000 }));

describe('gaps between seals', () => {
  it('begin before the time that is looked at, and end behind it', () => {
    expect(gapsOf(seals(0, 10, 40), 20_000, 30_000)).toEqual({ median: 30, longest: 30 });
  });

  it('are not counted where they lie before or behind it', () => {
    expect(gapsOf(seals(0, 0, 9, 19, 21, 29, 60), 20_000, 25_000)).toEqual({ median: 8, longest: 8 });
  });

  it('count once for each partition: its longest one', () => {
    const all = [...seals(0, 0, 5, 7), ...seals(1, 0, 20), ...seals(2, 0, 1, 2)];
    expect(gapsOf(all, 0, 30_000)).toEqual({ median: 5, longest: 20 });
  });

  it('are of one partition, in whatever order archivers told of its seals', () => {
    expect(gapsOf([...seals(0, 12, 3), ...seals(1, 8)], 0, 30_000)).toEqual({ median: 9, longest: 9 });
  });

  it('are none where nothing was sealed twice', () => {
    expect(gapsOf(seals(0, 3), 0, 30_000)).toEqual({ median: null, longest: null });
  });
});

describe('the first seal after a moment', () => {
  it('is the earliest behind it, and missing where there is none', () => {
    const all = [...seals(0, 9, 3, 1), ...seals(1, 2)];
    expect(sealsAfter(all, 3, 2_000)).toEqual([3_000, undefined, undefined]);
  });
});
