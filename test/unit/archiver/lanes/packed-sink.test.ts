// Does a part that was packed hold the records, and say of them, what a list of them does?
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PackedSink } from '../../../../src/archiver/lanes/packed-sink.ts';
import { MIB } from '../../../../src/base/limits.ts';
import type { KafkaRecord } from '../../../../src/format/record.ts';
import { recordItem } from '../../../../src/ingest/item.ts';
import { decodeRecordSet, decodeRecordSetInto } from '../../../../src/ingest/kafka/protocol/record-set.ts';
import { AbortedProducers } from '../../../../src/ingest/kafka/protocol/transactions.ts';
import { BufferPool, unpack } from '../../../../src/ingest/pack.ts';
import { Kernel } from '../../../../src/kernel/kernel.ts';
import { LIMITS } from '../../ingest/kafka/protocol/decode.ts';
import { batchBytes, joined, type RecordToWrite, recordBytes } from '../../ingest/kafka/protocol/encode.ts';

const kernel = Kernel.open();
const pool = new BufferPool(MIB);
const value = (bytes: number) => new Uint8Array(bytes).fill(0x61);
const records = (count: number, bytes: number, more: Partial<RecordToWrite> = {}): RecordToWrite[] =>
  Array.from({ length: count }, () => ({ value: value(bytes), ...more }));

/** Parts as a list has them, and parts that were packed, which must be the same in all that they say. */
async function agree(bytes: Uint8Array, from = 0) {
  const listed = [];
  for await (const part of decodeRecordSet(bytes, from, new AbortedProducers([]), LIMITS)) listed.push(part);
  for (const by of [kernel, null]) {
    let at = 0;
    const newSink = () => new PackedSink(by, pool);
    const parts = decodeRecordSetInto(newSink, bytes, from, new AbortedProducers([]), LIMITS);
    for await (const { records: packed, ...part } of parts) {
      const { records: expected, ...rest } = listed[at++] as (typeof listed)[number];
      expect(part).toEqual(rest);
      expect(packed.summary.totalBytes).toBe(expected.reduce((sum, one) => sum + recordItem(one).bytes, 0));
      expect(packed.starts.length).toBe(expected.length + 1);
      expectSame(unpacked(packed.packed), expected);
      for (const index of [0, expected.length >> 1, expected.length - 1]) {
        if (expected[index] === undefined) continue;
        const only = packed.packed.subarray(packed.starts[index], packed.starts[index + 1]);
        expectSame(unpacked(only), [expected[index] as KafkaRecord]);
      }
    }
    expect(at).toBe(listed.length);
  }
  return listed;
}

/** `toEqual` walks through megabytes one property at a time: it is asked for its words alone. */
function expectSame(found: readonly KafkaRecord[], expected: readonly KafkaRecord[]): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toStrictEqual(expected);
}

function unpacked(packed: Uint8Array<ArrayBuffer>): KafkaRecord[] {
  const all: KafkaRecord[] = [];
  unpack(packed, { record: (record) => all.push(record), gap: () => expect.unreachable() });
  return all;
}

describe('a part that is packed', () => {
  it('has a kernel here', () => expect(kernel).not.toBeNull());

  it('ends where a part of a list ends: at so many bytes, and at so many records', async () => {
    expect((await agree(batchBytes({ records: records(9_000, 1_000) }))).length).toBe(9);
    expect((await agree(batchBytes({ records: records(20_000, 3) }))).length).toBe(3);
    const batches = Array.from({ length: 900 }, (_, i) =>
      batchBytes({ baseOffset: i * 10, records: records(10, 900) }),
    );
    expect((await agree(joined(...batches))).length).toBe(8);
  });

  it('goes on after what was left out, also where a part holds nothing else', async () => {
    const bytes = batchBytes({ baseOffset: 100, records: records(9_000, 3) });
    const parts = await agree(bytes, 8_900);
    expect(parts.map(({ next, records: { length } }) => [next, length])).toEqual([
      [8_900, 0],
      [9_100, 200],
    ]);
    await agree(bytes, 100 + 50);
    await agree(bytes, 100_000);
  });

  it('holds nothing of a batch that is broken behind good records, and all of the batch before', async () => {
    const good = batchBytes({ records: records(20, 30) });
    const content = joined(...records(12, 30).map((one, index) => recordBytes(one, index)));
    for (const count of [11, 13]) {
      const broken = batchBytes({ baseOffset: 20, content, count, lastOffsetDelta: 99 });
      const [part] = await agree(joined(good, broken));
      expect(part?.records.length).toBe(20);
      expect(part?.undecodable?.offset).toBe(20);
    }
  });

  it('says which records have headers, and where offsets have holes', async () => {
    const headers = [[Uint8Array.of(1), null] as const];
    const mixed = records(30, 5).map((one, i) => ({
      ...one,
      offsetDelta: i * 3,
      ...(i === 25 ? { headers } : {}),
    }));
    await agree(batchBytes({ baseOffset: 7, records: mixed }));
    for (const by of [kernel, null]) {
      const bytes = batchBytes({ baseOffset: 7, records: mixed });
      const parts = decodeRecordSetInto(
        () => new PackedSink(by, pool),
        bytes,
        0,
        new AbortedProducers([]),
        LIMITS,
      );
      const { value: part } = await parts.next();
      const summary = part?.records.summary;
      expect(summary?.offsets).toEqual(Float64Array.from(mixed, ({ offsetDelta }) => 7 + offsetDelta));
      expect(summary?.headers?.indexOf(1)).toBe(25);
      expect(summary?.bytes.length).toBe(30);
    }
  });

  it('cuts off what does not fit between records that do', async () => {
    const sizes = [...Array(10).fill(50), 300_000, ...Array(10).fill(50), 5 * MIB, ...Array(10).fill(50)];
    const parts = await agree(batchBytes({ records: sizes.map((bytes) => ({ value: value(bytes) })) }));
    expect(parts.flatMap((part) => part.records.map((one) => one.value?.length))).toEqual(sizes);
  });
});
