// Does a batch come out in bounded parts, whatever it unfolds to, and does the event loop have its turns?
import { constants, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../../../../src/ingest/kafka/protocol/content.ts';
import { unfoldLz4 } from '../../../../../src/ingest/kafka/protocol/lz4-block.ts';
import { RECORD_HEADERS_MAX } from '../../../../../src/ingest/kafka/protocol/records.ts';
import { decoded, LIMITS, partsOf } from './decode.ts';
import { batchBytes, bytesOf, type Codec, compress, joined, recordBytes, varint } from './encode.ts';
import { snappyBlock } from './snappy-encode.ts';

const MIB = 1024 * 1024;
const TWENTY = new Uint8Array(20);
/** As many as are more than 8 MiB. */
const MANY = 320_000;
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Records of next to nothing: of a part's bytes, 8,192 of them take a quarter. */
const SMALL_RECORDS = Buffer.concat(
  Array.from({ length: MANY }, (_, offset) => recordBytes({ value: TWENTY }, offset)),
);

/** So many records of `bytes` each; each value is filled with its offset. */
const wideRecords = (count: number, bytes: number): Uint8Array =>
  joined(
    ...Array.from({ length: count }, (_, offset) =>
      recordBytes({ value: new Uint8Array(bytes).fill(offset) }, offset),
    ),
  );
const LARGE = wideRecords(5, 2 * MIB);
const WIDE = wideRecords(10, MIB);

const batchOf = (codec: Codec, content: Uint8Array, count: number) =>
  batchBytes({ codec, content, count, lastOffsetDelta: count - 1 });

const packed = new Map<Codec, Uint8Array>();
/** Packed once: two tests read it, and change nothing of it. */
function smallBatch(codec: Codec): Uint8Array {
  const batch = packed.get(codec) ?? batchOf(codec, SMALL_RECORDS, MANY);
  packed.set(codec, batch);
  return batch;
}

const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, n) => from + n);

/** Quicker than `toEqual` for a million. */
const areUpTo = (offsets: readonly number[], count: number) =>
  offsets.length === count && offsets.every((offset, n) => offset === n);

describe.each(CODECS)('%s', (codec) => {
  it('records of next to nothing come a few thousand at a time, in order', async () => {
    const parts = await partsOf([smallBatch(codec)]);
    expect(Math.max(...parts.map(({ records }) => records.length))).toBe(8_192);
    const offsets = parts.flatMap(({ records }) => records.map(({ offset }) => offset));
    expect(areUpTo(offsets, MANY)).toBe(true);
    expect(parts.map(({ next }) => next)).toEqual(
      parts.map(({ records }) => (records.at(-1)?.offset ?? Number.NaN) + 1),
    );
    expect(parts.at(-1)?.undecodable).toBeNull();
  });

  it('large records come a few at a time, each byte for byte', async () => {
    const parts = await partsOf([batchOf(codec, LARGE, 5)]);
    expect(Math.max(...parts.map(({ records }) => records.length))).toBeLessThanOrEqual(2);
    const records = parts.flatMap((part) => part.records);
    expect(records.map(({ offset }) => offset)).toEqual(upTo(5));
    for (const { offset, value } of records) {
      expect(value).toHaveLength(2 * MIB);
      expect(Buffer.compare(value as Uint8Array, new Uint8Array(2 * MIB).fill(offset))).toBe(0);
    }
  });

  it('one that is too large is named with its size, and what lies before and behind it comes', async () => {
    const large = recordBytes({ value: new Uint8Array(18 * MIB) }, 1);
    const content = joined(recordBytes({}, 0), large, recordBytes({ value: bytesOf('behind') }, 2));
    const batch = batchOf(codec, content, 3);
    const limits = { ...LIMITS, recordBytesMax: MIB };
    const found = await decoded([batch], 0, [], limits);
    expect(found.offsets).toEqual([0]);
    expect(found.undecodable).toEqual({
      offset: 1,
      last: 1,
      reason: expect.stringContaining('too large'),
      tooLarge: { bytes: large.length - 4 },
    });
    const behind = await decoded([batch], 2, [], limits);
    expect(behind.offsets).toEqual([2]);
    expect(behind.undecodable).toBeNull();
  });

  const AFTER_WIDE = batchBytes({ baseOffset: 10, records: [{}] });

  it('where it breaks off, what lies before the last part stays, and the rest of it is named', async () => {
    const wrong = WIDE.slice();
    // The last record has a length beyond all that follows.
    wrong.set([0xff, 0xff, 0xff, 0xff, 0x0f], wrong.length - MIB - 11);
    const found = await decoded([batchOf(codec, wrong, 10), AFTER_WIDE]);
    const { length } = found.offsets;
    expect(length).toBeGreaterThanOrEqual(4);
    expect(length).toBeLessThan(10);
    expect(found.offsets).toEqual(upTo(length));
    expect(found.undecodable).toMatchObject({ offset: length, last: 9 });
  });

  it('with bytes left over, its last records are not taken for good', async () => {
    const found = await decoded([batchOf(codec, joined(WIDE, new Uint8Array(9)), 10), AFTER_WIDE]);
    const { length } = found.offsets;
    expect(length).toBeGreaterThanOrEqual(4);
    expect(length).toBeLessThan(10);
    expect(found.offsets).toEqual(upTo(length));
    expect(found.undecodable).toMatchObject({ offset: length, last: 9 });
    expect(found.undecodable?.reason).toContain('bytes are left');
  });
});

