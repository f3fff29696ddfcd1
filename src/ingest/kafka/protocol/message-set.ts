// What do the messages of the formats before record batches hold? (magic 0 and 1: topics written by Kafka
// before 0.11)
import { crc32 } from 'node:zlib';
import { EMPTY } from '../../../base/bytes.ts';
import { FormatError } from '../../../base/error.ts';
import { MIB } from '../../../base/limits.ts';
import type { KafkaRecord } from '../../../format/record.ts';
import { compressionOf, decompress } from './codecs.ts';
import type { OpenPart } from './open-part.ts';
import { BATCH_PREFIX_BYTES } from './record-batch.ts';
import { Undecodable } from './undecodable.ts';
import { ByteReader } from './wire.ts';

const APPEND_TIME_FLAG = 0x08;
/** What Kafka says for the timestamp of a message that has none. */
const NO_TIMESTAMP = -1n;

/** Decompressed: the offsets of format 1 count back from the last message, so all must be there. */
const CONTENT_BYTES_MAX = 64 * MIB;

type Message = KafkaRecord & { readonly magic: number; readonly attributes: number };

/** Gives the records of one message, from offset `from` on: itself, or what is compressed in it. */
export class MessageReader {
  readonly #outer: Message;
  readonly #content: Uint8Array;
  readonly #from: number;
  readonly #checkCrc: boolean;
  readonly #shift: number;
  readonly #lastOffset: number;
  #at = 0;

  /** Of the message at `[at, end)`. Throws, or rejects with, Undecodable or FormatError. */
  static open(
    bytes: Uint8Array,
    at: number,
    end: number,
    from: number,
    checkCrc: boolean,
  ): MessageReader | Promise<MessageReader> {
    const outer = readOne(bytes, at, end, checkCrc);
    const codec = compressionOf(outer.attributes);
    if (codec === null) return new MessageReader(outer, null, from, checkCrc);
    if (outer.value === null) throw noContent();
    const content = decompress(codec, outer.value, CONTENT_BYTES_MAX);
    return content instanceof Promise
      ? content.then((whole) => new MessageReader(outer, whole, from, checkCrc))
      : new MessageReader(outer, content, from, checkCrc);
  }

  /** `content`: null where it is not compressed. */
  private constructor(outer: Message, content: Uint8Array | null, from: number, checkCrc: boolean) {
    this.#outer = outer;
    this.#from = from;
    this.#checkCrc = checkCrc;
    this.#content = content ?? EMPTY;
    const last = content === null ? outer.offset : lastInnerOffset(content);
    // Format 1 numbers inner messages from 0 and gives the outer one the offset of the last; format 0 keeps
    // offsets.
    this.#shift = outer.magic === 0 ? 0 : outer.offset - last;
    this.#lastOffset = last + this.#shift;
    if (content === null) this.#at = -1;
  }

  /** Throws Undecodable or FormatError. */
  read(part: OpenPart<unknown>): 'full' | 'end' {
    if (this.#at < 0) this.#take(part, this.#outer);
    while (this.#at >= 0 && this.#at < this.#content.length) {
      if (part.isFull) return 'full';
      const end = innerEnd(this.#content, this.#at);
      const message = readOne(this.#content, this.#at, end, this.#checkCrc);
      const { timestamp, timestampType } = this.#outer;
      const stamped = timestampType === 'append' ? { timestamp, timestampType } : {};
      part.looked(end - this.#at);
      this.#take(part, { ...message, ...stamped, offset: message.offset + this.#shift });
      this.#at = end;
    }
    part.passed(this.#lastOffset);
    return 'end';
  }

  #take(part: OpenPart<unknown>, message: Message): void {
    if (!isOffset(message.offset)) throw beyond();
    if (message.offset >= this.#from) part.takes(recordOf(message));
  }
}

/** Where the inner message at `at` ends. */
function innerEnd(content: Uint8Array, at: number): number {
  const end = at + BATCH_PREFIX_BYTES + new ByteReader(content, at + 8).int32();
  if (end <= at + BATCH_PREFIX_BYTES || end > content.length) throw new FormatError('a message is cut off');
  return end;
}

function lastInnerOffset(content: Uint8Array): number {
  if (content.length === 0) throw noContent();
  let last = 0;
  for (let at = 0; at < content.length; at = innerEnd(content, at)) last = at;
  return new ByteReader(content, last).nearInt64();
}

const noContent = () => new Undecodable('a compressed message without content');
const beyond = () => new Undecodable('the offset of a message lies beyond 2^53 − 2');

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
  if (!isOffset(offset)) throw beyond();
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
