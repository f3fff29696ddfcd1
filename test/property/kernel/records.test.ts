// Does the kernel read the records of a batch as the reader without it, and stop where that one refuses?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../../src/base/limits.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { recordItem } from '../../../src/ingest/item.ts';
import { OpenPart, RecordList } from '../../../src/ingest/kafka/protocol/open-part.ts';
import { readBatchHeader } from '../../../src/ingest/kafka/protocol/record-batch.ts';
import { RECORD_HEADERS_MAX, RecordReader } from '../../../src/ingest/kafka/protocol/records.ts';
import { unpack } from '../../../src/ingest/pack.ts';
import { type BatchRun, Kernel, type RecordColumns } from '../../../src/kernel/kernel.ts';
import {
  type BatchToWrite,
  batchBytes,
  joined,
  type RecordToWrite,
  recordBytes,
  varint,
} from '../../unit/ingest/kafka/protocol/encode.ts';
import { mutated } from '../format/bytes.ts';

const opened = Kernel.open();
if (opened === null) throw new Error('the Node of the tests has WebAssembly with SIMD');
const kernel = opened;

type Read = { readonly records: KafkaRecord[]; readonly refused: boolean };

/** Everything that the reader takes before it refuses, if it does. */
function slowly(bytes: Uint8Array, from: number): Read {
  const header = readBatchHeader(bytes, 0, bytes.length);
  const reader = new RecordReader({ header, from, recordBytesMax: 32 * MIB, seenAs: null });
  reader.push(bytes.subarray(header.recordsAt));
  reader.end();
  const records: KafkaRecord[] = [];
  for (;;) {
    const sink = new RecordList();
    const part = new OpenPart(from, sink);
    try {
      const state = reader.read(part);
      records.push(...sink.close());
      if (state === 'end') return { records, refused: false };
    } catch {
      records.push(...sink.close());
      return { records, refused: true };
    }
  }
}

/** Runs of so many records or bytes, until one is empty or all were read. */
function fastly(bytes: Uint8Array, from: number, recordsMax = 3, wantedBytes = MIB): Read {
  const header = readBatchHeader(bytes, 0, bytes.length);
  const { baseOffset, lastOffset, appendTime, maxTimestamp, firstTimestamp } = header;
  const content = bytes.subarray(header.recordsAt);
  const timestamp = appendTime ? maxTimestamp : firstTimestamp;
  const batch = { baseOffset, lastDelta: lastOffset - baseOffset, from, timestamp, appendTime, wantedBytes };
  const records: KafkaRecord[] = [];
  let at = 0;
  let deltaBefore = -1;
  for (let left = header.count; left > 0; ) {
    const run = kernel.packRecords(content, at, {
      ...batch,
      deltaBefore,
      recordsMax: Math.min(left, recordsMax),
    });
    if (run.looked === 0) return { records, refused: true };
    const packed = run.packed.slice();
    const before = records.length;
    unpack(packed, { record: (record) => records.push(record), gap: () => expect.unreachable() });
    const items = records.slice(before).map(recordItem);
    const column = (name: keyof RecordColumns) => [...run.columns[name].subarray(0, run.count)];
    expect(column('bytes')).toEqual(items.map((item) => item.bytes));
    expect(column('headers')).toEqual(items.map((item) => item.headers));
    expect(column('deltas')).toEqual(items.map((item) => item.offset - baseOffset));
    for (const [index, start] of column('starts').entries())
      unpackOne(packed, start, items[index]?.offset as number);
    at = run.contentEnd;
    deltaBefore = run.deltaEnd;
    left -= run.looked;
  }
  return { records, refused: at !== content.length };
}

function unpackOne(packed: Uint8Array<ArrayBuffer>, start: number, offset: number): void {
  const visitor = { record: (record: KafkaRecord) => expect(record.offset).toBe(offset), gap: () => {} };
  unpack(packed, visitor, start, 1);
}

const agree = (bytes: Uint8Array, from: number): Read => {
  const slow = slowly(bytes, from);
  expect(fastly(bytes, from)).toEqual(slow);
  expect(fastly(bytes, from, Kernel.recordsMax, 100)).toEqual(slow);
  return slow;
};

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 80 }), { nil: null, freq: 4 });
const extremes = fc.constantFrom(0n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 63n - 1n, -(2n ** 63n));
const someRecord = fc.record({
  step: fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 300 }) },
  ),
  timestampDelta: fc.oneof(fc.integer({ min: -5, max: 100_000 }).map(BigInt), extremes),
  key: bytesOrNull,
  value: bytesOrNull,
  headers: fc.array(fc.tuple(fc.uint8Array({ maxLength: 6 }), bytesOrNull), { maxLength: 3 }),
});
const someRecords: fc.Arbitrary<RecordToWrite[]> = fc.array(someRecord, { maxLength: 12 }).map((records) => {
  let offsetDelta = -1;
  return records.map(({ step, ...record }) => {
    offsetDelta += step;
    return { ...record, offsetDelta };
  });
});
const someHeader: fc.Arbitrary<Partial<BatchToWrite>> = fc.record({
  baseOffset: fc.constantFrom(0, 7, 2 ** 31, 2 ** 53 - 10_000),
  appendTime: fc.boolean(),
  firstTimestamp: fc.oneof(extremes, fc.constant(1_795_000_000_000n)),
  maxTimestamp: extremes,
});

