// What does one record batch of format 2 hold? (Kafka documentation, "Record Batch"; Kafka 0.11 and later
// write it)
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
