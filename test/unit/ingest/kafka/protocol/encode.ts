// How do tests make the bytes that a broker would send? Written apart from the reader, from Kafka's documentation.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { crc32c } from '../../../../../src/ingest/kafka/protocol/crc32c.ts';
import { xerial } from './snappy-encode.ts';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Zigzag varint of any size. */
export function varint(value: number | bigint): number[] {
  const out: number[] = [];
  let rest: number;
  if (typeof value === 'number' && Math.abs(value) < 2 ** 30) rest = value >= 0 ? 2 * value : -2 * value - 1;
  else {
    let left = BigInt.asUintN(64, BigInt(value) >= 0n ? BigInt(value) << 1n : (-BigInt(value) << 1n) - 1n);
    for (; left > 0x7fffffffn; left >>= 7n) out.push(Number(left & 0x7fn) | 0x80);
    rest = Number(left);
  }
  for (; rest > 0x7f; rest >>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
  return out;
}

const sized = (bytes: Uint8Array | null): number[] =>
  bytes === null ? varint(-1) : [...varint(bytes.length), ...bytes];

export type RecordToWrite = {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number | bigint;
  readonly key?: Uint8Array | null;
  readonly value?: Uint8Array | null;
  readonly headers?: readonly (readonly [name: Uint8Array, value: Uint8Array | null])[];
};

/** Its value is copied, never spread: it may have megabytes. */
export function recordBytes(record: RecordToWrite, index = 0): Uint8Array {
  const { offsetDelta = index, timestampDelta = 0, key = null, value = null, headers = [] } = record;
  const size = value?.length ?? -1;
  const before = [0, ...varint(timestampDelta), ...varint(offsetDelta), ...sized(key), ...varint(size)];
  const after = headers.flatMap(([name, content]) => [...sized(name), ...sized(content)]);
  after.unshift(...varint(headers.length));
  const head = [...varint(before.length + Math.max(size, 0) + after.length), ...before];
  const out = new Uint8Array(head.length + Math.max(size, 0) + after.length);
  out.set(head);
  if (value !== null) out.set(value, head.length);
  out.set(after, out.length - after.length);
  return out;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export function compress(codec: Codec, content: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return content;
    case 'gzip':
      return gzipSync(content, { level: 1 }); // what is read is the same, and megabytes take a third of the time
    case 'snappy':
      return xerial(content);
    case 'lz4':
      return compressFrameSync(Buffer.from(content));
    case 'zstd':
      return zstdCompressSync(content);
  }
}

export type BatchToWrite = {
  readonly baseOffset?: number | bigint;
  readonly records?: readonly RecordToWrite[];
  /** Instead of records: the content before compression. */
  readonly content?: Uint8Array;
  /** Instead of all of that: what stands after the header. */
  readonly packed?: Uint8Array;
  readonly codec?: Codec;
  readonly codecNumber?: number;
  readonly count?: number;
  readonly lastOffsetDelta?: number;
  readonly firstTimestamp?: bigint;
  readonly maxTimestamp?: bigint;
  readonly appendTime?: boolean;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly producerId?: bigint;
  readonly leaderEpoch?: number;
  readonly magic?: number;
  readonly crc?: number;
};

export function batchBytes(batch: BatchToWrite): Uint8Array {
  const {
    records = [],
    codec = 'none',
    codecNumber = CODECS.indexOf(codec),
    firstTimestamp = 1_700_000_000_000n,
  } = batch;
  const content = batch.content ?? joined(...records.map(recordBytes));
  const packed = batch.packed ?? compress(codec, content);
  const out = new Uint8Array(61 + packed.length);
  const view = new DataView(out.buffer);
  const lastDelta = records.at(-1)?.offsetDelta ?? Math.max(records.length - 1, 0);
  const flags = (batch.appendTime ? 8 : 0) | (batch.transactional ? 16 : 0) | (batch.control ? 32 : 0);
  view.setBigInt64(0, BigInt(batch.baseOffset ?? 0));
  view.setInt32(8, out.length - 12);
  view.setInt32(12, batch.leaderEpoch ?? 0);
  view.setInt8(16, batch.magic ?? 2);
  view.setInt16(21, codecNumber | flags);
  view.setInt32(23, batch.lastOffsetDelta ?? lastDelta);
  view.setBigInt64(27, firstTimestamp);
  view.setBigInt64(35, batch.maxTimestamp ?? firstTimestamp);
  view.setBigInt64(43, batch.producerId ?? -1n);
  view.setInt16(51, 0);
  view.setInt32(53, 0);
  view.setInt32(57, batch.count ?? records.length);
  out.set(packed, 61);
  view.setUint32(17, batch.crc ?? crc32c(out, 21));
  return out;
}

/** The marker that ends a transaction. */
export const markerBytes = (offset: number, producerId: bigint, kind: 'commit' | 'abort'): Uint8Array =>
  batchBytes({
    baseOffset: offset,
    producerId,
    transactional: true,
    control: true,
    records: [{ key: new Uint8Array([0, 0, 0, kind === 'abort' ? 0 : 1]), value: new Uint8Array(6) }],
  });
