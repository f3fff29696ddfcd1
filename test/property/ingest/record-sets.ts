// What may a broker send for one partition, whoever wrote the bytes that it stored? Arbitrary record sets, hostile ones often.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { RecordSet } from '../../../src/ingest/kafka/decoder.ts';
import {
  batchBytes,
  type Codec,
  joined,
  markerBytes,
  type RecordToWrite,
} from '../../unit/ingest/kafka/protocol/encode.ts';

const bytesOrNull = (maxLength: number) => fc.option(fc.uint8Array({ maxLength }), { nil: null });

const anyRecord: fc.Arbitrary<RecordToWrite> = fc.record({
  timestampDelta: fc.oneof(fc.nat(1000), fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })),
  key: bytesOrNull(12),
  value: fc.oneof(
    bytesOrNull(200),
    fc.constantFrom('{"a":1}', 'text', '{"a":').map((s) => Buffer.from(s)),
  ),
  headers: fc.array(fc.tuple(fc.uint8Array({ maxLength: 6 }), bytesOrNull(8)), { maxLength: 3 }),
});

const anyCodec = fc.constantFrom<Codec>('none', 'none', 'gzip', 'snappy', 'lz4', 'zstd');

/** Where its batch begins is decided when all are put one after the other. */
type Batch = { readonly offsets: number; readonly bytes: (baseOffset: number) => Uint8Array };

/** Records whose offsets ascend, sometimes with holes, as compaction leaves them. */
const anyRecords = fc
  .array(
    fc.tuple(anyRecord, fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 4 }))),
    {
      maxLength: 30,
    },
  )
  .map((list) => {
    let delta = -1;
    return list.map(([record, step]) => {
      delta += step;
      return { ...record, offsetDelta: delta };
    });
  });

const goodBatch: fc.Arbitrary<Batch> = fc
  .record({
    records: anyRecords,
    codec: anyCodec,
    more: fc.nat(2),
    appendTime: fc.boolean(),
    transactional: fc.boolean(),
    producerId: fc.constantFrom(-1n, 7n, 8n),
    leaderEpoch: fc.nat(3),
  })
  .map(({ records, more, ...batch }) => {
    const offsets = (records.at(-1)?.offsetDelta ?? 0) + 1 + more;
    return {
      offsets,
      bytes: (baseOffset) => batchBytes({ ...batch, baseOffset, records, lastOffsetDelta: offsets - 1 }),
    };
  });

const marker: fc.Arbitrary<Batch> = fc
  .tuple(fc.constantFrom(7n, 8n), fc.constantFrom('commit' as const, 'abort' as const))
  .map(([id, kind]) => ({ offsets: 1, bytes: (at) => markerBytes(at, id, kind) }));

/** Content that is no records, or claims to be more or fewer, behind a good checksum. */
const badBatch: fc.Arbitrary<Batch> = fc.oneof(
  fc
    .record({
      content: fc.uint8Array({ maxLength: 60 }),
      codec: anyCodec,
      count: fc.integer({ min: -2, max: 50 }),
    })
    .map((batch) => ({
      offsets: 5,
      bytes: (baseOffset: number) => batchBytes({ ...batch, baseOffset, lastOffsetDelta: 4 }),
    })),
  fc.record({ packed: fc.uint8Array({ maxLength: 60 }), codec: anyCodec, count: fc.nat(9) }).map((batch) => ({
    offsets: 9,
    bytes: (baseOffset: number) => batchBytes({ ...batch, baseOffset, lastOffsetDelta: 8 }),
  })),
  fc.tuple(fc.constantFrom(gzipSync, zstdCompressSync), fc.nat(40)).map(([pack, cut]) => ({
    offsets: 3,
    bytes: (baseOffset: number) =>
      batchBytes({
        ...{ baseOffset, count: 3, lastOffsetDelta: 2, codec: pack === gzipSync ? 'gzip' : 'zstd' },
        packed: pack(new Uint8Array(3_000)).subarray(0, cut),
      }),
  })),
  fc.constantFrom(3, -1, 9).map((magic) => ({
    offsets: 1,
    bytes: (at: number) => batchBytes({ baseOffset: at, magic, records: [{}] }),
  })),
  fc.constant({ offsets: 1, bytes: (at: number) => batchBytes({ baseOffset: at, crc: 1, records: [{}] }) }),
);

/** One byte of the whole is another one, or its end is missing. */
const anyHarm = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.record({ at: fc.nat(4_000), byte: fc.nat(255) }) },
  { weight: 2, arbitrary: fc.record({ cut: fc.nat(200) }) },
);

export const anyRecordSet: fc.Arbitrary<RecordSet> = fc
  .record({
    base: fc.constantFrom(0, 5, 2 ** 40, Number.MAX_SAFE_INTEGER - 20),
    batches: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: goodBatch },
        { weight: 2, arbitrary: marker },
        { weight: 2, arbitrary: badBatch },
      ),
      { maxLength: 6 },
    ),
    ahead: fc.nat(10),
    aborted: fc.array(fc.record({ producerId: fc.constantFrom(7n, 8n), ahead: fc.nat(40) }), {
      maxLength: 2,
    }),
    harm: anyHarm,
  })
  .map(({ base, batches, ahead, aborted, harm }) => {
    let next = base;
    const parts = batches.map(({ offsets, bytes }) => {
      next += offsets;
      return bytes(next - offsets);
    });
    let bytes = joined(...parts);
    if (harm !== null && 'cut' in harm) bytes = bytes.slice(0, Math.max(0, bytes.length - harm.cut));
    else if (harm !== null && harm.at < bytes.length) bytes[harm.at] = harm.byte;
    return {
      ...{ topic: 'orders', partition: 0, from: base + ahead, bytes },
      aborted: aborted.map(({ producerId, ahead: first }) => ({ producerId, firstOffset: base + first })),
    };
  });
