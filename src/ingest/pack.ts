// How do records and gap lines travel to another thread? Packed into one buffer that is transferred, never
// copied again.
import { assert } from '../base/assert.ts';
import { EMPTY, utf8, utf8Text } from '../base/bytes.ts';
import { MIB } from '../base/limits.ts';
import type { GapLine, Header, KafkaRecord } from '../format/record.ts';
import { type Item, recordOf } from './item.ts';

/*
 * Layout, little-endian, no padding. It lives in memory only, between two threads of one process.
 *   record: u8 flags, f64 offset, i64 timestamp, i32 key length, i32 value length, u32 header count,
 *           headers (u32 name length, i32 value length, name, value)…, key, value; a length of -1 is null
 *   gap:    u8 flags, u32 length, JSON of the gap line (rare, and its words are an operator's)
 */
const GAP = 1;
const APPEND_TIME = 2;
const RECORD_HEAD_BYTES = 29;
const HEADER_HEAD_BYTES = 8;
const GAP_HEAD_BYTES = 5;
const NULL_LENGTH = -1;

/** Spare buffers that are kept: as many as are usually on their way. */
const SPARE_MAX = 16;

/**
 * Buffers of the usual size, which go round instead of being allocated for every MiB: what the allocator gets
 * back it rarely gives back to the system.
 */
export class BufferPool {
  readonly usualBytes: number;
  readonly #spare: ArrayBuffer[] = [];

  /** `usualBytes`: what one transfer usually carries, and some more, since growing copies. */
  constructor(usualBytes: number) {
    this.usualBytes = usualBytes;
  }

  take(): ArrayBuffer | undefined {
    return this.#spare.pop();
  }

  /** Takes back a buffer that nobody reads any more. */
  recycle(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.usualBytes && this.#spare.length < SPARE_MAX) this.#spare.push(buffer);
  }
}

/** Packs items one after another until `take`. Grows as needed; one item is never split. */
export class Packer {
  readonly #pool: BufferPool;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  /** `pool`: where buffers come from, or the usual size of those of a pool of its own. */
  constructor(pool: BufferPool | number = MIB + MIB / 4) {
    this.#pool = typeof pool === 'number' ? new BufferPool(pool) : pool;
    this.#bytes = new Uint8Array(0);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get byteLength(): number {
    return this.#length;
  }

  add(item: Item): void {
    if (item.kind === 'record') this.#record(recordOf(item));
    else this.#gap(item.gap);
  }

  /** What was added, at the start of a buffer of its own (transfer `.buffer`); the packer starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const packed = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return packed;
  }

  /** Takes back a buffer that `take` gave away, once nobody reads it. */
  recycle(buffer: ArrayBuffer): void {
    this.#pool.recycle(buffer);
  }

  /** Items that somebody else packed. Returns the index of the first. */
  addPacked(packed: Uint8Array): number {
    const at = this.#reserve(packed.length);
    this.#bytes.set(packed, at);
    return at;
  }

  /** Forgets what begins at this index, and all after it. */
  cut(byteLength: number): void {
    this.#length = byteLength;
  }

