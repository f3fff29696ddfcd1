// Is the segment of an offset always found, and how many reads does it take?
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../src/format/manifest.ts';
import { type LocateOptions, locateOffset } from '../../../src/read/locate.ts';

type Segment = { readonly records: number; readonly gap: number; readonly bytes: number };

/** A chain of such segments from `start` on; sequence 0 is empty, as every chain begins. */
function chainOf(start: number, segments: readonly Segment[], listed = true) {
  const manifests: Manifest[] = [];
  const sizes = new Map<number, number>();
  let [offset, before] = [start, 0];
  for (const [sequence, { records: count, gap, bytes }] of [
    { records: 0, gap: 0, bytes: 0 },
    ...segments,
  ].entries()) {
    const nextOffset = offset + count + gap;
    manifests.push({
      continues: null,
      records: { before, count, firstOffset: offset, nextOffset, missing: {} },
    } as unknown as Manifest);
    if (nextOffset > offset) sizes.set(sequence, bytes);
    offset = nextOffset;
    before += count;
  }
  const read = new Set<number>();
  return {
    end: offset,
    reads: () => read.size,
    holds: (sequence: number, wanted: number) => {
      const { firstOffset, nextOffset } = manifests[sequence]!.records;
      return firstOffset <= wanted && wanted < nextOffset;
    },
    source: {
      headSequence: manifests.length - 1,
      dataSizes: listed ? sizes : null,
      manifest: async (sequence: number) => {
        read.add(sequence);
        return manifests[sequence]!;
      },
    },
  };
}

const segment = fc.record({
  records: fc.integer({ min: 0, max: 5000 }),
  gap: fc.integer({ min: 0, max: 50 }),
  bytes: fc.integer({ min: 1, max: 100_000 }),
});

describe('locateOffset', () => {
  test('finds every offset of any chain, within its bound of reads', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(10_000),
        fc.array(segment, { minLength: 1, maxLength: 120 }),
        fc.boolean(),
        fc.constantFrom<LocateOptions>({ firstBytesMax: 0 }, { firstBytesMax: 50_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (start, segments, listed, options, share) => {
          const chain = chainOf(start, segments, listed);
          fc.pre(chain.end > start);
          const offset = start + Math.min(chain.end - start - 1, Math.floor(share * (chain.end - start)));
          const found = await locateOffset(chain.source, offset, options);
          expect(found).not.toBeNull();
          if (found?.storedBytes === null) expect(chain.holds(found.sequence, offset)).toBe(true);
          else expect(options.firstBytesMax).toBeGreaterThan(0);
          expect(chain.reads()).toBeLessThanOrEqual(4 + 2 * Math.ceil(Math.log2(segments.length + 2)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('what is not sealed yet is null, what lies before the chain is refused', async () => {
    const chain = chainOf(100, [
      { records: 10, gap: 0, bytes: 5 },
      { records: 10, gap: 0, bytes: 5 },
    ]);
    expect(await locateOffset(chain.source, 120)).toBeNull();
    expect(await locateOffset(chain.source, 119)).toEqual({ sequence: 2, storedBytes: null });
    expect(await locateOffset(chain.source, 100)).toEqual({ sequence: 1, storedBytes: null });
    await expect(locateOffset(chain.source, 99)).rejects.toMatchObject({ code: 'before-chain' });
  });

  test('two seals are enough where segments hold the same number of records', async () => {
    const full = { records: 500, gap: 0 };
    const segments = Array.from({ length: 200 }, (_, i) => ({
      ...full,
      bytes: 10_000 + ((i * 7919) % 30_000),
    }));
    for (let offset = 0; offset < 100_000; offset += 997) {
      const chain = chainOf(0, [...segments, { records: 3, gap: 0, bytes: 100 }]);
      expect(await locateOffset(chain.source, offset)).toEqual({
        sequence: Math.floor(offset / 500) + 1,
        storedBytes: null,
      });
      expect(chain.reads()).toBe(2);
    }
  });

  test('two seals are enough in a steady chain for whoever can read the beginning of a segment', async () => {
    // Sizes and numbers go up and down by several per cent, and not together.
    const wave = (i: number, size: number) =>
      Math.round(size * (1 + 0.04 * Math.sin(i) + 0.01 * Math.cos(i / 7)));
    const segments = Array.from({ length: 120 }, (_, i) => ({
      records: wave(i, 8000),
      gap: 0,
      bytes: wave(i + 40, 900_000),
    }));
    const offsets = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 950_000);
    for (const offset of offsets) {
      const chain = chainOf(0, segments);
      const found = await locateOffset(chain.source, offset, { firstBytesMax: 500_000 });
      expect(chain.holds(found!.sequence, offset)).toBe(true);
      expect(chain.reads()).toBeLessThanOrEqual(2);
    }
  });
});
