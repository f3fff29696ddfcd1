// Is every offset of a transaction accounted for: delivered, or seen as aborted or as a marker?
import { describe, expect, it } from 'vitest';
import { decoded } from './decode.ts';
import { type BatchToWrite, batchBytes, bytesOf, markerBytes } from './encode.ts';

const of = (producerId: bigint, baseOffset: number, count: number, more: Partial<BatchToWrite> = {}) =>
  batchBytes({
    producerId,
    baseOffset,
    transactional: true,
    records: Array.from({ length: count }, () => ({ value: bytesOf(`p${producerId}`) })),
    ...more,
  });

describe('transactions', () => {
  it('committed: records, and the marker as control', async () => {
    const found = await decoded([of(7n, 0, 3), markerBytes(3, 7n, 'commit'), of(8n, 4, 1)]);
    expect(found.offsets).toEqual([0, 1, 2, 4]);
    expect(found.seen).toEqual([{ first: 3, last: 3, kind: 'control' }]);
    expect(found.next).toBe(5);
  });

  it('aborted: every record seen, and the marker', async () => {
    const aborted = [{ producerId: 7n, firstOffset: 0 }];
    const found = await decoded(
      [of(7n, 0, 3), of(7n, 3, 2), markerBytes(5, 7n, 'abort'), of(7n, 6, 1)],
      0,
      aborted,
    );
    expect(found.offsets).toEqual([6]);
    expect(found.seen).toEqual([
      { first: 0, last: 4, kind: 'aborted' },
      { first: 5, last: 5, kind: 'control' },
    ]);
  });

  it('two producers in turns: only the aborted one’s are left out, up to its own marker', async () => {
    const aborted = [{ producerId: 7n, firstOffset: 0 }];
    const found = await decoded(
      [
        of(7n, 0, 1),
        of(8n, 1, 1),
        of(7n, 2, 1),
        markerBytes(3, 8n, 'commit'),
        of(7n, 4, 1),
        markerBytes(5, 7n, 'abort'),
      ],
      0,
      aborted,
    );
    expect(found.offsets).toEqual([1]);
    expect(found.seen).toEqual([
      { first: 0, last: 0, kind: 'aborted' },
      { first: 2, last: 2, kind: 'aborted' },
      { first: 3, last: 3, kind: 'control' },
      { first: 4, last: 4, kind: 'aborted' },
      { first: 5, last: 5, kind: 'control' },
    ]);
  });

  it.each([
    [0, 4],
    [4, 0],
  ])('the same producer aborts, commits, aborts, listed as %i, %i', async (...firstOffsets) => {
    const aborted = firstOffsets.map((firstOffset) => ({ producerId: 7n, firstOffset }));
    const found = await decoded(
      [
        of(7n, 0, 1),
        markerBytes(1, 7n, 'abort'),
        of(7n, 2, 1),
        markerBytes(3, 7n, 'commit'),
        of(7n, 4, 1),
        markerBytes(5, 7n, 'abort'),
      ],
      0,
      aborted,
    );
    expect(found.offsets).toEqual([2]);
    expect(found.seen.map(({ first, kind }) => [first, kind])).toEqual([
      [0, 'aborted'],
      [1, 'control'],
      [3, 'control'],
      [4, 'aborted'],
      [5, 'control'],
    ]);
  });

  it('a key of four zero bytes does not end an aborted transaction, as it does in kafkajs', async () => {
    const zeros = { key: new Uint8Array(4), value: bytesOf('thrown away') };
    const batches = [of(7n, 0, 2, { records: [zeros, zeros] }), of(7n, 2, 1), markerBytes(3, 7n, 'abort')];
    const found = await decoded(batches, 0, [{ producerId: 7n, firstOffset: 0 }]);
    expect(found.offsets).toEqual([]);
    expect(found.seen).toEqual([
      { first: 0, last: 2, kind: 'aborted' },
      { first: 3, last: 3, kind: 'control' },
    ]);
  });

  it('a fetch from the middle of an aborted transaction sees the rest of it', async () => {
    const found = await decoded([of(7n, 10, 5), markerBytes(15, 7n, 'abort')], 12, [
      { producerId: 7n, firstOffset: 3 },
    ]);
    expect(found.offsets).toEqual([]);
    expect(found.seen).toEqual([
      { first: 12, last: 14, kind: 'aborted' },
      { first: 15, last: 15, kind: 'control' },
    ]);
    expect(found.next).toBe(16);
  });

  it('a range that was wholly aborted still moves on', async () => {
    const found = await decoded([of(7n, 0, 4, { codec: 'zstd' })], 0, [{ producerId: 7n, firstOffset: 0 }]);
    expect(found).toMatchObject({ offsets: [], seen: [{ first: 0, last: 3, kind: 'aborted' }], next: 4 });
  });

  it('only offsets that are there are evidence: compaction took one of the aborted', async () => {
    const records = [{ offsetDelta: 0 }, { offsetDelta: 2 }];
    const found = await decoded([of(7n, 0, 0, { records })], 0, [{ producerId: 7n, firstOffset: 0 }]);
    expect(found.seen).toEqual([
      { first: 0, last: 0, kind: 'aborted' },
      { first: 2, last: 2, kind: 'aborted' },
    ]);
    expect(found.next).toBe(3);
  });

  it('what the same producer wrote outside of transactions stays', async () => {
    const found = await decoded([of(7n, 0, 1, { transactional: false })], 0, [
      { producerId: 7n, firstOffset: 0 },
    ]);
    expect(found.offsets).toEqual([0]);
  });

  it('a transaction that was not listed as aborted is delivered', async () => {
    expect((await decoded([of(7n, 0, 2)], 0, [{ producerId: 8n, firstOffset: 0 }])).offsets).toEqual([0, 1]);
  });

  it('an aborted batch that can not be opened is no evidence', async () => {
    const broken = of(7n, 0, 2, { crc: 5 });
    const found = await decoded([broken], 0, [{ producerId: 7n, firstOffset: 0 }]);
    expect(found.seen).toEqual([]);
    expect(found.undecodable).toMatchObject({ offset: 0 });
  });
});