describe('the event loop', () => {
  /** How often the loop had its turn while that was decoded. */
  async function turnsOf<T>(work: () => Promise<T>): Promise<readonly [turns: number, result: T]> {
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const result = await work();
    isOver = true;
    return [turns, result];
  }

  it.each(CODECS)('has its turn between two parts, those of next to nothing too: %s', async (codec) => {
    const batch = smallBatch(codec);
    const [turns, parts] = await turnsOf(() => partsOf([batch], MANY - 10_000));
    expect(parts.length).toBeGreaterThan(30);
    expect(turns).toBeGreaterThan(30);
    expect(parts.flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual(
      upTo(MANY, MANY - 10_000),
    );
  });

  it('has its turn between two batches that are parts of their own', async () => {
    const batches = Array.from({ length: 50 }, (_, n) =>
      batchBytes({ baseOffset: n, records: [{ value: new Uint8Array(MIB) }] }),
    );
    const [turns, parts] = await turnsOf(() => partsOf(batches));
    expect(parts.length).toBe(50);
    expect(turns).toBeGreaterThan(40);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'has its turn while a record is passed over that is too large: %s',
    async (codec) => {
      const content = joined(
        recordBytes({ value: new Uint8Array(32 * MIB) }),
        recordBytes({ value: bytesOf('behind') }, 1),
      );
      const batch = batchOf(codec, content, 2);
      const [turns, found] = await turnsOf(() => decoded([batch], 1));
      expect([found.offsets, found.undecodable]).toEqual([[1], null]);
      expect(turns).toBeGreaterThan(6);
    },
  );

  it('an aborted transaction of many records is evidence in parts', async () => {
    const batch = batchBytes({
      codec: 'zstd',
      content: SMALL_RECORDS,
      count: MANY,
      lastOffsetDelta: MANY - 1,
      producerId: 7n,
      transactional: true,
    });
    const parts = await partsOf([batch], 5, [{ producerId: 7n, firstOffset: 0 }]);
    expect(parts.length).toBeGreaterThan(10);
    expect(parts.flatMap(({ records }) => records)).toEqual([]);
    const seen = parts.flatMap((part) => part.seen);
    expect(seen[0]).toMatchObject({ first: 5, kind: 'aborted' });
    expect(seen.at(-1)?.last).toBe(MANY - 1);
    for (const [index, { first }] of seen.entries())
      if (index > 0) expect(first).toBe((seen[index - 1]?.last ?? 0) + 1);
  });
});

describe('a record of headers', () => {
  const ofHeaders = (count: number) => {
    const body = joined(
      new Uint8Array([0, 0, 0, 1, 1, ...varint(count)]),
      new Uint8Array(2 * count).map((_, i) => i % 2),
    );
    return batchBytes({
      codec: 'zstd',
      content: joined(new Uint8Array(varint(body.length)), body),
      count: 1,
    });
  };

  it('comes with as many as are read', async () => {
    const { records } = await decoded([ofHeaders(RECORD_HEADERS_MAX)]);
    expect(records[0]?.headers).toHaveLength(RECORD_HEADERS_MAX);
  });

  it('is too large with one more', async () => {
    const { undecodable } = await decoded([ofHeaders(RECORD_HEADERS_MAX + 1)]);
    expect(undecodable).toMatchObject({ offset: 0, last: 0, tooLarge: { headers: RECORD_HEADERS_MAX + 1 } });
  });
});

describe('content in pieces', () => {
  const UNEVEN = new Uint8Array(9 * MIB);
  for (let i = 0; i < UNEVEN.length; i++) UNEVEN[i] = (i * i) >> 5;

  async function piecesOf(...args: Parameters<typeof contentOf>): Promise<Uint8Array[]> {
    const content = await contentOf(...args);
    if (content instanceof Uint8Array) throw new Error('it came whole');
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    return pieces;
  }

  it('of several zstd frames is one', async () => {
    const halves = [new Uint8Array(9 * MIB).fill(1), new Uint8Array(3 * MIB).fill(2)];
    const packed = joined(...halves.map((half) => zstdCompressSync(half)));
    const pieces = await piecesOf('zstd', packed);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(MIB);
    expect(Buffer.compare(joined(...pieces), joined(...halves))).toBe(0);
  });

  it('of large zstd windows waits for another one that is being opened, and says that it lives', async () => {
    const params = { [constants.ZSTD_c_contentSizeFlag]: 0 };
    const packed = zstdCompressSync(new Uint8Array(9 * MIB), { params });
    // The frame's header says that it needs 128 MiB.
    packed[5] = (27 - 10) << 3;
    const [first, second] = await Promise.all([contentOf('zstd', packed), contentOf('zstd', packed)]);
    if (first instanceof Uint8Array || second instanceof Uint8Array) throw new Error('it came whole');
    expect((await first.next()).value).toHaveLength(MIB);
    expect((await second.next()).value).toHaveLength(0);
    await first.return();
    let length = 0;
    for await (const piece of second) length += piece.length;
    expect(length).toBe(9 * MIB);
  });

  it('of lz4 blocks that refer to the ones before them', async () => {
    const stored = (content: Uint8Array) => {
      const size = new Uint8Array(4);
      new DataView(size.buffer).setUint32(0, content.length + 0x80000000, true);
      return joined(size, content);
    };
    const half = new Uint8Array(4 * MIB).map((_, i) => i % 251);
    // A match of 100 bytes, 65,535 back, and the five literals that end a block.
    const block = new Uint8Array([0x0f, 0xff, 0xff, 100 - 4 - 15, 0x50, 1, 2, 3, 4, 5]);
    const header = new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0]);
    const end = new Uint8Array(4);
    const frame = joined(
      header,
      stored(half),
      stored(half),
      new Uint8Array([block.length, 0, 0, 0]),
      block,
      end,
    );
    const content = joined(...(await piecesOf('lz4', frame)));
    const match = joined(half, half).subarray(8 * MIB - 65_535, 8 * MIB - 65_535 + 100);
    expect(content).toHaveLength(8 * MIB + 105);
    expect(content.slice(8 * MIB)).toEqual(joined(match, new Uint8Array([1, 2, 3, 4, 5])));
  });

  it.each([
    ['a literal beyond the block', [0x50, 1, 2, 3, 4]],
    ['a length that is cut off', [0xf0, 255]],
    ['a match from before the beginning', [0x10, 7, 2, 0, 0x10, 8]],
    ['a match from nowhere', [0x10, 7, 0, 0, 0x10, 8]],
    ['a distance that is cut off', [0x10, 7, 1]],
    ['a match of which nothing follows', [0x10, 7, 1, 0]],
    ['nothing', []],
  ])('of an lz4 block with %s fails', (_, block) => {
    expect(() => unfoldLz4(new Uint8Array(block), new Uint8Array(100), 0, 0)).toThrow("can't be opened");
  });

  it('of an lz4 block does not go beyond its room, or back into the block before', () => {
    const block = new Uint8Array([0x16, 7, 1, 0, 0x10, 8]);
    expect(unfoldLz4(block, new Uint8Array(12), 0, 0)).toBe(12);
    expect(() => unfoldLz4(block, new Uint8Array(11), 0, 0)).toThrow("can't be opened");
    expect(() => unfoldLz4(new Uint8Array([0x10, 7, 2, 0, 0x10, 8]), new Uint8Array(50), 9, 9)).toThrow();
    expect(unfoldLz4(new Uint8Array([0x10, 7, 2, 0, 0x10, 8]), new Uint8Array(50), 9, 0)).toBe(15);
  });

  it('of lz4 with checksums of its blocks', async () => {
    const frame = compressFrameSync(Buffer.from(UNEVEN), { blockChecksums: true, contentChecksum: true });
    expect(Buffer.compare(joined(...(await piecesOf('lz4', frame))), UNEVEN)).toBe(0);
  });

  it('of one bare snappy block', async () => {
    const pieces = await piecesOf('snappy', snappyBlock(UNEVEN));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(MIB + 64);
    expect(Buffer.compare(joined(...pieces), UNEVEN)).toBe(0);
  });

  it.each([
    ['more than it says', 9 * MIB, 10 * MIB],
    ['less than it says', 10 * MIB, 9 * MIB],
  ])('of a snappy block that holds %s fails', async (_, says, holds) => {
    const { at, bytes } = bareSnappy(new Uint8Array(holds), says);
    expect(at).toBeGreaterThan(0);
    await expect(piecesOf('snappy', bytes)).rejects.toThrow("can't be opened");
  });

  it('of a snappy copy from further back than any encoder looks fails with that reason', async () => {
    // A literal byte, copies of it up to 12 MiB, and then a copy from 10 MiB back.
    const copies = (12 * MIB) / 64;
    const length = 1 + copies * 64 + 4;
    const tags = new Uint8Array(copies * 3).map((_, i) => [2 | (63 << 2), 1, 0][i % 3] as number);
    const far = new Uint8Array([3 | (3 << 2), 0, 0, 160, 0]);
    const bytes = joined(new Uint8Array(unsigned(length)), new Uint8Array([0, 7]), tags, far);
    await expect(piecesOf('snappy', bytes)).rejects.toThrow('more than 4194304 bytes back');
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('of %s that is cut off fails', async (codec) => {
    const packed = compress(codec, UNEVEN);
    const open = async () => piecesOf(codec, packed.subarray(0, packed.length - 9));
    await expect(open()).rejects.toThrow(/can't be opened|has no end/);
  });
});

function unsigned(value: number): number[] {
  const out: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) out.push((left % 128) | 0x80);
  return [...out, left];
}

/** A block whose stated length is `says`. */
function bareSnappy(content: Uint8Array, says: number): { at: number; bytes: Uint8Array } {
  const block = snappyBlock(content);
  const at = unsigned(content.length).length;
  return { at, bytes: joined(new Uint8Array(unsigned(says)), block.subarray(at)) };
}
