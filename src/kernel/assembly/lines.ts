// How do the members of a record become its line? (FORMAT.md: lines; src/format/line-writer.ts)
import { putInt64, putUint64 } from './decimal.ts';
import { holdsJson } from './json.ts';
import { base64Bytes, putStringForm } from './string-forms.ts';
import * as tokens from './tokens.ts';
import { putToken } from './tokens.ts';

/** Length of a key or a value that is null. */
const NULL_LENGTH: i32 = -1;

/** Room that every line needs beside key, headers and value, for stores of whole tokens too. */
const FIXED_BYTES_MAX: u64 = 256;
/** The same for one header. */
const HEADER_BYTES_MAX: u64 = 32;

/** Bytes that a line with such a key and value can't exceed, without headers. */
export function lineBytesAtMost(keyLength: i32, valueLength: i32): u64 {
  return FIXED_BYTES_MAX + formBytesAtMost(keyLength) + formBytesAtMost(valueLength);
}

/** What one header adds to that. */
export function headerBytesAtMost(nameLength: u32, valueLength: i32): u64 {
  return HEADER_BYTES_MAX + base64Bytes(nameLength as u64) + formBytesAtMost(valueLength);
}

function formBytesAtMost(length: i32): u64 {
  return length < 0 ? 0 : base64Bytes(length as u64);
}

/** All up to the headers. Returns the address after it, as all of these do. */
export function putHead(
  out: usize,
  offset: u64,
  timestamp: i64,
  appended: bool,
  key: usize,
  keyLength: i32,
): usize {
  let at = putUint64(putToken(out, tokens.OFFSET), offset);
  at = putInt64(putToken(at, tokens.TIMESTAMP), timestamp);
  if (appended) at = putToken(at, tokens.APPEND);
  if (keyLength === NULL_LENGTH) return at;
  return putStringForm(at, key, key + (keyLength as usize), tokens.KEY, tokens.KEY_BASE64);
}

/** What opens the list of headers, or parts one from the one before. */
export function putBeforeHeader(out: usize, isFirst: bool): usize {
  if (isFirst) return putToken(out, tokens.HEADERS);
  store<u8>(out, 0x2c);
  return out + 1;
}

export function putHeader(out: usize, name: usize, nameLength: u32, value: usize, valueLength: i32): usize {
  store<u8>(out, 0x5b);
  let at = putHeaderPart(out + 1, name, name + (nameLength as usize));
  store<u8>(at++, 0x2c);
  at =
    valueLength === NULL_LENGTH
      ? putToken(at, tokens.NULL)
      : putHeaderPart(at, value, value + (valueLength as usize));
  store<u8>(at, 0x5d);
  return at + 1;
}

function putHeaderPart(out: usize, from: usize, end: usize): usize {
  const at = putStringForm(out, from, end, tokens.QUOTE, tokens.OBJECT_BASE64);
  // Only base64 is an object.
  if (load<u8>(out) !== 0x7b) return at;
  store<u8>(at, 0x7d);
  return at + 1;
}

/** What closes the list. */
export function putAfterHeaders(out: usize): usize {
  store<u8>(out, 0x5d);
  return out + 1;
}

/** The value, if there is one, and the end of the line with its LF. */
export function putTail(out: usize, value: usize, valueLength: i32): usize {
  let at = out;
  if (valueLength !== NULL_LENGTH) {
    const end = value + (valueLength as usize);
    if (holdsJson(value, end)) {
      at = putToken(at, tokens.VALUE);
      memory.copy(at, value, end - value);
      at += end - value;
    } else {
      at = putStringForm(at, value, end, tokens.TEXT, tokens.BASE64);
    }
  }
  store<u16>(at, 0x0a7d);
  return at + 2;
}
