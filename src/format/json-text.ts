// Are these bytes one JSON text that may stand in a line as it is? (FORMAT.md: `value`)
import { DIGIT, jsonStringEnd, viewOf } from './json-bytes.ts';

/**
 * A line nests at most 64 deep, its own object counted, so a value 63. Readers have limits (System.Text.Json
 * 64, serde_json 128, jq 256, Python about 1000): what nests deeper is archived as `text`, so that no line is
 * above any of them.
 */
export const VALUE_DEPTH_MAX = 63;

/** Readers have limits here too: Jackson takes 1000 characters, Python 4300 digits of an integer. */
export const NUMBER_BYTES_MAX = 1000;

/**
 * One JSON text of RFC 8259 in valid UTF-8, without a byte order mark, with no CR or LF among its white
 * space, nested at most VALUE_DEPTH_MAX deep, without escapes of half a character, and with numbers of at
 * most NUMBER_BYTES_MAX. Never throws, never recurses.
 */
export const isJsonText = (bytes: Uint8Array): boolean => isJsonRange(bytes, viewOf(bytes), 0, bytes.length);

/** What may come next. */
const VALUE = 0;
const VALUE_OR_CLOSE = 1;
const NAME_OR_CLOSE = 2;
const NAME = 3;
const COMMA_OR_CLOSE = 4;

/** 1 where the container at that depth is an object. One for all: nothing here yields. */
const isObjectAt = new Uint8Array(VALUE_DEPTH_MAX + 1);

/** The same for the range [start, end) of a larger buffer, `view` being over all of `bytes`. */
export function isJsonRange(bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
  let at = start;
  let depth = 0;
  let inObject = 0;
  let next = VALUE;
  for (;;) {
    while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
    if (at >= end) return depth === 0 && next === COMMA_OR_CLOSE;
    const byte = bytes[at] as number;
    if (next === COMMA_OR_CLOSE) {
      if (depth === 0) return false;
      at++;
      if (byte === 0x2c) {
        next = inObject === 1 ? NAME : VALUE;
        continue;
      }
      if (byte !== (inObject === 1 ? 0x7d : 0x5d)) return false;
      inObject = isObjectAt[--depth] as number;
      continue;
    }
    if (byte === 0x22) {
      at = jsonStringEnd(bytes, view, at + 1, end);
      if (at < 0) return false;
      if (next < NAME_OR_CLOSE) {
        next = COMMA_OR_CLOSE;
        continue;
      }
      at = spaceEnd(bytes, at, end);
      if (at >= end || bytes[at] !== 0x3a) return false;
      at++;
      next = VALUE;
      continue;
    }
    if (next >= NAME_OR_CLOSE) {
      if (byte !== 0x7d || next === NAME) return false;
      at++;
      inObject = isObjectAt[--depth] as number;
      next = COMMA_OR_CLOSE;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === VALUE_DEPTH_MAX) return false;
      isObjectAt[depth++] = inObject;
      inObject = byte === 0x7b ? 1 : 0;
      next = byte === 0x7b ? NAME_OR_CLOSE : VALUE_OR_CLOSE;
      at++;
    } else if (byte === 0x5d && next === VALUE_OR_CLOSE) {
      inObject = isObjectAt[--depth] as number;
      next = COMMA_OR_CLOSE;
      at++;
    } else {
      at = scalarEnd(bytes, at, end);
      if (at < 0) return false;
      next = COMMA_OR_CLOSE;
    }
  }
}

/** Space and tab; CR and LF are refused by being nothing that may come next. */
function spaceEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && (bytes[i] === 0x20 || bytes[i] === 0x09)) i++;
  return i;
}

/** The index after the number or literal name at `at`, or −1. */
function scalarEnd(bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at]) {
    case 0x74:
      return wordEnd(bytes, at, end, TRUE);
    case 0x66:
      return wordEnd(bytes, at, end, FALSE);
    case 0x6e:
      return wordEnd(bytes, at, end, NULL);
    default:
      return numberEnd(bytes, at, end);
  }
}

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

function wordEnd(bytes: Uint8Array, at: number, end: number, word: readonly number[]): number {
  if (at + word.length > end) return -1;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return -1;
  return at + word.length;
}

/** RFC 8259 §6. */
function numberEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  if (bytes[i] === 0x2d) i++;
  const whole = i;
  i = digitsEnd(bytes, i, end);
  if (i === whole || (bytes[whole] === 0x30 && i > whole + 1)) return -1;
  if (i < end && bytes[i] === 0x2e) {
    const fraction = i + 1;
    i = digitsEnd(bytes, fraction, end);
    if (i === fraction) return -1;
  }
  if (i < end && (bytes[i] === 0x65 || bytes[i] === 0x45)) {
    i++;
    // At the end either way leaves no digit.
    if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++;
    const exponent = i;
    i = digitsEnd(bytes, exponent, end);
    if (i === exponent) return -1;
  }
  return i - at > NUMBER_BYTES_MAX ? -1 : i;
}

function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && DIGIT[bytes[i] as number] === 1) i++;
  return i;
}
