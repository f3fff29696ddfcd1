// Between which bounds do the numbers and times of a field lie? (FORMAT.md 9.9.7)
import { compareDecimals, type Decimal, parseDecimal } from '../../../base/decimal-order.ts';
import { eventTimeOf } from '../../../base/event-time.ts';
import type { FoundKind } from '../../../base/json/json-walk.ts';

/** Numbers as they are written, at most two digits and a power of ten. Null: such a bound is not known. */
export type NumberBounds = { readonly min: string | null; readonly max: string | null };
/** Milliseconds since 1970. */
export type TimeBounds = { readonly min: number; readonly max: number };

const [MINUS, ZERO, NINE] = [0x2d, 0x30, 0x39];

/** Bounds of all values that were added. */
export class BoundsCollector {
  #least: Decimal | null = null;
  #greatest: Decimal | null = null;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** True: the value reads as a time. */
  add(text: string, kind: FoundKind): boolean {
    // Both begin with a digit or a minus sign, as few texts do.
    const first = text.charCodeAt(0);
    if (!(first === MINUS || (first >= ZERO && first <= NINE))) return false;
    const number = kind === 'other' ? null : parseDecimal(text);
    if (number !== null) {
      if (this.#least === null || compareDecimals(number, this.#least) < 0) this.#least = number;
      if (this.#greatest === null || compareDecimals(number, this.#greatest) > 0) this.#greatest = number;
    }
    const time = eventTimeOf(text);
    if (time === null) return false;
    this.#first = Math.min(this.#first, time.ms);
    this.#last = Math.max(this.#last, time.ms);
    return true;
  }

  /** Null: there was no number. */
  get numbers(): NumberBounds | null {
    if (this.#least === null || this.#greatest === null) return null;
    return { min: outward(this.#least, -1), max: outward(this.#greatest, 1) };
  }

  /** Null: there was no time. */
  get times(): TimeBounds | null {
    return this.#first > this.#last ? null : { min: this.#first, max: this.#last };
  }
}

const DIGITS = 2;
/** Of an exponent. A number beyond it has no bound. */
const EXPONENT_MAX = 1_000_000n;

/**
 * The nearest number of two digits that is not above (−1) or not below (1). Exact ones could be a person's.
 */
function outward(number: Decimal, side: -1 | 1): string | null {
  const { sign, digits, exponent } = number;
  if (sign === 0) return '0';
  if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX) return null;
  const isAway = sign === side && digits.length > DIGITS;
  const size = Number(digits.slice(0, DIGITS).padEnd(DIGITS, '0')) + (isAway ? 1 : 0);
  return `${sign < 0 ? '-' : ''}${size}e${exponent - BigInt(DIGITS)}`;
}
