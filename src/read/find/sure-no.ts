// Which values surely don't fulfil a condition, as their bytes show without decoding them?
import { utf8 } from '../../base/bytes.ts';
import { parseDecimal } from '../../base/decimal-order.ts';
import type { FoundKind } from '../../base/json/json-walk.ts';
import { type Condition, holdsIn, isOrder } from './condition.ts';

/**
 * True: the value [start, end), a string without its quotes, could be compared, and is not what was asked
 * for. Only for strings in which no character is spelled by `\u` or `\/`.
 */
export type SureNo = (kind: FoundKind, bytes: Uint8Array, start: number, end: number) => boolean;

/** Characters that a string can't hold as themselves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const ESCAPED = /["\\\u0000-\u001f]/;

/** Integers with more digits are compared as text. */
const DIGITS_MAX = 15;

export const neverSure: SureNo = () => false;

export function sureNo(condition: Pick<Condition, 'operator' | 'value'>): SureNo {
  const { operator, value } = condition;
  const wanted = utf8(value);
  const number = integerIn(wanted, 0, wanted.length);
  if (isOrder(condition)) {
    if (Number.isNaN(number)) return neverSure;
    const holds = holdsIn(operator);
    return (kind, bytes, start, end) => {
      const other = kind === 'other' ? Number.NaN : integerIn(bytes, start, end);
      return !Number.isNaN(other) && !holds(other - number);
    };
  }
  if (ESCAPED.test(value) || !value.isWellFormed()) return neverSure;
  if (operator === '~') return (_, bytes, start, end) => !contains(bytes, start, end, wanted);
  if (operator === '^') return (_, bytes, start, end) => !beginsWith(bytes, start, end, wanted);
  const isNumber = parseDecimal(value) !== null;
  return (kind, bytes, start, end) => {
    if (kind !== 'number' || !isNumber)
      return end - start !== wanted.length || !beginsWith(bytes, start, end, wanted);
    const other = integerIn(bytes, start, end);
    return !Number.isNaN(other) && !Number.isNaN(number) && other !== number;
  };
}

function beginsWith(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

function contains(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  for (let at = start; at + wanted.length <= end; at++) if (beginsWith(bytes, at, end, wanted)) return true;
  return false;
}

/** An integer as JSON spells it, with at most DIGITS_MAX digits. NaN: it is none, or −0. */
function integerIn(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > DIGITS_MAX) return Number.NaN;
  if (bytes[first] === 0x30 && (digits > 1 || isNegative)) return Number.NaN;
  let number = 0;
  for (let at = first; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return isNegative ? -number : number;
}
