// Which form do bytes take in a line, a JSON string or base64? (FORMAT.md: string forms; as
// src/format/string-form.ts)
import { charactersEnd, plainRunEnd } from './string-bytes.ts';
import { putToken } from './tokens.ts';

/** Bytes of the standard base64 of `length` bytes, padding included. */
export function base64Bytes(length: u64): u64 {
  return ((length + 2) / 3) * 4;
}

/** What follows the backslash of a byte that has a two-byte escape in JSON.stringify; 0 for others. */
function shortEscape(byte: u32): u32 {
  if (byte === 0x22 || byte === 0x5c) return byte;
  if (byte === 0x08) return 0x62;
  if (byte === 0x09) return 0x74;
  if (byte === 0x0a) return 0x6e;
  if (byte === 0x0c) return 0x66;
  return byte === 0x0d ? 0x72 : 0;
}

/** Bytes of the JSON string without its quotes; NOT_QUOTED where the bytes must be base64. */
const NOT_QUOTED: usize = usize.MAX_VALUE;

/** As stringLength of src/format/string-form.ts: no escape makes a string longer than its base64. */
function quotedLength(from: usize, end: usize): usize {
  const most = base64Bytes(end - from) as usize;
  let length = end - from;
  for (let at = plainRunEnd(from, end); at < end; at = plainRunEnd(at, end)) {
    const byte: u32 = load<u8>(at);
    if (byte >= 0x80) {
      at = charactersEnd(at, end);
      if (at === 0) return NOT_QUOTED;
    } else {
      length += shortEscape(byte) === 0 ? 5 : 1;
      at++;
      if (length > most) return NOT_QUOTED;
    }
  }
  return length;
}

/** Copies runs, and escapes what JSON.stringify escapes in valid UTF-8. Returns the address after it. */
function putEscaped(out: usize, from: usize, end: usize): usize {
  let written = out;
  for (let at = from; at < end; ) {
    const run = plainRunEnd(at, end);
    memory.copy(written, at, run - at);
    written += run - at;
    at = run;
    while (at < end) {
      const byte: u32 = load<u8>(at);
      if (byte >= 0x80) store<u8>(written++, byte);
      else if (byte < 0x20 || byte === 0x22 || byte === 0x5c) written = putEscape(written, byte);
      else break;
      at++;
    }
  }
  return written;
}

function putEscape(out: usize, byte: u32): usize {
  store<u8>(out, 0x5c);
  const letter = shortEscape(byte);
  if (letter !== 0) {
    store<u8>(out, letter, 1);
    return out + 2;
  }
  // `u00` and two digits; the byte is below 0x20.
  store<u8>(out, 0x75, 1);
  store<u16>(out, 0x3030, 2);
  store<u8>(out, 0x30 + (byte >> 4), 4);
  const low = byte & 15;
  store<u8>(out, low < 10 ? 0x30 + low : 0x57 + low, 5);
  return out + 6;
}

/** The alphabet of RFC 4648 §4, filled at the start. */
const alphabet: usize = memory.data(64);
for (let i: u32 = 0; i < 64; i++) {
  const text = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  store<u8>(alphabet + (i as usize), text.charCodeAt(i as i32) as u8);
}

function sextet(group: u32, shift: u32): u32 {
  return load<u8>(alphabet + (((group >> shift) & 63) as usize));
}

/** Padded standard base64. Returns the address after it. */
function putBase64(out: usize, from: usize, end: usize): usize {
  let written = out;
  let at = from;
  for (; end - at >= 3; at += 3) {
    const group = ((load<u8>(at) as u32) << 16) | ((load<u8>(at, 1) as u32) << 8) | (load<u8>(at, 2) as u32);
    store<u8>(written, sextet(group, 18));
    store<u8>(written, sextet(group, 12), 1);
    store<u8>(written, sextet(group, 6), 2);
    store<u8>(written, sextet(group, 0), 3);
    written += 4;
  }
  if (at === end) return written;
  const two = end - at === 2;
  const group = ((load<u8>(at) as u32) << 16) | (two ? (load<u8>(at, 1) as u32) << 8 : 0);
  store<u8>(written, sextet(group, 18));
  store<u8>(written, sextet(group, 12), 1);
  store<u8>(written, two ? sextet(group, 6) : 0x3d, 2);
  store<u8>(written, 0x3d, 3);
  return written + 4;
}

/**
 * Writes the bytes [from, end) as what stands between two quotes, after `asString` or `asBase64`, and the
 * closing quote. Returns the address after it.
 */
export function putStringForm(out: usize, from: usize, end: usize, asString: usize, asBase64: usize): usize {
  const length = quotedLength(from, end);
  let at: usize;
  if (length === NOT_QUOTED) {
    at = putBase64(putToken(out, asBase64), from, end);
  } else {
    at = putToken(out, asString);
    if (length === end - from) {
      memory.copy(at, from, length);
      at += length;
    } else {
      at = putEscaped(at, from, end);
    }
  }
  store<u8>(at, 0x22);
  return at + 1;
}
