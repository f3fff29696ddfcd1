// Where are the parts of a line that was checked: its key, its headers and its value?
import { EMPTY } from '../../base/bytes.ts';
import { decodedString, quoteEnd } from '../../base/json/json-skip.ts';
import {
  APPEND,
  BASE64,
  HEADERS,
  KEY,
  KEY_BASE64,
  OBJECT_BASE64,
  OFFSET,
  TEXT,
  TIMESTAMP,
  VALUE,
} from '../../format/line-tokens.ts';
import { readBase64 } from '../../format/string-form.ts';

/** A key, a header's name or value, or a value that is no JSON: a string, or base64, without its quotes. */
export type LinePart = {
  readonly isBase64: boolean;
  readonly start: number;
  readonly end: number;
};

/** `none`: a tombstone. `value`: JSON as it was sent. */
export type ValueForm = 'value' | 'text' | 'base64' | 'none';

/** The parts of one line of a record, as FORMAT.md §3 has it. Lines must be well-formed. */
export class LineParts {
  bytes: Uint8Array = EMPTY;
  key: LinePart | null = null;
  /** Where the pairs of `headers` begin. −1: there are none. */
  headersAt = -1;
  form: ValueForm = 'none';
  /** Of the value: JSON text, or what stands between the quotes. */
  start = 0;
  end = 0;

  /** The line [start, end) without its LF. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    let at = digitsEnd(bytes, start + OFFSET.length);
    at = digitsEnd(bytes, at + TIMESTAMP.length);
    at = after(bytes, at, APPEND) ?? at;
    this.key = null;
    const key = after(bytes, at, KEY);
    const keyAt = key ?? after(bytes, at, KEY_BASE64);
    if (keyAt !== null) {
      const quote = quoteEnd(bytes, keyAt, end);
      this.key = { isBase64: key === null, start: keyAt, end: quote };
      at = quote + 1;
    }
    const headers = after(bytes, at, HEADERS);
    this.headersAt = headers ?? -1;
    if (headers !== null) at = this.#headersEnd(headers, end);
    const value = after(bytes, at, VALUE);
    const text = value ?? after(bytes, at, TEXT);
    const base64 = text ?? after(bytes, at, BASE64);
    this.form = value !== null ? 'value' : text !== null ? 'text' : base64 !== null ? 'base64' : 'none';
    this.start = base64 ?? at;
    // The line's own brace, and the quote before it.
    this.end = this.form === 'value' ? end - 1 : this.form === 'none' ? this.start : end - 2;
  }

  #headersEnd(first: number, end: number): number {
    let at = first;
    while (at < end && this.bytes[at] !== 0x5d) {
      at = this.#pairEnd(at, () => {});
      if (this.bytes[at] === 0x2c) at++;
    }
    return at + 1;
  }

  /** Whether any part stands in base64, in which nothing is found as it is written. */
  hasBase64(): boolean {
    if (this.form === 'base64' || this.key?.isBase64 === true) return true;
    if (this.headersAt < 0) return false;
    return this.headers().some(({ name, value }) => name.isBase64 || value?.isBase64 === true);
  }

  /** Each header in order, duplicates too. A null value is null. */
  headers(): { readonly name: LinePart; readonly value: LinePart | null }[] {
    const found: { name: LinePart; value: LinePart | null }[] = [];
    if (this.headersAt < 0) return found;
    for (let at = this.headersAt; this.bytes[at] === 0x5b; ) {
      at = this.#pairEnd(at, (name, value) => found.push({ name, value }));
      if (this.bytes[at] === 0x2c) at++;
    }
    return found;
  }

  /** The index after the pair whose bracket is at `at`. */
  #pairEnd(at: number, show: (name: LinePart, value: LinePart | null) => void): number {
    const name = this.#part(at + 1);
    const valueAt = name.after + 1;
    const isNull = this.bytes[valueAt] === 0x6e;
    const value = isNull ? null : this.#part(valueAt);
    show(name.part, value?.part ?? null);
    return (value?.after ?? valueAt + 4) + 1;
  }

  #part(at: number): { readonly part: LinePart; readonly after: number } {
    const base64 = after(this.bytes, at, OBJECT_BASE64);
    const start = base64 ?? at + 1;
    const quote = quoteEnd(this.bytes, start, this.bytes.length);
    const part = { isBase64: base64 !== null, start, end: quote };
    return { part, after: quote + (base64 === null ? 1 : 2) };
  }

  /** The bytes that a part stands for. */
  bytesOf({ isBase64, start, end }: LinePart): Uint8Array {
    if (isBase64) return readBase64(this.bytes, start, end) ?? EMPTY;
    return new TextEncoder().encode(decodedString(this.bytes, start, end));
  }

  /** The value, if it is no JSON as it stands. */
  get looseValue(): LinePart {
    return { isBase64: this.form === 'base64', start: this.start, end: this.end };
  }
}

function after(bytes: Uint8Array, at: number, token: Uint8Array): number | null {
  for (let i = 0; i < token.length; i++) if (bytes[at + i] !== token[i]) return null;
  return at + token.length;
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  let i = at;
  for (; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if ((byte < 0x30 || byte > 0x39) && byte !== 0x2d) return i;
  }
  return i;
}