describe('the records of a batch', () => {
  it('are the same, with whatever is in them, from any offset on', () => {
    fc.assert(
      fc.property(someHeader, someRecords, fc.nat(40), (header, records, below) => {
        const { refused } = agree(batchBytes({ ...header, records }), Number(header.baseOffset) + below);
        expect(refused).toBe(false);
      }),
      { numRuns: 1500 },
    );
  });

  it('are the same up to where the reader refuses them, when bytes were changed', () => {
    const content = someRecords.map((records) =>
      joined(...records.map((one, index) => recordBytes(one, index))),
    );
    const around = fc.record({ count: fc.integer({ min: 0, max: 14 }), lastOffsetDelta: fc.nat(3000) });
    fc.assert(
      fc.property(someHeader, around, mutated(content), (header, other, bytes) => {
        const batch = { ...header, ...other, content: bytes, baseOffset: 5 };
        agree(batchBytes(batch), 5);
      }),
      { numRuns: 4000 },
    );
  });

  it('are the same for every cut of one batch', () => {
    const value = new Uint8Array(70).fill(0x61);
    const headers = [[Uint8Array.of(1), null] as const, [Uint8Array.of(), value] as const];
    const records = [0, 1, 2].map((offsetDelta) => ({ offsetDelta, key: value, value, headers }));
    const content = joined(...records.map(recordBytes));
    for (let length = 0; length <= content.length; length++)
      agree(batchBytes({ content: content.subarray(0, length), count: 3, lastOffsetDelta: 2 }), 0);
  });

  it('are the same where a length or a count says more, or less, than there is', () => {
    const sizes = [-(2 ** 31), -2, -1, 0, 1, 2, 3, 5, 6, 2 ** 31 - 1];
    for (const key of sizes)
      for (const value of sizes)
        for (const count of [-1, 0, 1, 2 ** 31 - 1]) {
          const body = [0, 0, 0, ...varint(key), 1, 2, ...varint(value), 3, ...varint(count), 2, 9, 1];
          for (const length of [body.length, body.length - 1, body.length + 1, 0, -1, 2 ** 31 - 1]) {
            const content = new Uint8Array([...varint(length), ...body]);
            agree(batchBytes({ content, count: 1 }), 0);
          }
        }
  });

  it('are the same where a varint has more bytes than it needs, or than it may have', () => {
    for (const fill of [1, 4, 5, 6, 9, 10, 11]) {
      const long = [...Array(fill).fill(0x80), 0];
      const body = (timestamp: number[], offset: number[]) => [0, ...timestamp, ...offset, 1, 1, 0];
      for (const one of [body(long, [0]), body([0], long)])
        agree(batchBytes({ content: new Uint8Array([...varint(one.length), ...one]), count: 1 }), 0);
    }
  });

  it('are the same where they take more room packed than the kernel has', () => {
    const headers = Array(100).fill([new Uint8Array(), null] as const);
    const records = Array.from({ length: 8000 }, (_, offsetDelta) => ({ offsetDelta, headers }));
    const bytes = batchBytes({ records });
    expect(bytes.length).toBeLessThan(2 * MIB);
    const fast = fastly(bytes, 0, Kernel.recordsMax, 8 * MIB);
    expect(fast.refused).toBe(false);
    expect(fast.records.map(({ offset, headers: all }) => [offset, all.length])).toEqual(
      records.map(({ offsetDelta }) => [offsetDelta, 100]),
    );
  });

  it('end a run with the one that reaches the bytes that are wanted', () => {
    const content = joined(
      ...[0, 1, 2].map((offsetDelta) => recordBytes({ offsetDelta, value: new Uint8Array(20) })),
    );
    const lookedFor = (wantedBytes: number) => {
      const batch = {
        baseOffset: 0,
        lastDelta: 9,
        deltaBefore: -1,
        from: 0,
        timestamp: 0n,
        appendTime: false,
      };
      return kernel.packRecords(content, 0, { ...batch, recordsMax: 10, wantedBytes }).looked;
    };
    const length = content.length / 3;
    expect([1, length, length + 1, 2 * length, 3 * length].map(lookedFor)).toEqual([1, 1, 2, 2, 3]);
  });

  it('end a run where one is too large for the kernel, or has too many headers', () => {
    const run = (record: RecordToWrite) => {
      const batch: BatchRun = {
        ...{ baseOffset: 0, lastDelta: 0, deltaBefore: -1, from: 0, timestamp: 0n, appendTime: false },
        ...{ recordsMax: 10, wantedBytes: 8 * MIB },
      };
      return kernel.packRecords(recordBytes(record), 0, batch).looked;
    };
    expect(run({ value: new Uint8Array(100_000) })).toBe(1);
    const headers = (count: number) => Array(count).fill([new Uint8Array(), null] as const);
    expect(run({ headers: headers(RECORD_HEADERS_MAX) })).toBe(1);
    expect(run({ headers: headers(RECORD_HEADERS_MAX + 1) })).toBe(0);
    // What is longer than the kernel sees is cut off for it.
    const value = new Uint8Array(4 * MIB);
    const head = [0, 0, 0, 1, ...varint(value.length)];
    const large = joined(
      new Uint8Array([...varint(head.length + value.length + 1), ...head]),
      value,
      new Uint8Array(1),
    );
    const batch = { baseOffset: 0, lastDelta: 0, deltaBefore: -1, from: 0, timestamp: 0n, appendTime: false };
    expect(kernel.packRecords(large, 0, { ...batch, recordsMax: 10, wantedBytes: 8 * MIB }).looked).toBe(0);
  });
});
