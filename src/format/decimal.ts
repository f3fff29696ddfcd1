// How is an integer written as decimal digits, without making a string of it?
import { utf8 } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';

const EIGHT_DIGITS = 100_000_000;

/**
 * A safe integer ≥ 0 in decimal. Returns the index after it. Split so that the loop divides 32-bit integers.
 */
export function putInteger(out: Uint8Array, at: number, value: number): number {
  if (value < EIGHT_DIGITS) return putSmall(out, at, value, 1);
  const high = Math.floor(value / EIGHT_DIGITS);
  return putSmall(out, putInteger(out, at, high), value - high * EIGHT_DIGITS, 8);
}

/** A number below 10^8 with at least `digits` digits. */
function putSmall(out: Uint8Array, start: number, value: number, digits: number): number {
  let length = digits;
  for (let bound = 10 ** digits; value >= bound; bound *= 10) length++;
  let rest = value | 0;
  for (let i = start + length - 1; i >= start; i--) {
    const tenth = (rest / 10) | 0;
    out[i] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
  return start + length;
}

/** An int64 in decimal. Returns the index after it. Throws FormatError for any other bigint. */
export function putTimestamp(out: Uint8Array, at: number, timestamp: bigint): number {
  const exact = Number(timestamp);
  // A bigint that rounds to a safe integer is that integer.
  if (Number.isSafeInteger(exact)) {
    if (exact >= 0) return putInteger(out, at, exact);
    out[at] = 0x2d;
    return putInteger(out, at + 1, -exact);
  }
  if (BigInt.asIntN(64, timestamp) !== timestamp) {
    throw new FormatError(`timestamp ${timestamp} is no int64`, 'record-too-large');
  }
  const text = utf8(timestamp.toString());
  out.set(text, at);
  return at + text.length;
}
