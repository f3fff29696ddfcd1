// Does every record come out as it was written, and does nothing come out that was not?
import { describe, expect, it } from 'vitest';
import { decoded, LIMITS, partsOf } from './decode.ts';
import { batchBytes, bytesOf, compress, joined, recordBytes } from './encode.ts';

const text = (bytes: Uint8Array | null | undefined) => (bytes ? new TextDecoder().decode(bytes) : bytes);

describe('records of format 2', () => {
  it('keep headers in order, as bytes, whatever they are called: __proto__, constructor, 1, twice', async () => {
    const headers = [
      [bytesOf('__proto__'), bytesOf('a')],
      [bytesOf('constructor'), bytesOf('b')],
      [bytesOf('1'), bytesOf('c')],
      [bytesOf('z'), bytesOf('d')],
      [bytesOf('1'), null],
      [bytesOf('__proto__'), new Uint8Array(0)],
      [new Uint8Array([0xff, 0xfe]), new Uint8Array([0xc0])],
      [new Uint8Array(0), bytesOf('no name')],
      [bytesOf('0'), bytesOf('after 1')],
    ] as const;
    const { records } = await decoded([batchBytes({ records: [{ headers }] })]);
    expect(records[0]?.headers.map(({ name, value }) => [name, value])).toEqual(
      headers.map(([n, v]) => [n, v]),
    );
  });

  it('tell null from empty, in key and value', async () => {
    const empty = new Uint8Array(0);
    const { records } = await decoded([
      batchBytes({
        records: [
          { key: null, value: null },
          { key: empty, value: empty },
          { key: bytesOf('k'), value: null },
        ],
      }),
    ]);
    expect(records.map(({ key, value }) => [text(key), text(value)])).toEqual([
      [null, null],
      ['', ''],
      ['k', null],
    ]);
  });

  it.each([
    ['before 1970', -1n, 0n, -1n],
    ['a delta beyond 28 bits', 0n, 2n ** 40n, 2n ** 40n],
    ['nanoseconds', 1_700_000_000_123_456_789n, 987_654_321n, 1_700_000_001_111_111_110n],
    ['a negative delta', 1_700_000_000_000n, -5n, 1_699_999_999_995n],
    ['the greatest', 2n ** 63n - 1n, 0n, 2n ** 63n - 1n],
    ['the least', -(2n ** 63n), 0n, -(2n ** 63n)],
    ['over the end, as in Java', 2n ** 63n - 1n, 1n, -(2n ** 63n)],
  ])('carry int64 timestamps exactly: %s', async (_, firstTimestamp, timestampDelta, timestamp) => {
    const records = [{}, { timestampDelta }, { timestampDelta }, {}];
    const found = await decoded([batchBytes({ firstTimestamp, records })]);
    expect(found.records.map((record) => record.timestamp)).toEqual([
      firstTimestamp,
      timestamp,
      timestamp,
      firstTimestamp,
    ]);
    expect(found.records[0]?.timestampType).toBe('create');
  });

  it('take the broker’s time where the topic says so', async () => {
    const records = [{ timestampDelta: 5 }, { timestampDelta: 2n ** 40n }];
    const found = await decoded([
      batchBytes({ appendTime: true, firstTimestamp: 100n, maxTimestamp: 777n, records }),
    ]);
    expect(found.records.map(({ timestamp, timestampType }) => [timestamp, timestampType])).toEqual([
      [777n, 'append'],
      [777n, 'append'],
    ]);
  });

  it('are plain arrays of bytes, views of what came', async () => {
    const { records } = await decoded([
      batchBytes({ records: [{ key: bytesOf('k'), value: bytesOf('v') }] }),
    ]);
    expect(records[0]?.key?.constructor).toBe(Uint8Array);
    expect(records[0]?.value?.buffer).toBe(records[0]?.key?.buffer);
  });

  it('begin at the offset that was asked for, although a batch comes whole', async () => {
    const found = await decoded([batchBytes({ baseOffset: 10, records: [{}, {}, {}, {}] })], 12);
    expect(found.offsets).toEqual([12, 13]);
    expect(found.next).toBe(14);
  });

  it('skip offsets that compaction took, and go on behind the batch', async () => {
    const batch = batchBytes({
      baseOffset: 10,
      records: [{ offsetDelta: 1 }, { offsetDelta: 4 }],
      lastOffsetDelta: 9,
    });
    const found = await decoded([batch], 10);
    expect(found).toMatchObject({ offsets: [11, 14], next: 20, seen: [], undecodable: null });
  });

  it('an empty batch moves on and is no evidence', async () => {
    const found = await decoded([batchBytes({ baseOffset: 10, records: [], lastOffsetDelta: 3 })], 10);
    expect(found).toMatchObject({ offsets: [], seen: [], next: 14 });
  });

  it('leave a batch that was cut off for the next fetch', async () => {
    const [first, second] = [batchBytes({ records: [{}] }), batchBytes({ baseOffset: 1, records: [{}, {}] })];
    for (const cut of [1, 11, 12, 16, 17, 60, second.length - 1]) {
      const found = await decoded([first, second.subarray(0, cut)]);
      expect(found).toMatchObject({ offsets: [0], next: 1, undecodable: null });
    }
  });

  it('nothing is nothing', async () => {
    expect(await partsOf([])).toEqual([]);
  });
});

