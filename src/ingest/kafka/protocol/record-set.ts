// Which records and which seen offsets are in the bytes that a fetch brought for one partition?
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FormatError } from '../../../base/error.ts';
import { compressionOf } from './codecs.ts';
import { type ContentPieces, contentOf } from './content.ts';
import { MessageReader } from './message-set.ts';
import {
  type DecodedPart,
  OpenPart,
  RecordList,
  type RecordSink,
  type UndecodableRange,
} from './open-part.ts';
import { BATCH_PREFIX_BYTES, checkBatchCrc, MAGIC_AT, readBatchHeader } from './record-batch.ts';
import { isAbortMarker, type ReadState, RecordReader } from './records.ts';
import type { AbortedProducers } from './transactions.ts';
import { RecordTooLarge, Undecodable } from './undecodable.ts';
import { ByteReader } from './wire.ts';

export type DecodeLimits = {
  /** Key, headers and value of one record: a larger one isn't held. */
  readonly recordBytesMax: number;
  readonly checkCrc: boolean;
};

/**
 * Decodes the record set of a fetch at offset `from`, in parts, and lets the event loop have its turn between
 * two of them. Each part's records go into a sink of its own. A part without anything is a sign of life. A
 * batch that the response cuts off is left for the next fetch. Never throws: what can't be decoded ends the
 * last part, and of what is in that part nothing of a broken batch.
 */
export async function* decodeRecordSetInto<R>(
  newSink: () => RecordSink<R>,
  bytes: Uint8Array,
  from: number,
  aborted: AbortedProducers,
  limits: DecodeLimits,
): AsyncGenerator<DecodedPart<R>, void, undefined> {
  let part = new OpenPart(from, newSink());
  for (let at = 0; at < bytes.length; ) {
    const end = batchEnd(bytes, at);
    if (end === null) {
      // Brokers send the first batch whole, however large it is (KIP-74).
      if (at === 0) yield part.close({ offset: from, last: from, reason: 'not one whole batch came' });
      return;
    }
    let undo = part.mark();
    let batch: Batch | null = null;
    try {
      const opening = openBatch({ bytes, at, end, part, from, aborted, limits });
      batch = opening instanceof Promise ? await opening : opening;
      for (let state = batch.read(part); state !== 'end'; state = batch.read(part)) {
        if (state === 'more' && !(await batch.feed?.())) continue;
        yield part.close(null);
        part = new OpenPart(part.next, newSink());
        undo = part.mark();
        await nextTurn();
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (!(error instanceof RecordTooLarge)) undo();
      yield part.close(undecodableOf(error, part.next, bytes, end));
      return;
    } finally {
      const closing = batch?.close?.();
      if (closing !== undefined) await closing;
    }
    at = end;
    const isLast = at === bytes.length || batchEnd(bytes, at) === null;
    if (!part.isFull && !isLast) continue;
    yield part.close(null);
    if (isLast) return;
    part = new OpenPart(part.next, newSink());
    await nextTurn();
  }
}

/** The same, each record as an object. */
export const decodeRecordSet = (
  ...set: [bytes: Uint8Array, from: number, aborted: AbortedProducers, limits: DecodeLimits]
): AsyncGenerator<DecodedPart, void, undefined> => decodeRecordSetInto(() => new RecordList(), ...set);

function undecodableOf(error: FormatError, next: number, bytes: Uint8Array, end: number): UndecodableRange {
  const reason = error.message;
  if (error instanceof RecordTooLarge) {
    const { offset, tooLarge } = error;
    return { offset, last: offset, reason, tooLarge };
  }
  return { offset: next, last: lastOf(bytes, end, next), reason };
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

type Batch = {
  /** Adds to the part what fits. Throws FormatError. */
  read(part: OpenPart<unknown>): ReadState;
  /** After `more`: gets more to read. True: this takes long, so what there is should be handed on first. */
  feed?(): Promise<boolean>;
  close?(): Promise<unknown> | undefined;
};

type BatchBytes = {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  readonly part: OpenPart<unknown>;
  readonly from: number;
  readonly aborted: AbortedProducers;
  readonly limits: DecodeLimits;
};

/** A promise only where another thread opens it. */
function openBatch(all: BatchBytes): Batch | Promise<Batch> {
  const { bytes, at, end, part, aborted, limits } = all;
  const magic = bytes[at + MAGIC_AT] as number;
  if (magic < 2) return MessageReader.open(bytes, at, end, all.from, limits.checkCrc);
  if (magic > 2) throw new Undecodable(`a batch of format ${magic}, which is not known`);
  if (limits.checkCrc) checkBatchCrc(bytes, at, end);
  const header = readBatchHeader(bytes, at, end);
  part.leaderEpoch = header.leaderEpoch;
  const isAborted = aborted.covers(header);
  const seenAs = isAborted ? 'aborted' : header.control ? 'control' : null;
  const { recordBytesMax } = limits;
  const reader = new RecordReader({ header, from: all.from, recordBytesMax, seenAs });
  const packed = bytes.subarray(header.recordsAt, end);
  const opened = (content: Uint8Array | ContentPieces): Batch => {
    if (content instanceof Uint8Array) {
      reader.push(content);
      reader.end();
      if (isAbortMarker(header, content)) aborted.end(header.producerId);
    } else if (header.control) throw new Undecodable('a control batch that is too large to be one');
    return new ReadBatch(reader, header.lastOffset, content instanceof Uint8Array ? null : content);
  };
  const codec = compressionOf(header.attributes);
  const content = codec === null ? packed : contentOf(codec, packed);
  return content instanceof Promise ? content.then(opened) : opened(content);
}

/** So much content may pass without a record that is wanted, before the one who asked hears of it. */
const PIECES_MAX = 8;

class ReadBatch implements Batch {
  readonly #reader: RecordReader;
  readonly #lastOffset: number;
  readonly #pieces: ContentPieces | null;
  #fed = 0;

  constructor(reader: RecordReader, lastOffset: number, pieces: ContentPieces | null) {
    this.#reader = reader;
    this.#lastOffset = lastOffset;
    this.#pieces = pieces;
  }

  read(part: OpenPart<unknown>): ReadState {
    const state = this.#reader.read(part);
    if (state === 'end') part.passed(this.#lastOffset);
    return state;
  }

  async feed(): Promise<boolean> {
    const next = await this.#pieces?.next();
    if (next === undefined || next.done === true) {
      this.#reader.end();
      return false;
    }
    this.#reader.push(next.value);
    this.#fed = next.value.length === 0 ? PIECES_MAX : this.#fed + 1;
    // The last records stay until the content is seen to end with them.
    if (this.#fed < PIECES_MAX || this.#reader.isComplete) return false;
    this.#fed = 0;
    return true;
  }

  close(): Promise<unknown> | undefined {
    return this.#pieces?.return();
  }
}
