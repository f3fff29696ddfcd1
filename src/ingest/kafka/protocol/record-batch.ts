// What does one record batch of format 2 hold? (Kafka documentation, "Record Batch"; Kafka 0.11 and later
// write it)
import { EMPTY } from '../../../base/bytes.ts';
import type { Header, KafkaRecord } from '../../../format/record.ts';
import { crc32c } from './crc32c.ts';
import { Undecodable } from './undecodable.ts';
import { ByteReader } from './wire.ts';

/** Base offset and length: what stands before the bytes that the length counts. */
export const BATCH_PREFIX_BYTES = 12;
export const MAGIC_AT = 16;
const CRC_AT = 17;
const CHECKED_FROM = 21;
const RECORDS_AT = 61;

const APPEND_TIME_FLAG = 0x08;
const TRANSACTIONAL_FLAG = 0x10;
const CONTROL_FLAG = 0x20;

export type BatchHeader = {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly appendTime: boolean;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly count: number;
  /** Where the records begin, compressed or not. */
  readonly recordsAt: number;
  readonly end: number;
};

/** The header of the batch at `[at, end)`. Throws Undecodable. */
export function readBatchHeader(bytes: Uint8Array, at: number, end: number): BatchHeader {
  if (end - at < RECORDS_AT) throw new Undecodable(`a record batch of ${end - at} bytes is too short`);
  const reader = new ByteReader(bytes, at, end);
  const baseOffset = reader.nearInt64();
  reader.at = at + BATCH_PREFIX_BYTES;
  const leaderEpoch = reader.int32();
  reader.at = at + CHECKED_FROM;
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  // The greatest offset that can be archived is 2^53 − 2: the one after it must be an exact integer too.
  if (baseOffset < 0 || lastOffset < baseOffset || lastOffset >= Number.MAX_SAFE_INTEGER) {
    throw new Undecodable('the offsets of its batch lie beyond 2^53 − 2');
  }
  const firstTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = reader.int64();
  // The producer's epoch and the first sequence lie between.
  reader.at += 6;
  const count = reader.int32();
  return {
    baseOffset,
    lastOffset,
    leaderEpoch,
    attributes,
    appendTime: (attributes & APPEND_TIME_FLAG) !== 0,
    transactional: (attributes & TRANSACTIONAL_FLAG) !== 0,
    control: (attributes & CONTROL_FLAG) !== 0,
    firstTimestamp,
    maxTimestamp,
    producerId,
    count,
    recordsAt: reader.at,
    end,
  };
}

/** Throws Undecodable unless the batch at `[at, end)` is what its producer wrote. */
export function checkBatchCrc(bytes: Uint8Array, at: number, end: number): void {
  const stated = new DataView(bytes.buffer, bytes.byteOffset + at + CRC_AT, 4).getUint32(0);
  const computed = crc32c(bytes, at + CHECKED_FROM, end);
  if (stated !== computed) {
    throw new Undecodable(`the batch has CRC-32C ${computed.toString(16)} and says ${stated.toString(16)}`);
  }
}

const NO_HEADERS: readonly Header[] = [];

/**
 * Appends the batch's records from offset `from` on. Keys, headers and values are views into `content`.
 * Throws Undecodable, or FormatError where the bytes end too early.
 */
export function readRecords(
  header: BatchHeader,
  content: Uint8Array,
  from: number,
  out: KafkaRecord[],
): void {
  const { baseOffset, firstTimestamp, appendTime, maxTimestamp } = header;
  const timestampType = appendTime ? 'append' : 'create';
  const reader = new ByteReader(content);
  const offsets = new OffsetOrder(header);
  let lastDelta: number | null = 0;
  let timestamp = appendTime ? maxTimestamp : firstTimestamp;
  for (let left = header.count; left > 0; left--) {
    const end = recordEnd(reader);
    const delta = reader.smallVarlong();
    if (delta === null) {
      const exact = reader.varlong();
      if (!appendTime) timestamp = BigInt.asIntN(64, firstTimestamp + exact);
    } else if (delta !== lastDelta && !appendTime) {
      timestamp = BigInt.asIntN(64, firstTimestamp + BigInt(delta));
    }
    lastDelta = delta;
    const offset = baseOffset + offsets.next(reader.varint());
    if (offset < from) {
      reader.at = end;
      continue;
    }
    const key = nullableBytes(reader);
    const value = nullableBytes(reader);
    const headers = readHeaders(reader);
    if (reader.at !== end) throw new Undecodable(`the record at offset ${offset} is not as long as it says`);
    out.push({ offset, timestamp, timestampType, key, headers, value });
  }
  atEnd(reader);
}

/** The offset of each record, where nothing else of them matters. */
export function readOffsets(header: BatchHeader, content: Uint8Array): number[] {
  const reader = new ByteReader(content);
  const offsets = new OffsetOrder(header);
  const found: number[] = [];
  for (let left = header.count; left > 0; left--) {
    const end = recordEnd(reader);
    if (reader.smallVarlong() === null) reader.varlong();
    found.push(header.baseOffset + offsets.next(reader.varint()));
    reader.at = end;
  }
  atEnd(reader);
  return found;
}

const ABORT = 0;

/** A control batch that aborts a transaction (Kafka's ControlRecordType). */
export function isAbortMarker(header: BatchHeader, content: Uint8Array): boolean {
  if (!header.control || header.count < 1) return false;
  const reader = new ByteReader(content);
  recordEnd(reader);
  if (reader.smallVarlong() === null) reader.varlong();
  reader.varint();
  const key = nullableBytes(reader);
  return key !== null && key.length >= 4 && key[2] === 0 && key[3] === ABORT;
}

/** Takes a record's length and attributes; where the record ends. */
function recordEnd(reader: ByteReader): number {
  const length = reader.varint();
  const end = reader.at + length;
  if (length < 1 || end > reader.end) throw new Undecodable('a record is longer than its batch');
  reader.int8();
  return end;
}

function nullableBytes(reader: ByteReader): Uint8Array | null {
  const length = reader.varint();
  if (length < 0) return null;
  return length === 0 ? EMPTY : reader.view(length);
}

function readHeaders(reader: ByteReader): readonly Header[] {
  const count = reader.varint();
  if (count === 0) return NO_HEADERS;
  // A header takes two bytes at least, so a count is refused before it allocates.
  if (count < 0 || count * 2 > reader.end - reader.at)
    throw new Undecodable(`a record with ${count} headers`);
  const headers: Header[] = [];
  for (let left = count; left > 0; left--) {
    const name = nullableBytes(reader);
    if (name === null) throw new Undecodable('a header without a name');
    headers.push({ name, value: nullableBytes(reader) });
  }
  return headers;
}

function atEnd(reader: ByteReader): void {
  if (reader.at !== reader.end) throw new Undecodable('bytes are left after the last record of a batch');
}

/** Offsets ascend within a batch and stay within its range: the numbering of lines depends on it. */
class OffsetOrder {
  readonly #last: number;
  #before = -1;

  constructor(header: BatchHeader) {
    this.#last = header.lastOffset - header.baseOffset;
  }

  next(delta: number): number {
    if (delta <= this.#before || delta > this.#last)
      throw new Undecodable('the offsets within its batch are out of order');
    this.#before = delta;
    return delta;
  }
}
