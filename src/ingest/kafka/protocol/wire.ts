// How are the primitive types of Kafka's protocol read and written? (Kafka protocol guide, "Protocol
// Primitive Types")
import { EMPTY, utf8 } from '../../../base/bytes.ts';
import { FormatError } from '../../../base/error.ts';

const short = (): never => {
  throw new FormatError('the bytes end in the middle of a value');
};

const text = new TextDecoder();
const TWO_32 = 2 ** 32;

/**
 * Reads big-endian values one after the other, within `[at, end)`. Every read beyond `end` throws
 * FormatError.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
  }

  #take(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.end) short();
    this.at = at + length;
    return at;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }
  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }
  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  /**
   * An int64 as a number; one that a number can't hold exactly becomes ±2^53, which no caller takes for an
   * offset.
   */
  nearInt64(): number {
    const at = this.#take(8);
    const value = this.#view.getInt32(at) * TWO_32 + this.#view.getUint32(at + 4);
    return Number.isSafeInteger(value) ? value : Math.sign(value) * 2 ** 53;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** Zigzag varint of at most 32 bits. */
  varint(): number {
    const { bytes } = this;
    const limit = this.end;
    let at = this.at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= limit) short();
      const byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new FormatError('a varint of more than 5 bytes');
  }

  /**
   * Zigzag varint of at most 28 bits; null, and nothing taken, when it is longer: then `varlong` reads it.
   */
  smallVarlong(): number | null {
    const { bytes } = this;
    const limit = this.end;
    let at = this.at;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= limit) short();
      const byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    return null;
  }

  /** Zigzag varint of at most 64 bits. */
  varlong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.int8() & 0xff;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        value = BigInt.asUintN(64, value);
        return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      }
    }
    throw new FormatError('a varlong of more than 10 bytes');
  }

  /** Unsigned varint of at most 32 bits: lengths and tags of flexible versions (KIP-482). */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.int8() & 0xff;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new FormatError('an unsigned varint of more than 5 bytes');
  }

  /** The next `length` bytes, as a view. */
  view(length: number): Uint8Array {
    const at = this.#take(length);
    if (length === 0) return EMPTY;
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length);
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : text.decode(this.view(length));
  }

  compactString(): string | null {
    const length = this.uvarint() - 1;
    return length < 0 ? null : text.decode(this.view(length));
  }

  /** A null array reads as an empty one. */
  array<T>(item: () => T): T[] {
    return this.#items(this.int32(), item);
  }

  compactArray<T>(item: () => T): T[] {
    return this.#items(this.uvarint() - 1, item);
  }

  #items<T>(count: number, item: () => T): T[] {
    // No item is shorter than a byte: a count beyond the bytes is refused before it allocates.
    if (count > this.end - this.at) short();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  /** Tagged fields of flexible versions: none of them matters here. */
  skipTags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.view(this.uvarint());
    }
  }
}

/** Writes big-endian values one after the other into a growing buffer. */
export class ByteWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #room(length: number): number {
    const at = this.#length;
    if (at + length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = at + length;
    return at;
  }

  int8(value: number): this {
    const at = this.#room(1);
    this.#view.setInt8(at, value);
    return this;
  }
  int16(value: number): this {
    const at = this.#room(2);
    this.#view.setInt16(at, value);
    return this;
  }
  int32(value: number): this {
    const at = this.#room(4);
    this.#view.setInt32(at, value);
    return this;
  }
  int64(value: number | bigint): this {
    const at = this.#room(8);
    this.#view.setBigInt64(at, BigInt(value));
    return this;
  }

  uvarint(value: number): this {
    let left = value >>> 0;
    for (; left >= 0x80; left >>>= 7) this.int8((left & 0x7f) | 0x80);
    return this.int8(left);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  string(value: string): this {
    const bytes = utf8(value);
    return this.int16(bytes.length).raw(bytes);
  }

  compactString(value: string): this {
    const bytes = utf8(value);
    return this.uvarint(bytes.length + 1).raw(bytes);
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** What was written so far. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
