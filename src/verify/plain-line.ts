// Does this line have the simplest shape: an offset, a time in milliseconds, perhaps an ASCII key, and a JSON
// value?
import { utf8 } from '../base/bytes.ts';
import type { JsonWatch } from '../base/json/json-watch.ts';
import { LIMITS } from '../base/limits.ts';
import { jsonEnd } from './json-end.ts';
import { watchedEnd } from './watched-end.ts';

const OFFSET = utf8('{"offset":');
const TIMESTAMP = utf8(',"timestamp":');
const APPEND = utf8(',"timestampType":"append"');
const KEY = utf8(',"key":"');
const VALUE = utf8(',"value":');

/** Below TIME_MS_MAX with so many digits, and exact. */
const TIMESTAMP_DIGITS_MAX = 14;

/**
 * Most lines of most topics are like this. They are read in one pass, without knowing where they end and
 * without making objects. All other lines go to LineScanner. No line is accepted here that LineScanner would
 * refuse.
 */
export class PlainLine {
  /** Of the last line that was taken. */
  timestampMs = 0;
  /** Where its value begins. */
  valueAt = 0;
  readonly #watch: JsonWatch | null;

  /** `watch` is shown the values. */
  constructor(watch: JsonWatch | null = null) {
    this.#watch = watch;
  }

  /**
   * The index of the LF of the line that starts at `start` and has that offset. −1 if the line is not plain
   * or not right. The last byte of `bytes` is LF.
   */
  read(bytes: Uint8Array, view: DataView, start: number, offset: number): number {
    let at = tokenEnd(bytes, start, OFFSET);
    if (at < 0) return -1;
    let number = 0;
    // All integers up to 2^53 are exact on the way, and no greater one comes out as an offset.
    for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at))
      number = number * 10 + digit;
    // No leading zero. Offset 0 is left to LineScanner.
    if (number !== offset || bytes[start + OFFSET.length] === 0x30) return -1;
    const timeAt = tokenEnd(bytes, at, TIMESTAMP);
    if (timeAt < 0 || bytes[timeAt] === 0x30) return -1;
    at = timeAt;
    number = 0;
    for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at))
      number = number * 10 + digit;
    if (at === timeAt || at - timeAt > TIMESTAMP_DIGITS_MAX) return -1;
    let valueAt = tokenEnd(bytes, at, VALUE);
    if (valueAt < 0) {
      valueAt = tokenEnd(bytes, keyEnd(bytes, at), VALUE);
      if (valueAt < 0) return -1;
    }
    const watch = this.#watch;
    at = watch === null ? jsonEnd(bytes, view, valueAt) : watchedEnd(bytes, view, valueAt, watch);
    if (at < 0 || bytes[at] !== 0x7d || bytes[at + 1] !== 0x0a) return -1;
    if (at + 1 - start > LIMITS.lineBytesMax) return -1;
    this.timestampMs = number;
    this.valueAt = valueAt;
    return at + 1;
  }
}

/** The index after what may be between timestamp and value. Only keys without escapes are accepted. */
function keyEnd(bytes: Uint8Array, start: number): number {
  const append = tokenEnd(bytes, start, APPEND);
  const at = append < 0 ? start : append;
  const key = tokenEnd(bytes, at, KEY);
  if (key < 0) return at;
  let end = key;
  for (let byte = bytes[end] as number; byte !== 0x22; byte = bytes[++end] as number) {
    // A backslash is an escape, and beyond ASCII the UTF-8 has to be checked.
    if (!(byte >= 0x20 && byte < 0x80 && byte !== 0x5c)) return at;
  }
  return end + 1;
}

/** 0 to 9, or −1. */
function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] as number) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

function tokenEnd(bytes: Uint8Array, at: number, token: Uint8Array): number {
  for (let i = 0; i < token.length; i++) if (bytes[at + i] !== token[i]) return -1;
  return at + token.length;
}