describe('compressed batches', () => {
  const records = Array.from({ length: 100 }, (_, i) => ({
    key: bytesOf(`k${i}`),
    value: bytesOf(`value ${i}`.repeat(20)),
  }));

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('%s', async (codec) => {
    const found = await decoded([
      batchBytes({ codec, records }),
      batchBytes({ codec, baseOffset: 100, records }),
    ]);
    expect(found.offsets).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(text(found.records[142]?.value)).toBe('value 42'.repeat(20));
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    '%s of more than 4 MiB, in another thread',
    async (codec) => {
      const value = new Uint8Array(6_000_000);
      for (let i = 0; i < value.length; i++) value[i] = Math.imul(i, 2654435761) >>> 20;
      const content = recordBytes({ value });
      const large = await decoded([batchBytes({ codec, content, count: 1 })]);
      expect(Buffer.compare(large.records[0]?.value as Uint8Array, value)).toBe(0);
    },
  );

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s that is broken says so', async (codec) => {
    const packed = compress(codec, recordBytes({ value: bytesOf('x'.repeat(1000)) }));
    const cut = packed.subarray(0, packed.length - 5);
    const found = await decoded([batchBytes({ codec, packed: cut, count: 1 })]);
    expect(found.undecodable).toMatchObject({ offset: 0 });
    expect(found.undecodable?.reason).toContain(codec === 'lz4' ? 'LZ4' : codec);
  });

  it.each([5, 6, 7])('an unknown codec is a fact about the log and no crash: %i', async (codecNumber) => {
    const found = await decoded([batchBytes({ codecNumber, packed: bytesOf('?'), count: 1 })]);
    expect(found.undecodable?.reason).toContain(`codec ${codecNumber}`);
  });

  it('takes several gzip members and zstd frames as one content', async () => {
    const content = joined(recordBytes({}, 0), recordBytes({}, 1));
    const halves = [content.subarray(0, 9), content.subarray(9)] as const;
    for (const codec of ['gzip', 'zstd'] as const) {
      const packed = joined(...halves.map((half) => compress(codec, half)));
      expect((await decoded([batchBytes({ codec, packed, count: 2, lastOffsetDelta: 1 })])).offsets).toEqual([
        0, 1,
      ]);
    }
  });
});

