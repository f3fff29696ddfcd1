// Which records and which seen offsets are in the bytes that a fetch brought for one partition?
import { FormatError } from '../../../base/error.ts';
import { MIB } from '../../../base/limits.ts';
import type { KafkaRecord } from '../../../format/record.ts';
import type { SeenOffsets } from '../../source.ts';
import { compressionOf, decompress } from './codecs.ts';
import { readMessage } from './message-set.ts';
import {
  BATCH_PREFIX_BYTES,
  type BatchHeader,
  checkBatchCrc,
  isAbortMarker,
  MAGIC_AT,
  readBatchHeader,
  readOffsets,
  readRecords,
} from './record-batch.ts';
import { type AbortedProducers, SeenRuns } from './transactions.ts';
import { Undecodable } from './undecodable.ts';
import { ByteReader } from './wire.ts';

export type DecodeLimits = {
  /** Decompressed bytes of one batch: a larger one isn't opened. */
  readonly contentBytesMax: number;
  readonly checkCrc: boolean;
};

export type DecodedPart = {
  readonly records: readonly KafkaRecord[];
  readonly seen: readonly SeenOffsets[];
  /**
   * Where the next fetch goes on: one past the last *batch*, whose last offsets a compaction may have
   * emptied.
   */
  readonly next: number;
  readonly leaderEpoch: number;
  /** The batch after these, `[offset, last]`, can't become records. Nothing of these bytes follows it. */
  readonly undecodable: { readonly offset: number; readonly last: number; readonly reason: string } | null;
};

/** A part ends when its records hold this much: a decompressed fetch can be many times its size. */
const PART_BYTES = 4 * MIB;

/**
 * Decodes the record set of a fetch at offset `from`, in parts. A batch that the response cuts off is left
 * for the next fetch. Never throws: what can't be decoded ends the last part.
 */
export async function* decodeRecordSet(
  bytes: Uint8Array,
  from: number,
  aborted: AbortedProducers,
  limits: DecodeLimits,
): AsyncGenerator<DecodedPart, void, undefined> {
  let open = new OpenPart(from);
  for (let at = 0; at < bytes.length; ) {
    const end = batchEnd(bytes, at);
    if (end === null) {
      // Brokers send the first batch whole, however large it is (KIP-74).
      if (at === 0) yield open.close({ offset: from, last: from, reason: 'not one whole batch came' });
      return;
    }
    try {
      const taken = takeBatch(bytes, at, end, open, from, aborted, limits);
      if (taken instanceof Promise) await taken;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      yield open.close({ offset: open.next, last: lastOf(bytes, end, open.next), reason: error.message });
      return;
    }
    at = end;
    if (open.bytes >= PART_BYTES || at === bytes.length || batchEnd(bytes, at) === null) {
      yield open.close(null);
      open = new OpenPart(open.next);
    }
  }
}

/** Where the batch or message at `at` ends; null when not all of it came. */
function batchEnd(bytes: Uint8Array, at: number): number | null {
  if (at + MAGIC_AT + 1 > bytes.length) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset + at + 8, 4).getInt32(0);
  const end = at + BATCH_PREFIX_BYTES + length;
  return length <= MAGIC_AT - BATCH_PREFIX_BYTES || end > bytes.length ? null : end;
}

/** The last offset of a batch whose own header can't be trusted: the next one begins after it. */
function lastOf(bytes: Uint8Array, end: number, offset: number): number {
  if (end + 8 > bytes.length) return offset;
  const last = new ByteReader(bytes, end).nearInt64() - 1;
  return last >= offset && last < Number.MAX_SAFE_INTEGER ? last : offset;
}

class OpenPart {
  next: number;
  bytes = 0;
  leaderEpoch = -1;
  readonly records: KafkaRecord[] = [];
  readonly seen = new SeenRuns();

  constructor(next: number) {
    this.next = next;
  }

  /** A whole batch was taken. */
  passed(lastOffset: number, bytes: number): void {
    this.next = Math.max(this.next, lastOffset + 1);
    this.bytes += bytes;
  }

  close(undecodable: DecodedPart['undecodable']): DecodedPart {
    const { records, seen, next, leaderEpoch } = this;
    return { records, seen: seen.runs, next, leaderEpoch, undecodable };
  }
}

/** Adds one batch to the part, whole or not at all. A promise only where another thread opens it. */
function takeBatch(
  bytes: Uint8Array,
  at: number,
  end: number,
  open: OpenPart,
  from: number,
  aborted: AbortedProducers,
  limits: DecodeLimits,
): Promise<void> | undefined {
  const magic = bytes[at + MAGIC_AT] as number;
  if (magic < 2) {
    return readMessage(bytes, at, end, from, limits).then(({ records, lastOffset }) => {
      for (const record of records) open.records.push(record);
      open.passed(lastOffset, end - at);
    });
  }
  if (magic > 2) throw new Undecodable(`a batch of format ${magic}, which is not known`);
  if (limits.checkCrc) checkBatchCrc(bytes, at, end);
  const header = readBatchHeader(bytes, at, end);
  const finish = (content: Uint8Array): void => {
    takeContent(header, content, open, from, aborted);
    open.leaderEpoch = header.leaderEpoch;
    open.passed(header.lastOffset, content.length);
  };
  const packed = bytes.subarray(header.recordsAt, end);
  const codec = compressionOf(header.attributes);
  const content = codec === null ? packed : decompress(codec, packed, limits.contentBytesMax);
  if (content instanceof Promise) return content.then(finish);
  finish(content);
  return undefined;
}

function takeContent(
  header: BatchHeader,
  content: Uint8Array,
  open: OpenPart,
  from: number,
  aborted: AbortedProducers,
): void {
  const thrownAway = aborted.covers(header);
  if (thrownAway || header.control) {
    const offsets = readOffsets(header, content);
    for (const offset of offsets) {
      if (offset >= from) open.seen.add(offset, thrownAway ? 'aborted' : 'control');
    }
    if (isAbortMarker(header, content)) aborted.end(header.producerId);
    return;
  }
  const before = open.records.length;
  try {
    readRecords(header, content, from, open.records);
  } catch (error) {
    open.records.length = before;
    throw error;
  }
}
