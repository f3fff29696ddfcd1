// Which bytes are a record batch of exactly these records? (Kafka documentation, "Record Batch", format 2)
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Header, KafkaRecord } from '../../../format/line.ts';
import { crc32c } from '../protocol/crc32c.ts';
import { ByteWriter } from '../protocol/wire.ts';

/** A record as it is written. Its offset is the broker's to give. */
export type RecordToSend = Pick<KafkaRecord, 'timestamp' | 'key' | 'headers' | 'value'>;

const CODEC_NUMBERS = { none: 0, gzip: 1, zstd: 4 } as const;
export type SendCodec = keyof typeof CODEC_NUMBERS;

export type BatchOwner = {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the first record: by it the broker knows a batch that it has. */
  readonly sequence: number;
};

const HEADER_BYTES = 61;
const MAGIC = 2;
const TRANSACTIONAL_FLAG = 0x10;
const CRC_FROM = 21;

/**
 * A batch of a transaction. kafkajs's own writer is not used: it keeps header names as text in the order of
 * an object's members, and takes timestamp 0 for none. At least one record.
 */
export function encodeBatch(
  records: readonly RecordToSend[],
  owner: BatchOwner,
  codec: SendCodec,
): Uint8Array {
  const base = records[0]!.timestamp;
  const content = encodeRecords(records, base);
  const packed = compress(codec, content);
  // What does not become smaller goes as it is.
  const isPacked = packed.length < content.length;
  const body = isPacked ? packed : content;
  let greatest = base;
  for (const { timestamp } of records) if (timestamp > greatest) greatest = timestamp;
  const out = new ByteWriter()
    .int64(0)
    .int32(HEADER_BYTES - 12 + body.length)
    .int32(-1)
    .int8(MAGIC)
    .int32(0)
    .int16((isPacked ? CODEC_NUMBERS[codec] : 0) | TRANSACTIONAL_FLAG)
    .int32(records.length - 1)
    .int64(base)
    .int64(greatest)
    .int64(owner.producerId)
    .int16(owner.producerEpoch)
    .int32(owner.sequence)
    .int32(records.length)
    .raw(body)
    .bytes();
  new DataView(out.buffer, out.byteOffset).setUint32(17, crc32c(out, CRC_FROM));
  return out;
}

/** Bytes of a record's own: key, value, names and values of headers. */
export function recordBytes({ key, headers, value }: RecordToSend): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.name.length + (header.value?.length ?? 0);
  return bytes;
}

function compress(codec: SendCodec, content: Uint8Array): Uint8Array {
  if (codec === 'none') return content;
  return codec === 'gzip' ? gzipSync(content) : zstdCompressSync(content);
}

function encodeRecords(records: readonly RecordToSend[], base: bigint): Uint8Array {
  const out = new ByteWriter();
  for (const [index, record] of records.entries()) {
    const body = new ByteWriter().int8(0);
    // Java's longs wrap, so that any two timestamps have a difference.
    varlong(body, BigInt.asIntN(64, record.timestamp - base));
    varlong(body, BigInt(index));
    sized(body, record.key);
    sized(body, record.value);
    varlong(body, BigInt(record.headers.length));
    for (const header of record.headers) encodeHeader(body, header);
    const bytes = body.bytes();
    varlong(out, BigInt(bytes.length));
    out.raw(bytes);
  }
  return out.bytes();
}

function encodeHeader(out: ByteWriter, { name, value }: Header): void {
  sized(out, name);
  sized(out, value);
}

function sized(out: ByteWriter, bytes: Uint8Array | null): void {
  varlong(out, BigInt(bytes === null ? -1 : bytes.length));
  if (bytes !== null) out.raw(bytes);
}

/** Zigzag, of at most 64 bits. A varint of 32 bits has the same bytes. */
function varlong(out: ByteWriter, value: bigint): void {
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left >= 0x80n; left >>= 7n) out.int8(Number(left & 0x7fn) | 0x80);
  out.int8(Number(left));
}
