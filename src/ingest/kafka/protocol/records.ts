// How do records come out of a batch's content, while that comes piece by piece?
import { concatBytes, EMPTY } from '../../../base/bytes.ts';
import { MIB } from '../../../base/limits.ts';
import type { Header } from '../../../format/record.ts';
import type { SeenOffsets } from '../../source.ts';
import type { OpenPart } from './open-part.ts';
import type { BatchHeader } from './record-batch.ts';
import { RecordTooLarge, Undecodable } from './undecodable.ts';
import { ByteReader } from './wire.ts';

/** `more`: the next piece is needed. `full`: the part has enough. `end`: all of the batch was taken. */
export type ReadState = 'more' | 'full' | 'end';

export type RecordReaderOptions = {
  readonly header: BatchHeader;
  /** Records below this offset are left out. */
  readonly from: number;
  /** Of key, headers and value of a record. */
  readonly recordBytesMax: number;
  /** Only offsets matter: they are seen as this. */
  readonly seenAs: SeenOffsets['kind'] | null;
};

/** Length, attributes, timestamp and offset of a record, at most. */
const HEAD_BYTES_MAX = 21;
/**
 * What lengths and counts add to key, headers and value: a header adds two bytes or more, and a line has at
 * most six million headers.
 */
const LENGTHS_BYTES_MAX = 16 * MIB;
/** More of them are not worth their memory: each becomes an object, while it takes two bytes in a batch. */
export const RECORD_HEADERS_MAX = 100_000;

/** Holds one piece of content, or one record within its limits. Records are views into what it got. */
export class RecordReader {
  readonly #options: RecordReaderOptions;
  readonly #reader = new Pieces();
  #left: number;
  #deltaBefore = -1;
  #timestamp: bigint;
  #timestampDelta: number | null = 0;

  constructor(options: RecordReaderOptions) {
    const { count, appendTime, maxTimestamp, firstTimestamp } = options.header;
    this.#options = options;
    this.#left = count;
    this.#timestamp = appendTime ? maxTimestamp : firstTimestamp;
  }

  /** Every record was taken; whether the content ends there may not be known. */
  get isComplete(): boolean {
    return this.#left <= 0;
  }

  push(piece: Uint8Array): void {
    this.#reader.push(piece);
  }

  /** No piece follows. */
  end(): void {
    this.#reader.isLast = true;
  }

  /** Throws Undecodable, or FormatError where the bytes end too early; RecordTooLarge for one record. */
  read(part: OpenPart<unknown>): ReadState {
    const pieces = this.#reader;
    if (!pieces.join()) return 'more';
    while (this.#left > 0) {
      if (part.isFull) return 'full';
      if (this.#readRun(pieces, part)) continue;
      if (!this.#readOne(pieces, part)) return 'more';
      this.#left -= 1;
    }
    if (pieces.hasMore) throw new Undecodable('bytes are left after the last record of a batch');
    return pieces.isLast ? 'end' : 'more';
  }

  /** Reads many at once, if the part's sink can; false: it read none. */
  #readRun({ reader }: Pieces, part: OpenPart<unknown>): boolean {
    const { header, from, seenAs } = this.#options;
    if (seenAs !== null) return false;
    const { baseOffset, lastOffset, appendTime, maxTimestamp, firstTimestamp } = header;
    const run = part.takesRun(reader.bytes, reader.at, this.#left, {
      baseOffset,
      lastDelta: lastOffset - baseOffset,
      deltaBefore: this.#deltaBefore,
      from,
      timestamp: appendTime ? maxTimestamp : firstTimestamp,
      appendTime,
    });
    if (run === null) return false;
    reader.at = run.contentEnd;
    this.#left -= run.looked;
    this.#deltaBefore = run.deltaEnd;
    return true;
  }

