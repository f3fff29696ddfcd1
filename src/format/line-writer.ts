// How does a record become its line? (FORMAT.md: lines)
import { utf8 } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { putInteger, putTimestamp } from './decimal.ts';
import { viewOf } from './json-bytes.ts';
import { isJsonRange } from './json-text.ts';
import { checkGap, type GapLine, type Header, type KafkaRecord } from './line.ts';
import {
  APPEND,
  BASE64,
  HEADERS,
  KEY,
  KEY_BASE64,
  NULL,
  OBJECT_BASE64,
  OFFSET,
  TEXT,
  TIMESTAMP,
  VALUE,
} from './line-tokens.ts';
import { base64Length, stringLength, writeBase64, writeString } from './string-form.ts';

/** Room that every line needs beside key, headers and value: all names, both integers, quotes and LF. */
const FIXED_BYTES_MAX = 256;
/** The same for one header: `["{"base64":""}",{"base64":""}],`. */
const HEADER_BYTES_MAX = 32;

const KEPT_BYTES_MAX = 4 * LIMITS.blockContentTarget;

/**
 * Appends lines, each with its LF, to one growing buffer. Not for use from two places at once. A call that
 * throws leaves what was written before it as it was.
 *
 * A value is copied once and judged in place, so that a JSON value costs one copy, one pass and no
 * allocation.
 */
