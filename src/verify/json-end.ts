// Where does a JSON text end? A second reader of JSON, independent of the one that the writers use.
import { DIGIT, ESCAPED, HEX_DIGIT, sequenceEnd } from '../format/json-bytes.ts';
import { NUMBER_BYTES_MAX, VALUE_DEPTH_MAX } from '../format/json-text.ts';

/** What may come next. A value may if it is odd. */
const NAME = 0;
const VALUE = 1;
const NAME_OR_CLOSE = 2;
const VALUE_OR_CLOSE = 3;

/** 1 if the container around that depth is an object. Shared by all calls, since nothing here yields. */
const outer = new Uint8Array(VALUE_DEPTH_MAX);

const QUOTE = 0x22;
const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;

/**
 * The index after the one JSON text that starts at `start` (RFC 8259; no CR or LF among its white space,
 * nested at most VALUE_DEPTH_MAX deep, in valid UTF-8, as FORMAT.md 3.5 has it), or −1. `view` is over the
 * same bytes. It takes no end: `bytes` must have an LF somewhere after `start`, and nothing in a JSON text of
 * a line goes over that.
 *
 * Most bytes of events are in strings, so strings come first and stand in the loop itself. Eight bytes at a
 * time: a high bit is left where a byte is ≥ 0x80, a backslash, or, turned by 0x02, below 0x21: that is the
 * quote, or a control. Borrows go upwards only, so the lowest high bit is a true one. 2.0 GB/s where
 * `isJsonRange` reads 1.2.
 */
export function jsonEnd(bytes: Uint8Array, view: DataView, start: number): number {
  const last = bytes.length - 8;
  let at = start;
  let depth = 0;
  let inObject = 0;
  let next = VALUE;
  for (;;) {
    let byte = bytes[at] as number;
    if (byte === QUOTE) {
      at++;
      for (;;) {
        while (at <= last) {
          const low = view.getInt32(at, true);
          const high = view.getInt32(at + 4, true);
          const lowMask =
            (low | ((low ^ 0x02020202) - 0x21212121) | ((low ^ 0x5c5c5c5c) - 0x01010101)) & 0x80808080;
          const highMask =
            (high | ((high ^ 0x02020202) - 0x21212121) | ((high ^ 0x5c5c5c5c) - 0x01010101)) & 0x80808080;
          if (lowMask !== 0) {
            at += lowestByte(lowMask);
            break;
          }
          if (highMask !== 0) {
            at += 4 + lowestByte(highMask);
            break;
          }
          at += 8;
        }
        if (bytes[at] === QUOTE) break;
        at = oddEnd(bytes, at);
        if (at < 0) return -1;
      }
      at++;
      if ((next & 1) === 0) {
        at = colonEnd(bytes, at);
        if (at < 0) return -1;
        next = VALUE;
        continue;
      }
    } else if (byte === SPACE || byte === TAB) {
      at++;
      continue;
    } else if ((byte === 0x7d && next === NAME_OR_CLOSE) || (byte === 0x5d && next === VALUE_OR_CLOSE)) {
      inObject = outer[--depth] as number;
      at++;
    } else if ((next & 1) === 0) {
      return -1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === VALUE_DEPTH_MAX) return -1;
      outer[depth++] = inObject;
      inObject = byte === 0x7b ? 1 : 0;
      next = byte === 0x7b ? NAME_OR_CLOSE : VALUE_OR_CLOSE;
      at++;
      continue;
    } else {
      at = scalarEnd(bytes, at);
      if (at < 0) return -1;
    }
    // After a value: the end, a comma, or the end of what it stands in.
    for (;;) {
      if (depth === 0) return at;
      byte = bytes[at++] as number;
      if (byte === COMMA) break;
      if (byte === (inObject === 1 ? 0x7d : 0x5d)) inObject = outer[--depth] as number;
      else if (byte !== SPACE && byte !== TAB) return -1;
    }
    next = inObject === 1 ? NAME : VALUE;
  }
}

export const lowestByte = (bits: number): number => (31 - Math.clz32(bits & -bits)) >> 3;

/** The index after the colon that follows a name, or −1. */
export function colonEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  return bytes[at] === 0x3a ? at + 1 : -1;
}

/** The index after an escape, a character beyond ASCII, or a plain byte near the end of the buffer; or −1. */
export function oddEnd(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  if (byte >= 0x80) return sequenceEnd(bytes, at, bytes.length);
  if (byte !== 0x5c) return byte >= SPACE ? at + 1 : -1;
  if (bytes[at + 1] !== 0x75) return ESCAPED[bytes[at + 1] as number] === 1 ? at + 2 : -1;
  const unit = escapedUnit(bytes, at);
  if (unit < 0xd800 || unit > 0xdfff) return unit < 0 ? -1 : at + 6;
  // The first half of a character, and then at once the second one, or it is nothing that all readers take.
  const second = unit < 0xdc00 && bytes[at + 6] === 0x5c ? escapedUnit(bytes, at + 6) : -1;
  return second >= 0xdc00 && second <= 0xdfff ? at + 12 : -1;
}

/** The UTF-16 code unit that `\u` and four hex digits at `at` stand for, or −1. `at` is on the backslash. */
function escapedUnit(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== 0x75) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = bytes[i] as number;
    if (HEX_DIGIT[byte] !== 1) return -1;
    unit = unit * 16 + (byte <= 0x39 ? byte - 0x30 : (byte & 0x0f) + 9);
  }
  return unit;
}

/** The index after the number or literal name at `at`, or −1. */
export function scalarEnd(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x74:
      return wordEnd(bytes, at, 'true');
    case 0x66:
      return wordEnd(bytes, at, 'false');
    case 0x6e:
      return wordEnd(bytes, at, 'null');
    default: {
      const end = numberEnd(bytes, at);
      return end - at > NUMBER_BYTES_MAX ? -1 : end;
    }
  }
}

function wordEnd(bytes: Uint8Array, at: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return -1;
  return at + word.length;
}

/** RFC 8259 §6. */
function numberEnd(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === 0x2d ? start + 1 : start;
  let at = digitsEnd(bytes, whole);
  if (at < 0 || (bytes[whole] === 0x30 && at > whole + 1)) return -1;
  if (bytes[at] === 0x2e) at = digitsEnd(bytes, at + 1);
  if (at < 0 || ((bytes[at] as number) | 0x20) !== 0x65) return at;
  const sign = bytes[at + 1];
  return digitsEnd(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
}

/** At least one, or −1. */
function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (DIGIT[bytes[at] as number] === 1) at++;
  return at === start ? -1 : at;
}