describe('what can not become records', () => {
  const good = batchBytes({ baseOffset: 0, records: [{}, {}] });
  const after = batchBytes({ baseOffset: 7, records: [{}] });

  it.each([
    ['a wrong checksum', batchBytes({ baseOffset: 2, records: [{}, {}], crc: 1 }), /CRC-32C/],
    ['fewer records than counted', batchBytes({ baseOffset: 2, records: [{}, {}], count: 3 }), /bytes end/],
    [
      'more records than counted',
      batchBytes({ baseOffset: 2, records: [{}, {}], count: 1 }),
      /bytes are left/,
    ],
    ['a negative count', batchBytes({ baseOffset: 2, records: [{}], count: -1 }), /bytes are left/],
    [
      'offsets that go back',
      batchBytes({ baseOffset: 2, records: [{ offsetDelta: 1 }, { offsetDelta: 0 }], lastOffsetDelta: 1 }),
      /order/,
    ],
    [
      'the same offset twice',
      batchBytes({ baseOffset: 2, records: [{ offsetDelta: 0 }, { offsetDelta: 0 }] }),
      /order/,
    ],
    [
      'an offset beyond the batch',
      batchBytes({ baseOffset: 2, records: [{ offsetDelta: 9 }], lastOffsetDelta: 1 }),
      /order/,
    ],
    [
      'a record longer than it says',
      batchBytes({
        baseOffset: 2,
        content: withLength(recordBytes({ value: bytesOf('abc') }), -2),
        count: 1,
      }),
      /as long as/,
    ],
    [
      'a record longer than its batch',
      batchBytes({ baseOffset: 2, content: withLength(recordBytes({}), 40), count: 1 }),
      /longer than its batch/,
    ],
    [
      'a header without a name',
      batchBytes({ baseOffset: 2, content: new Uint8Array([16, 0, 0, 0, 1, 1, 2, 1, 1]), count: 1 }),
      /without a name/,
    ],
    ['a format that is not known', batchBytes({ baseOffset: 2, records: [{}], magic: 3 }), /format 3/],
  ])('%s ends the fetch there, whole, and keeps what came before', async (_, broken, reason) => {
    const found = await decoded([good, broken, after]);
    expect(found.offsets).toEqual([0, 1]);
    expect(found.next).toBe(2);
    expect(found.undecodable).toMatchObject({ offset: 2, last: 6 });
    expect(found.undecodable?.reason).toMatch(reason);
  });

  it('names its own offset alone when nothing follows', async () => {
    const found = await decoded([good, batchBytes({ baseOffset: 2, records: [{}, {}], crc: 1 })]);
    expect(found.undecodable).toMatchObject({ offset: 2, last: 2 });
  });

  it('a checksum is not looked at where that was switched off', async () => {
    const found = await decoded([batchBytes({ records: [{}], crc: 1 })], 0, [], {
      ...LIMITS,
      checkCrc: false,
    });
    expect(found.offsets).toEqual([0]);
  });

  it.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n])('offset %s has no exact place', async (baseOffset) => {
    const found = await decoded([good, batchBytes({ baseOffset, records: [{}] })]);
    expect(found.offsets).toEqual([0, 1]);
    expect(found.undecodable?.reason).toContain('beyond 2^53 − 2');
  });

  it('the last offset that has one comes', async () => {
    const last = Number.MAX_SAFE_INTEGER - 1;
    expect((await decoded([batchBytes({ baseOffset: last, records: [{}] })], last)).offsets).toEqual([last]);
  });

  it('not one whole batch is not silence', async () => {
    const found = await decoded([good.subarray(0, 40)]);
    expect(found.undecodable).toEqual({ offset: 0, last: 0, reason: 'not one whole batch came' });
  });

  it('never throws, whatever single byte is wrong', async () => {
    const bytes = batchBytes({
      codec: 'zstd',
      records: [{ key: bytesOf('k'), headers: [[bytesOf('h'), null]] }, {}],
    });
    for (let at = 0; at < bytes.length; at++) {
      const broken = bytes.slice();
      broken[at] = (broken[at] as number) ^ 0x41;
      const found = await decoded([broken], 0, [], { ...LIMITS, checkCrc: at % 2 === 0 });
      expect(found.records.length).toBeLessThanOrEqual(2);
    }
  });
});

/** Changes the length that a record says it has. */
function withLength(record: Uint8Array, by: number): Uint8Array {
  const changed = record.slice();
  changed[0] = (changed[0] as number) + 2 * by;
  return changed;
}

describe('parts', () => {
  it('are handed on before all is decompressed, and join without a seam', async () => {
    const value = new Uint8Array(150_000);
    const content = joined(...Array.from({ length: 10 }, (_, i) => recordBytes({ value }, i)));
    const batches = Array.from({ length: 9 }, (_, i) =>
      batchBytes({ baseOffset: i * 10, codec: 'zstd', content, count: 10, lastOffsetDelta: 9 }),
    );
    const parts = await partsOf(batches);
    // Seven of them are the first MiB.
    expect(parts.map(({ next }) => next)).toEqual([7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 90]);
    expect(parts.flatMap((part) => part.records.map(({ offset }) => offset))).toEqual(
      Array.from({ length: 90 }, (_, i) => i),
    );
  });
});
