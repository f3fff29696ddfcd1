// What do the messages of the formats before record batches hold? (magic 0 and 1: topics written by Kafka
// before 0.11)
import { crc32 } from 'node:zlib';
import { FormatError } from '../../../base/error.ts';
import type { KafkaRecord } from '../../../format/record.ts';
import { compressionOf, decompress } from './codecs.ts';
import { BATCH_PREFIX_BYTES } from './record-batch.ts';
import { Undecodable } from './undecodable.ts';
import { ByteReader } from './wire.ts';

const APPEND_TIME_FLAG = 0x08;
/** What Kafka says for the timestamp of a message that has none. */
const NO_TIMESTAMP = -1n;

type Message = KafkaRecord & { readonly magic: number; readonly attributes: number };

/**
 * The records of the message at `[at, end)`, from offset `from` on: itself, or what is compressed in it.
 * Throws, or rejects with, Undecodable or FormatError.
 */
export async function readMessage(
  bytes: Uint8Array,
  at: number,
  end: number,
  from: number,
  limits: { readonly contentBytesMax: number; readonly checkCrc: boolean },
): Promise<{ records: KafkaRecord[]; lastOffset: number }> {
  const outer = readOne(bytes, at, end, limits.checkCrc);
  const codec = compressionOf(outer.attributes);
  if (codec === null)
    return { records: outer.offset >= from ? [recordOf(outer)] : [], lastOffset: outer.offset };
  if (outer.value === null) throw new Undecodable('a compressed message without content');
  const content = await decompress(codec, outer.value, limits.contentBytesMax);
  const inner: Message[] = [];
  for (let next = 0; next < content.length; ) {
    const innerEnd = next + BATCH_PREFIX_BYTES + new ByteReader(content, next + 8).int32();
    if (innerEnd <= next + BATCH_PREFIX_BYTES || innerEnd > content.length)
      throw new FormatError('a message is cut off');
    inner.push(readOne(content, next, innerEnd, limits.checkCrc));
    next = innerEnd;
  }
  const last = inner.at(-1);
  if (last === undefined) throw new Undecodable('a compressed message without content');
  // Format 1 numbers inner messages from 0 and gives the outer one the offset of the last; format 0 keeps
  // offsets.
  const shift = outer.magic === 0 ? 0 : outer.offset - last.offset;
  const append = outer.timestampType === 'append';
  const records: KafkaRecord[] = [];
  for (const message of inner) {
    const offset = message.offset + shift;
    if (!isOffset(offset)) throw new Undecodable('the offset of a message lies beyond 2^53 − 2');
    const stamped = append ? { timestamp: outer.timestamp, timestampType: outer.timestampType } : {};
    if (offset >= from) records.push({ ...recordOf(message), ...stamped, offset });
  }
  return { records, lastOffset: last.offset + shift };
}

const isOffset = (offset: number): boolean => offset >= 0 && offset < Number.MAX_SAFE_INTEGER;

function readOne(bytes: Uint8Array, at: number, end: number, checkCrc: boolean): Message {
  const reader = new ByteReader(bytes, at, end);
  const offset = reader.nearInt64();
  reader.int32();
  const crc = reader.uint32();
  if (checkCrc && crc32(bytes.subarray(reader.at, end)) !== crc)
    throw new Undecodable('the CRC-32 of a message is wrong');
  const magic = reader.int8();
  if (magic !== 0 && magic !== 1) throw new Undecodable(`a message of format ${magic}, which is not known`);
  if (!isOffset(offset)) throw new Undecodable('the offset of a message lies beyond 2^53 − 2');
  const attributes = reader.int8();
  const timestamp = magic === 1 ? reader.int64() : NO_TIMESTAMP;
  const timestampType = magic === 1 && attributes & APPEND_TIME_FLAG ? 'append' : 'create';
  const key = nullable(reader);
  const value = nullable(reader);
  if (reader.at !== end) throw new Undecodable('a message is not as long as it says');
  return { offset, timestamp, timestampType, key, headers: [], value, magic, attributes };
}

function nullable(reader: ByteReader): Uint8Array | null {
  const length = reader.int32();
  return length < 0 ? null : reader.view(length);
}

const recordOf = ({ offset, timestamp, timestampType, key, headers, value }: Message): KafkaRecord => ({
  offset,
  timestamp,
  timestampType,
  key,
  headers,
  value,
});
