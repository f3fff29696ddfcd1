// Do runs of offsets hold exactly the offsets that were added?
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OffsetRuns } from '../../../src/read/offset-runs.ts';

it('answers as a set does', () => {
  const offsets = fc.uniqueArray(fc.nat(60)).map((some) => some.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(offsets, (some) => {
      const runs = new OffsetRuns();
      for (const offset of some) runs.add(offset);
      const all = Array.from({ length: 63 }, (_, index) => index - 1);
      expect(all.filter((offset) => runs.has(offset))).toEqual(some);
    }),
  );
});

it('keeps neighbours as one run', () => {
  const runs = new OffsetRuns();
  for (let offset = 0; offset < 100_000; offset++) runs.add(offset);
  expect(runs.length).toBe(1);
  expect(runs.add(100_001).length).toBe(2);
});

it('takes no offset twice, and none that is less', () => {
  const runs = new OffsetRuns().add(5);
  expect(() => runs.add(5)).toThrow(RangeError);
  expect(() => runs.add(4)).toThrow(RangeError);
  expect(new OffsetRuns().add(0).has(0)).toBe(true);
});