  #record(record: KafkaRecord): void {
    const { key, value, headers } = record;
    const keyLength = key === null ? 0 : key.length;
    const valueLength = value === null ? 0 : value.length;
    let size = RECORD_HEAD_BYTES + keyLength + valueLength;
    for (const header of headers)
      size += HEADER_HEAD_BYTES + header.name.length + (header.value?.length ?? 0);
    let at = this.#reserve(size);
    const view = this.#view;
    view.setUint8(at, record.timestampType === 'append' ? APPEND_TIME : 0);
    view.setFloat64(at + 1, record.offset, true);
    view.setBigInt64(at + 9, record.timestamp, true);
    view.setInt32(at + 17, key === null ? NULL_LENGTH : keyLength, true);
    view.setInt32(at + 21, value === null ? NULL_LENGTH : valueLength, true);
    view.setUint32(at + 25, headers.length, true);
    at += RECORD_HEAD_BYTES;
    for (const header of headers) at = this.#header(header, at);
    if (key !== null) this.#bytes.set(key, at);
    if (value !== null) this.#bytes.set(value, at + keyLength);
  }

  #header({ name, value }: Header, start: number): number {
    this.#view.setUint32(start, name.length, true);
    this.#view.setInt32(start + 4, value === null ? NULL_LENGTH : value.length, true);
    const at = start + HEADER_HEAD_BYTES;
    this.#bytes.set(name, at);
    if (value !== null) this.#bytes.set(value, at + name.length);
    return at + name.length + (value?.length ?? 0);
  }

  #gap(gap: GapLine): void {
    const text = utf8(JSON.stringify(gap));
    const at = this.#reserve(GAP_HEAD_BYTES + text.length);
    this.#view.setUint8(at, GAP);
    this.#view.setUint32(at + 1, text.length, true);
    this.#bytes.set(text, at + GAP_HEAD_BYTES);
  }

  /** Room for `size` more bytes; returns where they start. */
  #reserve(size: number): number {
    const start = this.#length;
    const needed = start + size;
    if (needed > this.#bytes.length) {
      const { usualBytes } = this.#pool;
      const spare = needed <= usualBytes ? this.#pool.take() : undefined;
      const grown =
        spare === undefined
          ? unfilled(Math.max(needed, usualBytes, this.#bytes.length * 2))
          : new Uint8Array(spare);
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return start;
  }
}

/** Not zeroed, a third faster: every byte up to the packed length is written, and the rest is never read. */
const unfilled = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer);

export type ItemVisitor = {
  /** Keys, headers and values are views into the packed bytes. */
  record(record: KafkaRecord): void;
  gap(gap: GapLine): void;
};

const NO_HEADERS: readonly Header[] = [];

/**
 * Visits what was packed, in order, from index `from` on and `most` items of it. Nothing is copied. Returns
 * the index after them.
 */
export function unpack(
  packed: Uint8Array<ArrayBuffer>,
  visitor: ItemVisitor,
  from = 0,
  most = Number.POSITIVE_INFINITY,
): number {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = from;
  const bytes = (length: number): Uint8Array => {
    const start = at;
    at += length;
    return length === 0 ? EMPTY : new Uint8Array(packed.buffer, packed.byteOffset + start, length);
  };
  const bytesOrNull = (length: number): Uint8Array | null => (length === NULL_LENGTH ? null : bytes(length));
  const header = (): Header => {
    const nameLength = view.getUint32(at, true);
    const valueLength = view.getInt32(at + 4, true);
    at += HEADER_HEAD_BYTES;
    return { name: bytes(nameLength), value: bytesOrNull(valueLength) };
  };
  for (let left = most; left > 0 && at < packed.length; left--) {
    const flags = view.getUint8(at);
    if (flags === GAP) {
      const length = view.getUint32(at + 1, true);
      at += GAP_HEAD_BYTES;
      visitor.gap(JSON.parse(utf8Text(bytes(length))) as GapLine);
      continue;
    }
    const offset = view.getFloat64(at + 1, true);
    const timestamp = view.getBigInt64(at + 9, true);
    const keyLength = view.getInt32(at + 17, true);
    const valueLength = view.getInt32(at + 21, true);
    const headerCount = view.getUint32(at + 25, true);
    at += RECORD_HEAD_BYTES;
    const headers = headerCount === 0 ? NO_HEADERS : Array.from({ length: headerCount }, header);
    const timestampType = flags === APPEND_TIME ? 'append' : 'create';
    const key = bytesOrNull(keyLength);
    visitor.record({ offset, timestamp, timestampType, key, headers, value: bytesOrNull(valueLength) });
  }
  assert(at <= packed.length, 'packed items end within their buffer');
  return at;
}
