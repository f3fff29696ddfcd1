// What must a decoder of record sets do, whichever thread it works on?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { encodeEntry } from '../../src/format/record.ts';
import { isHeld, itemAt, type RecordItem, type Records } from '../../src/ingest/item.ts';
import type { Decoder, Part, Parts, RecordSet } from '../../src/ingest/kafka/decoder.ts';
import { leafHash } from '../../src/merkle/tree.ts';
import { kafkaRecord } from '../support/records.ts';
import { LIMITS } from '../unit/ingest/kafka/protocol/decode.ts';
import {
  batchBytes,
  bytesOf,
  type Codec,
  joined,
  markerBytes,
  recordBytes,
} from '../unit/ingest/kafka/protocol/encode.ts';

const MIB = 1024 * 1024;

const setOf = (bytes: Uint8Array, more: Partial<RecordSet> = {}): RecordSet => ({
  ...{ topic: 'orders', partition: 0, from: 0, aborted: [], bytes },
  ...more,
});

const three = (baseOffset: number, codec: Codec = 'none') =>
  batchBytes({
    ...{ baseOffset, codec },
    records: [
      { value: bytesOf('{"a":1}') },
      {
        key: bytesOf('k'),
        value: null,
        headers: [
          [bytesOf('h'), bytesOf('v')],
          [bytesOf('n'), null],
        ],
      },
      { value: new Uint8Array(0) },
    ],
  });

const itemsOf = (records: Records): RecordItem[] =>
  Array.from({ length: records.length }, (_, index) => itemAt(records, index) as RecordItem);

const leafOf = async ({ content, index }: RecordItem): Promise<Buffer> =>
  Buffer.from(isHeld(content) ? await content.leaf(index) : leafHash(nodeSha256, encodeEntry(content)));

const offsetsOf = ({ records }: Part): number[] => itemsOf(records).map(({ offset }) => offset);

async function allOf(parts: Parts): Promise<Part[]> {
  const all: Part[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

/** 20,000 records in one batch: three parts. */
function many(): Uint8Array {
  const one = (offsetDelta: number) => {
    const zigzag = offsetDelta * 2;
    const delta = [];
    for (let left = zigzag; ; left >>>= 7) {
      delta.push(left > 127 ? (left & 127) | 128 : left);
      if (left <= 127) break;
    }
    return [2 * (delta.length + 5), 0, 0, ...delta, 1, 0, 0];
  };
  const content = Uint8Array.from(Array.from({ length: 20_000 }, (_, n) => one(n)).flat());
  return batchBytes({ codec: 'zstd', content, count: 20_000, lastOffsetDelta: 19_999 });
}

export function decoderContract(decoder: () => Decoder): void {
  const decode = (set: RecordSet) => decoder().decode(set, LIMITS);

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'knows the offset, the sizes and the line of each record of a batch with codec %s',
    async (codec) => {
      const [part] = await allOf(decode(setOf(three(7, codec), { from: 7 })));
      const items = itemsOf((part as Part).records);
      expect(items.map(({ offset, bytes, headers }) => [offset, bytes, headers])).toEqual([
        [7, 7, 0],
        [8, 4, 2],
        [9, 0, 0],
      ]);
    },
  );

  it('makes of each record the line that it is', async () => {
    const timestamp = 1_700_000_000_000n;
    const records = [
      kafkaRecord({ offset: 7, value: '{"a":1}', timestamp }),
      kafkaRecord({
        offset: 8,
        key: 'k',
        value: null,
        headers: [
          ['h', 'v'],
          ['n', null],
        ],
        timestamp,
      }),
      kafkaRecord({ offset: 9, value: '', timestamp }),
    ];
    for await (const { records: found } of decode(setOf(three(7), { from: 7 }))) {
      const leaves = await Promise.all(itemsOf(found).map(leafOf));
      expect(leaves).toEqual(records.map((record) => Buffer.from(leafHash(nodeSha256, encodeEntry(record)))));
    }
  });

  it('leaves out what is below the offset that was asked for', async () => {
    const [part] = await allOf(decode(setOf(three(7), { from: 8 })));
    expect([offsetsOf(part as Part), part?.next]).toEqual([[8, 9], 10]);
  });

  it('sees aborted records and markers, and the epoch of the leader', async () => {
    const batch = batchBytes({ producerId: 7n, transactional: true, records: [{}, {}], leaderEpoch: 5 });
    const bytes = joined(batch, markerBytes(2, 7n, 'abort'));
    const [part] = await allOf(decode(setOf(bytes, { aborted: [{ producerId: 7n, firstOffset: 0 }] })));
    expect(part).toMatchObject({
      seen: [
        { first: 0, last: 1, kind: 'aborted' },
        { first: 2, last: 2, kind: 'control' },
      ],
      next: 3,
      leaderEpoch: 0,
      undecodable: null,
    });
  });

  it('ends at what can not be read, with the reason, and nothing of that batch', async () => {
    const parts = await allOf(
      decode(setOf(joined(three(0), batchBytes({ baseOffset: 3, crc: 1, records: [{}] })))),
    );
    expect(parts.flatMap(offsetsOf)).toEqual([0, 1, 2]);
    expect(parts.at(-1)?.undecodable).toMatchObject({
      offset: 3,
      reason: expect.stringContaining('CRC-32C'),
    });
  });

  it('does not hold a record that is larger than the pipeline takes', async () => {
    const content = recordBytes({ value: new Uint8Array(27 * MIB) });
    const parts = await allOf(decode(setOf(batchBytes({ content, codec: 'zstd', count: 1 }))));
    expect(parts.at(-1)?.undecodable).toMatchObject({ offset: 0, tooLarge: { bytes: expect.any(Number) } });
  });

  it('gives a batch of many records in bounded parts, in order', async () => {
    const parts = await allOf(decode(setOf(many())));
    expect(parts.length).toBeGreaterThan(1);
    expect(Math.max(...parts.map(({ records }) => records.length))).toBeLessThanOrEqual(8_192);
    expect(parts.flatMap(offsetsOf)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  it('reads several sets at once, each in its own order', async () => {
    const sets = [0, 1, 2, 3].map((partition) => setOf(many(), { partition }));
    const all = await Promise.all(sets.map((set) => allOf(decode(set))));
    for (const parts of all)
      expect(parts.flatMap(offsetsOf)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  it('gives nothing of no bytes', async () => {
    expect(await allOf(decode(setOf(new Uint8Array(0))))).toEqual([]);
  });

  it.each(['before the first part', 'after the first part', 'after the end'])(
    'is closed %s',
    async (when) => {
      const parts = decode(setOf(many()));
      const iterator = parts[Symbol.asyncIterator]();
      if (when === 'after the first part') expect((await iterator.next()).done).toBe(false);
      if (when === 'after the end') while ((await iterator.next()).done !== true);
      await parts.close();
      await parts.close();
      expect((await iterator.next()).done).toBe(true);
    },
  );
}
