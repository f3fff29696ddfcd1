// Which of two JSON numbers is greater? Exactly, in any spelling and of any size.

/** `0.d1d2d3… × 10^exponent`, without zeros at either end of the digits. Zero has none. */
export type Decimal = {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly exponent: bigint;
};

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Null: it is no number of RFC 8259 §6, or its exponent has more than 4,000 digits. */
export function parseDecimal(text: string): Decimal | null {
  if (!NUMBER.test(text)) return null;
  const isNegative = text.startsWith('-');
  const at = text.search(/[eE]/);
  const mantissa = text.slice(isNegative ? 1 : 0, at < 0 ? text.length : at);
  const point = mantissa.indexOf('.');
  const whole = point < 0 ? mantissa : mantissa.slice(0, point);
  const all = point < 0 ? mantissa : whole + mantissa.slice(point + 1);
  let start = 0;
  while (start < all.length && all[start] === '0') start++;
  let end = all.length;
  while (end > start && all[end - 1] === '0') end--;
  if (start === end) return { sign: 0, digits: '', exponent: 0n };
  const written = at < 0 ? 0n : exponentOf(text.slice(at + 1));
  if (written === null) return null;
  const exponent = written + BigInt(whole.length - start);
  return { sign: isNegative ? -1 : 1, digits: all.slice(start, end), exponent };
}

/** Digits of an exponent take quadratic time. A `value` has at most 1000 of them (FORMAT.md 3.5). */
const EXPONENT_DIGITS_MAX = 4_000;

function exponentOf(text: string): bigint | null {
  const isNegative = text.startsWith('-');
  const digits = text.replace(/^[+-]/, '');
  if (digits.length > EXPONENT_DIGITS_MAX) return null;
  return isNegative ? -BigInt(digits) : BigInt(digits);
}

/** Below 0, 0 or above 0: as `a − b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.sign === 0) return 0;
  return a.sign * compareSizes(a, b);
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.exponent !== b.exponent) return a.exponent > b.exponent ? 1 : -1;
  if (a.digits === b.digits) return 0;
  // Both begin with another digit than 0, so the order of the digits is that of the numbers.
  return a.digits > b.digits ? 1 : -1;
}

/** The greatest integer not above `number × 10^shift`. Null beyond 10^20: no time is greater. */
export function scaledFloor({ sign, digits, exponent }: Decimal, shift: number): bigint | null {
  const scale = exponent + BigInt(shift);
  if (scale > 20n) return null;
  if (sign === 0) return 0n;
  if (scale <= 0n) return sign > 0 ? 0n : -1n;
  const width = Number(scale);
  const whole = BigInt(digits.slice(0, width).padEnd(width, '0'));
  if (sign > 0) return whole;
  return digits.length > width ? -whole - 1n : -whole;
}