export class LineWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #end = 0;

  constructor(initialBytes = 65_536) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#end;
  }

  /**
   * Start index of the line. Throws FormatError when offset, timestamp or length is beyond what a line can
   * carry.
   */
  entry(record: KafkaRecord): number {
    checkRecord(record);
    const start = this.#end;
    this.#reserve(lineBytesAtMost(record));
    let at = put(this.#bytes, start, OFFSET);
    at = putInteger(this.#bytes, at, record.offset);
    at = put(this.#bytes, at, TIMESTAMP);
    at = putTimestamp(this.#bytes, at, record.timestamp);
    if (record.timestampType === 'append') at = put(this.#bytes, at, APPEND);
    if (record.key !== null) at = putStringOrBase64(this.#bytes, at, record.key, KEY, KEY_BASE64);
    if (record.headers.length > 0) at = putHeaders(this.#bytes, at, record.headers);
    if (record.value !== null) at = this.#putValue(at, record.value);
    return this.#finish(start, at);
  }

  /** Start index of the line. Throws FormatError when the gap breaks its own rules. */
  gap(gap: GapLine): number {
    const line = encodeGap(gap);
    this.#reserve(line.length + 1);
    const start = this.append(line);
    this.#bytes[this.#end++] = 0x0a;
    return start;
  }

  /** Appends lines that somebody else wrote, each with its LF. Returns the start index of the first. */
  append(lines: Uint8Array): number {
    const start = this.#end;
    this.#reserve(lines.length);
    this.#bytes.set(lines, start);
    this.#end = start + lines.length;
    return start;
  }

  /** What was written so far; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Hands over what was written, in a buffer that is the caller's alone, and starts anew. */
  take(): Uint8Array {
    const taken = this.view();
    this.#bytes = new Uint8Array(Math.min(this.#bytes.length, KEPT_BYTES_MAX));
    this.#view = viewOf(this.#bytes);
    this.#end = 0;
    return taken;
  }

  /** Forgets what was written and keeps the buffer, unless one huge line made it grow out of proportion. */
  reset(): void {
    if (this.#bytes.length > KEPT_BYTES_MAX) {
      this.#bytes = new Uint8Array(KEPT_BYTES_MAX);
      this.#view = viewOf(this.#bytes);
    }
    this.#end = 0;
  }

  #putValue(start: number, value: Uint8Array): number {
    const bytes = this.#bytes;
    const at = put(bytes, start, VALUE);
    bytes.set(value, at);
    const end = at + value.length;
    return isJsonRange(bytes, this.#view, at, end)
      ? end
      : putStringOrBase64(bytes, start, value, TEXT, BASE64);
  }

  #finish(start: number, at: number): number {
    this.#bytes[at] = 0x7d;
    this.#bytes[at + 1] = 0x0a;
    if (at + 1 - start > LIMITS.lineBytesMax) {
      throw new FormatError(
        `a line of ${at + 1 - start} bytes: at most ${LIMITS.lineBytesMax}`,
        'record-too-large',
      );
    }
    this.#end = at + 2;
    return start;
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, grownBytes(this.#bytes.length)));
    grown.set(this.view());
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

/** From this size on a buffer grows to what a whole block takes at once: what it grew out of is garbage. */
const WHOLE_BLOCK_FROM_BYTES = LIMITS.blockContentTarget / 4;
/** A block and the run of lines that ends it. */
const WHOLE_BLOCK_BYTES = LIMITS.blockContentTarget + LIMITS.blockContentTarget / 4;

const grownBytes = (bytes: number): number =>
  bytes >= WHOLE_BLOCK_FROM_BYTES && bytes < WHOLE_BLOCK_BYTES ? WHOLE_BLOCK_BYTES : bytes * 2;

/** The line without its LF. */
export function encodeEntry(record: KafkaRecord): Uint8Array {
  const writer = new LineWriter(lineBytesAtMost(record));
  writer.entry(record);
  return writer.view().subarray(0, -1);
}

/** The line without its LF. Throws FormatError when the gap breaks its own rules. */
export function encodeGap(gap: GapLine): Uint8Array {
  checkGap(gap);
  const { offset, last, reason, control, aborted, by, why } = gap;
  const body = reason === 'transaction' ? { last, reason, control, aborted } : { last, reason, by, why };
  return utf8(JSON.stringify({ offset, gap: body }));
}

function checkRecord(record: KafkaRecord): void {
  // nextOffset = offset + 1 must be an exact integer too.
  if (!Number.isSafeInteger(record.offset) || record.offset < 0 || record.offset >= LIMITS.offsetMax) {
    throw new FormatError(
      `offset ${record.offset}: a line carries 0 to ${LIMITS.offsetMax - 1}`,
      'record-too-large',
    );
  }
}

/**
 * Bytes that the line can't exceed, its LF included. Throws before anything is allocated for a line over the
 * limit.
 */
function lineBytesAtMost(record: KafkaRecord): number {
  // A value is first copied as it is and then perhaps rewritten, so the greater of both, which is base64.
  let bytes =
    FIXED_BYTES_MAX + base64Length(record.key?.length ?? 0) + base64Length(record.value?.length ?? 0);
  for (const header of record.headers) {
    bytes += HEADER_BYTES_MAX + base64Length(header.name.length) + base64Length(header.value?.length ?? 0);
  }
  if (bytes > 2 * LIMITS.lineBytesMax) {
    throw new FormatError(`record ${record.offset} needs up to ${bytes} bytes as a line`, 'record-too-large');
  }
  return bytes;
}

function put(out: Uint8Array, at: number, token: Uint8Array): number {
  // Tokens are short: a loop beats the call into set().
  for (let i = 0; i < token.length; i++) out[at + i] = token[i] as number;
  return at + token.length;
}

function putStringOrBase64(
  out: Uint8Array,
  start: number,
  bytes: Uint8Array,
  asString: Uint8Array,
  asBase64: Uint8Array,
): number {
  const length = stringLength(bytes);
  const at =
    length < 0
      ? writeBase64(out, put(out, start, asBase64), bytes)
      : writeString(out, put(out, start, asString), bytes, length);
  out[at] = 0x22;
  return at + 1;
}

function putHeaders(out: Uint8Array, start: number, headers: readonly Header[]): number {
  let at = put(out, start, HEADERS);
  for (const [index, header] of headers.entries()) {
    if (index > 0) out[at++] = 0x2c;
    out[at++] = 0x5b;
    at = putHeaderPart(out, at, header.name);
    out[at++] = 0x2c;
    at = header.value === null ? put(out, at, NULL) : putHeaderPart(out, at, header.value);
    out[at++] = 0x5d;
  }
  out[at++] = 0x5d;
  return at;
}

function putHeaderPart(out: Uint8Array, start: number, bytes: Uint8Array): number {
  const length = stringLength(bytes);
  let at = start;
  if (length < 0) {
    at = writeBase64(out, put(out, at, OBJECT_BASE64), bytes);
    out[at++] = 0x22;
    out[at++] = 0x7d;
    return at;
  }
  out[at++] = 0x22;
  at = writeString(out, at, bytes, length);
  out[at++] = 0x22;
  return at;
}
