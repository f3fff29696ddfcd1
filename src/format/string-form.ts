// Which form do bytes take in a line: a JSON string or base64? (FORMAT.md: string forms)
import { plainEnd, sequenceEnd, viewOf } from './json-bytes.ts';

/** Bytes of the standard base64 of `length` bytes, padding included. */
export const base64Length = (length: number): number => 4 * Math.ceil(length / 3);

/**
 * What follows the backslash for a byte that has a two-byte escape in ECMA-262 JSON.stringify; 0 for others.
 */
const SHORT_ESCAPE = new Uint8Array(256);
for (const [byte, letter] of [
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
] as const) {
  SHORT_ESCAPE[byte] = letter.charCodeAt(0);
}
const HEX = new TextEncoder().encode('0123456789abcdef');

/**
 * Bytes of the JSON string that stands for `bytes`, its quotes left out; −1 where it must be base64: not
 * UTF-8, or the string would be longer than the base64. So no escape can make a line longer than 4/3 of what
 * it carries.
 */
export function stringLength(bytes: Uint8Array): number {
  const end = bytes.length;
  const view = viewOf(bytes);
  const most = base64Length(end);
  let length = end;
  for (let at = plainEnd(bytes, view, 0, end); at < end; at = plainEnd(bytes, view, at, end)) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) {
      at = sequenceEnd(bytes, at, end);
      if (at < 0) return -1;
    } else {
      length += SHORT_ESCAPE[byte] === 0 ? 5 : 1;
      at++;
      // Keeps the count bounded; the rest may still prove to be no UTF-8, which gives the same answer.
      if (length > most) return -1;
    }
  }
  return length;
}

/** Writes what stringLength measured. Returns the index after it. */
export function writeString(out: Uint8Array, start: number, bytes: Uint8Array, length: number): number {
  if (length === bytes.length) {
    out.set(bytes, start);
    return start + length;
  }
  let at = start;
  for (const byte of bytes) {
    if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) {
      out[at++] = byte;
      continue;
    }
    out[at++] = 0x5c;
    const letter = SHORT_ESCAPE[byte] as number;
    if (letter !== 0) {
      out[at++] = letter;
    } else {
      out[at++] = 0x75;
      out[at++] = 0x30;
      out[at++] = 0x30;
      out[at++] = HEX[byte >> 4] as number;
      out[at++] = HEX[byte & 15] as number;
    }
  }
  return at;
}

/** Bytes of the standard alphabet, RFC 4648 §4. */
const BASE64 = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const SEXTET = new Int8Array(256).fill(-1);
for (const [value, byte] of BASE64.entries()) SEXTET[byte] = value;

/** Writes padded standard base64. Returns the index after it. */
export function writeBase64(out: Uint8Array, start: number, bytes: Uint8Array): number {
  let at = start;
  const whole = bytes.length - (bytes.length % 3);
  for (let i = 0; i < whole; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    out[at++] = BASE64[group >> 18] as number;
    out[at++] = BASE64[(group >> 12) & 63] as number;
    out[at++] = BASE64[(group >> 6) & 63] as number;
    out[at++] = BASE64[group & 63] as number;
  }
  if (whole === bytes.length) return at;
  const two = whole + 2 === bytes.length;
  const group = ((bytes[whole] as number) << 16) | (two ? (bytes[whole + 1] as number) << 8 : 0);
  out[at++] = BASE64[group >> 18] as number;
  out[at++] = BASE64[(group >> 12) & 63] as number;
  out[at++] = two ? (BASE64[(group >> 6) & 63] as number) : 0x3d;
  out[at++] = 0x3d;
  return at;
}

/** Bytes of [start, end), strict as fromBase64; undefined where it is not standard base64. */
export function readBase64(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  if ((end - start) % 4 !== 0) return undefined;
  let padding = 0;
  while (padding < 2 && end - padding > start && bytes[end - padding - 1] === 0x3d) padding++;
  const out = new Uint8Array(((end - start) / 4) * 3 - padding);
  let written = 0;
  for (let i = start; i < end; i += 4) {
    const last = i + 4 === end ? padding : 0;
    const a = SEXTET[bytes[i] as number] as number;
    const b = SEXTET[bytes[i + 1] as number] as number;
    const c = last === 2 ? 0 : (SEXTET[bytes[i + 2] as number] as number);
    const d = last >= 1 ? 0 : (SEXTET[bytes[i + 3] as number] as number);
    if ((a | b | c | d) < 0) return undefined;
    // Trailing bits that no byte takes are zero, so that bytes have one base64 (RFC 4648 §3.5).
    if ((last === 2 && (b & 15) !== 0) || (last === 1 && (c & 3) !== 0)) return undefined;
    const group = (a << 18) | (b << 12) | (c << 6) | d;
    out[written++] = group >> 16;
    if (last < 2) out[written++] = (group >> 8) & 255;
    if (last < 1) out[written++] = group & 255;
  }
  return out;
}

/**
 * A JSON string in the one form that writeString gives. `decoded`: bytes that it stands for; `breaks`: has \n
 * or \r.
 */
export type StringSpan = { end: number; decoded: number; breaks: boolean };

/**
 * Fills `span` for the string whose first byte after its quote is at `at`; `span.end` is the index of its
 * closing quote. False where it has no end, is not UTF-8, has an escape that the writer would not write, or
 * should have been base64.
 */
export function scanString(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  span: StringSpan,
): boolean {
  let i = at;
  let escapes = 0;
  span.breaks = false;
  for (;;) {
    i = plainEnd(bytes, view, i, end);
    if (i >= end) return false;
    const byte = bytes[i] as number;
    if (byte === 0x22) break;
    if (byte >= 0x80) {
      i = sequenceEnd(bytes, i, end);
      if (i < 0) return false;
    } else {
      const code = escapedByte(bytes, i, end);
      if (code < 0) return false;
      if (code === 0x0a || code === 0x0d) span.breaks = true;
      const more = SHORT_ESCAPE[code] === 0 ? 5 : 1;
      escapes += more;
      i += 1 + more;
    }
  }
  span.end = i;
  span.decoded = i - at - escapes;
  return i - at <= base64Length(span.decoded);
}

/** The byte for which the canonical escape at `at` stands, or −1. */
function escapedByte(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== 0x5c || at + 1 >= end) return -1;
  const kind = bytes[at + 1] as number;
  if (kind !== 0x75) return kind === 0 ? -1 : SHORT_ESCAPE.indexOf(kind);
  if (at + 6 > end || bytes[at + 2] !== 0x30 || bytes[at + 3] !== 0x30) return -1;
  const code = HEX.indexOf(bytes[at + 4] as number) * 16 + HEX.indexOf(bytes[at + 5] as number);
  const canonical =
    code >= 0 && code < 0x20 && HEX.includes(bytes[at + 5] as number) && SHORT_ESCAPE[code] === 0;
  return canonical ? code : -1;
}

/**
 * The `decoded` bytes for which the scanned string [start, end) stands: a view where nothing was escaped,
 * else new.
 */
export function readString(bytes: Uint8Array, start: number, end: number, decoded: number): Uint8Array {
  if (decoded === end - start) return bytes.subarray(start, end);
  const out = new Uint8Array(decoded);
  let written = 0;
  for (let i = start; i < end; ) {
    if (bytes[i] !== 0x5c) {
      out[written++] = bytes[i++] as number;
      continue;
    }
    const code = escapedByte(bytes, i, end);
    out[written++] = code;
    i += SHORT_ESCAPE[code] === 0 ? 6 : 2;
  }
  return out;
}