  /** False: more of it has to come. */
  #readOne(pieces: Pieces, part: OpenPart<unknown>): boolean {
    const { header, from, seenAs } = this.#options;
    const { reader } = pieces;
    const start = reader.at;
    if (pieces.lacks(HEAD_BYTES_MAX)) return false;
    const length = reader.varint();
    const end = reader.at + length;
    if (length < 1 || (end > reader.end && pieces.isLast))
      throw new Undecodable('a record is longer than its batch');
    reader.int8();
    const delta = reader.smallVarlong();
    const exactDelta = delta === null ? reader.varlong() : 0n;
    const offsetDelta = reader.varint();
    this.#checkOrder(offsetDelta);
    const offset = header.baseOffset + offsetDelta;
    if (offset < from || seenAs !== null) {
      if (reader.at > end) throw notAsLong(offset);
      if (seenAs !== null && offset >= from) part.sees(offset, seenAs);
      part.looked(Math.min(end, reader.end) - start);
      pieces.skipTo(end);
      this.#deltaBefore = offsetDelta;
      return true;
    }
    if (length > this.#options.recordBytesMax + LENGTHS_BYTES_MAX)
      throw new RecordTooLarge(offset, { bytes: length });
    if (end > reader.end) {
      reader.at = start;
      pieces.lacks(end - start);
      return false;
    }
    this.#setTimestamp(delta, exactDelta);
    const key = nullableBytes(reader);
    const value = nullableBytes(reader);
    const headers = readHeaders(reader, end, offset);
    if (reader.at !== end) throw notAsLong(offset);
    const timestampType = header.appendTime ? 'append' : 'create';
    part.takes({ offset, timestamp: this.#timestamp, timestampType, key, headers, value });
    part.looked(end - start);
    this.#deltaBefore = offsetDelta;
    return true;
  }

  /** Offsets ascend within a batch and stay within its range: the numbering of lines depends on it. */
  #checkOrder(delta: number): void {
    const { baseOffset, lastOffset } = this.#options.header;
    if (delta <= this.#deltaBefore || delta > lastOffset - baseOffset)
      throw new Undecodable('the offsets within its batch are out of order');
  }

  #setTimestamp(delta: number | null, exactDelta: bigint): void {
    const { appendTime, firstTimestamp } = this.#options.header;
    if (appendTime) return;
    if (delta === null || delta !== this.#timestampDelta)
      this.#timestamp = BigInt.asIntN(64, firstTimestamp + (delta === null ? exactDelta : BigInt(delta)));
    this.#timestampDelta = delta;
  }
}

/** Pieces of content as one run of bytes, as far as they came. */
class Pieces {
  reader = new ByteReader(EMPTY);
  isLast = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #neededBytes = 0;
  /** The end of a record that is left out, in pieces that have not come. */
  #skipBytes = 0;

  push(piece: Uint8Array): void {
    const skipped = Math.min(this.#skipBytes, piece.length);
    this.#skipBytes -= skipped;
    if (skipped === piece.length) return;
    this.#waiting.push(skipped === 0 ? piece : piece.subarray(skipped));
    this.#waitingBytes += piece.length - skipped;
  }

  get #leftBytes(): number {
    return this.reader.end - this.reader.at;
  }

  get hasMore(): boolean {
    return this.#leftBytes > 0 || this.#waitingBytes > 0;
  }

  /** Makes what came readable; false: it is not enough. */
  join(): boolean {
    if (this.isLast && this.#skipBytes > 0) throw new Undecodable('a record is longer than its batch');
    if (!this.isLast && this.#leftBytes + this.#waitingBytes < this.#neededBytes) return false;
    if (this.#waitingBytes === 0) return true;
    const { bytes, at, end } = this.reader;
    const parts = at === end ? this.#waiting : [bytes.subarray(at, end), ...this.#waiting];
    this.reader = new ByteReader(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts));
    this.#waiting = [];
    this.#waitingBytes = 0;
    return true;
  }

  /** Notes that so many bytes have to be there before anything is read. True: they are not. */
  lacks(bytes: number): boolean {
    this.#neededBytes = bytes;
    return !this.isLast && this.#leftBytes < bytes;
  }

  skipTo(end: number): void {
    const { reader } = this;
    this.#skipBytes = Math.max(end - reader.end, 0);
    reader.at = Math.min(end, reader.end);
  }
}

const ABORT = 0;

/** A control batch that aborts a transaction (Kafka's ControlRecordType). */
export function isAbortMarker(header: BatchHeader, content: Uint8Array): boolean {
  if (!header.control || header.count < 1) return false;
  const reader = new ByteReader(content);
  reader.varint();
  reader.int8();
  if (reader.smallVarlong() === null) reader.varlong();
  reader.varint();
  const key = nullableBytes(reader);
  return key !== null && key.length >= 4 && key[2] === 0 && key[3] === ABORT;
}

const notAsLong = (offset: number) =>
  new Undecodable(`the record at offset ${offset} is not as long as it says`);

function nullableBytes(reader: ByteReader): Uint8Array | null {
  const length = reader.varint();
  if (length < 0) return null;
  return length === 0 ? EMPTY : reader.view(length);
}

const NO_HEADERS: readonly Header[] = [];

function readHeaders(reader: ByteReader, end: number, offset: number): readonly Header[] {
  const count = reader.varint();
  if (count === 0) return NO_HEADERS;
  // A header takes two bytes at least, so a count is refused before it allocates.
  if (count < 0 || count * 2 > end - reader.at) throw new Undecodable(`a record with ${count} headers`);
  if (count > RECORD_HEADERS_MAX) throw new RecordTooLarge(offset, { headers: count });
  const headers: Header[] = [];
  for (let left = count; left > 0; left--) {
    const name = nullableBytes(reader);
    if (name === null) throw new Undecodable('a header without a name');
    headers.push({ name, value: nullableBytes(reader) });
  }
  return headers;
}
