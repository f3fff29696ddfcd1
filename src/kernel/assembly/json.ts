// Are these bytes one JSON text that may stand in a line as it is? (FORMAT.md: `value`; as
// src/format/json-text.ts)
import { charactersEnd, plainRunEnd } from './string-bytes.ts';

/** As in src/format/json-text.ts. One bit of a u64 holds the kind of each container. */
const DEPTH_MAX: i32 = 63;
const NUMBER_LENGTH_MAX: usize = 1000;

/** What may come next. */
const VALUE: i32 = 0;
const VALUE_OR_CLOSE: i32 = 1;
const NAME_OR_CLOSE: i32 = 2;
const NAME: i32 = 3;
const COMMA_OR_CLOSE: i32 = 4;

/**
 * What isJsonText says of the bytes [start, end). Reads up to 15 bytes beyond `end`, and lets them decide
 * nothing.
 */
export function holdsJson(start: usize, end: usize): bool {
  let at = start;
  let depth: i32 = 0;
  /** The lowest bit is 1 inside of an object; the bits above are the containers around it. */
  let kinds: u64 = 0;
  let next = VALUE;
  while (true) {
    at = spaceEnd(at, end);
    if (at >= end) return depth === 0 && next === COMMA_OR_CLOSE;
    const byte: u32 = load<u8>(at);
    if (next === COMMA_OR_CLOSE) {
      if (depth === 0) return false;
      at++;
      const inObject = (kinds & 1) !== 0;
      if (byte === 0x2c) {
        next = inObject ? NAME : VALUE;
        continue;
      }
      if (byte !== (inObject ? 0x7d : 0x5d)) return false;
      depth--;
      kinds >>= 1;
      continue;
    }
    if (byte === 0x22) {
      at = stringEnd(at + 1, end);
      if (at === 0) return false;
      if (next < NAME_OR_CLOSE) {
        next = COMMA_OR_CLOSE;
        continue;
      }
      at = spaceEnd(at, end);
      if (at >= end || load<u8>(at) !== 0x3a) return false;
      at++;
      next = VALUE;
      continue;
    }
    if (next >= NAME_OR_CLOSE) {
      if (byte !== 0x7d || next === NAME) return false;
      at++;
      depth--;
      kinds >>= 1;
      next = COMMA_OR_CLOSE;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === DEPTH_MAX) return false;
      depth++;
      const isObject = byte === 0x7b;
      kinds = (kinds << 1) | (isObject ? 1 : 0);
      next = isObject ? NAME_OR_CLOSE : VALUE_OR_CLOSE;
      at++;
    } else if (byte === 0x5d && next === VALUE_OR_CLOSE) {
      depth--;
      kinds >>= 1;
      next = COMMA_OR_CLOSE;
      at++;
    } else {
      at = scalarEnd(at, byte, end);
      if (at === 0) return false;
      next = COMMA_OR_CLOSE;
    }
  }
}

/** Space and tab; CR and LF are refused by being nothing that may come next. */
function spaceEnd(from: usize, end: usize): usize {
  let at = from;
  while (at < end && (load<u8>(at) === 0x20 || load<u8>(at) === 0x09)) at++;
  return at;
}

/** Address after the closing quote of the string whose first byte is at `from`, or 0. RFC 8259 §7. */
function stringEnd(from: usize, end: usize): usize {
  let at = from;
  while (true) {
    at = plainRunEnd(at, end);
    if (at >= end) return 0;
    const byte: u32 = load<u8>(at);
    if (byte === 0x22) return at + 1;
    if (byte >= 0x80) at = charactersEnd(at, end);
    else if (byte === 0x5c) at = escapeEnd(at, end);
    else return 0;
    if (at === 0) return 0;
  }
}

/**
 * Address after the escape whose backslash is at `at`, or 0. The two halves of a character are one escape;
 * half a character is none (FORMAT.md 3.5).
 */
function escapeEnd(at: usize, end: usize): usize {
  if (end - at < 2) return 0;
  const kind: u32 = load<u8>(at, 1);
  if (kind !== 0x75) return isShortEscape(kind) ? at + 2 : 0;
  const half = escapedHalf(at, end);
  if (half === NO_HALF) return at + 6;
  if (half !== HIGH_HALF || end - at < 12) return 0;
  const isPair = load<u16>(at, 6) === 0x755c && escapedHalf(at + 6, end) === LOW_HALF;
  return isPair ? at + 12 : 0;
}

/** One of `"\/bfnrt`. */
function isShortEscape(kind: u32): bool {
  if (kind === 0x22 || kind === 0x5c || kind === 0x2f) return true;
  return kind === 0x62 || kind === 0x66 || kind === 0x6e || kind === 0x72 || kind === 0x74;
}

const NO_HALF: i32 = 0;
const HIGH_HALF: i32 = 1;
const LOW_HALF: i32 = 2;

/** Which half of a character the `\u` escape at `at` is; −1: it is no escape. */
function escapedHalf(at: usize, end: usize): i32 {
  if (end - at < 6) return -1;
  for (let i = at + 2; i < at + 6; i++) if (!isHex(load<u8>(i))) return -1;
  // D8…DF, and from DC on the second half: a letter's case is one bit.
  if ((load<u8>(at, 2) | 0x20) !== 0x64) return NO_HALF;
  const second: u32 = load<u8>(at, 3) | 0x20;
  if (second === 0x38 || second === 0x39 || second === 0x61 || second === 0x62) return HIGH_HALF;
  return second >= 0x63 && second <= 0x66 ? LOW_HALF : NO_HALF;
}

function isHex(byte: u32): bool {
  return isDecimal(byte) || (byte | 0x20) - 0x61 < 6;
}

/** The subtraction wraps, so that smaller bytes become large. */
function isDecimal(byte: u32): bool {
  return byte - 0x30 < 10;
}

/** Address after the number or literal name that begins with `first` at `at`, or 0. */
function scalarEnd(at: usize, first: u32, end: usize): usize {
  if (first === 0x74) return end - at >= 4 && load<u32>(at) === 0x65757274 ? at + 4 : 0;
  if (first === 0x6e) return end - at >= 4 && load<u32>(at) === 0x6c6c756e ? at + 4 : 0;
  if (first === 0x66) return end - at >= 5 && load<u32>(at, 1) === 0x65736c61 ? at + 5 : 0;
  return numberEnd(at, end);
}

/** RFC 8259 §6. */
function numberEnd(from: usize, end: usize): usize {
  let at = from;
  if (load<u8>(at) === 0x2d) at++;
  const whole = at;
  at = digitsEnd(at, end);
  if (at === whole || (load<u8>(whole) === 0x30 && at > whole + 1)) return 0;
  if (at < end && load<u8>(at) === 0x2e) {
    const fraction = at + 1;
    at = digitsEnd(fraction, end);
    if (at === fraction) return 0;
  }
  if (at < end && (load<u8>(at) | 0x20) === 0x65) {
    at++;
    if (at < end && (load<u8>(at) === 0x2b || load<u8>(at) === 0x2d)) at++;
    const exponent = at;
    at = digitsEnd(at, end);
    if (at === exponent) return 0;
  }
  return at - from > NUMBER_LENGTH_MAX ? 0 : at;
}

function digitsEnd(from: usize, end: usize): usize {
  let at = from;
  while (at < end && isDecimal(load<u8>(at))) at++;
  return at;
}
