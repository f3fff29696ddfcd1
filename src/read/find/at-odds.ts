// Which conditions can no one value fulfil together? A record with several values there still can.
import { compareDecimals, parseDecimal } from '../../base/decimal-order.ts';
import { eventTimeOf, MAY_BE_MS } from '../../base/event-time.ts';
import { type Condition, conditionText, type Operator } from './condition.ts';

/** `no one value of /n is /n>5 and /n<3: …`, once for each field. */
export function atOddsTexts(conditions: readonly Condition[]): string[] {
  const said = new Map<string, string>();
  for (const [index, first] of conditions.entries()) {
    for (const second of conditions.slice(index + 1)) {
      if (first.field !== second.field || said.has(first.field) || !areAtOdds(first, second)) continue;
      said.set(
        first.field,
        [
          `no one value fulfils both ${conditionText(first)} and ${conditionText(second)}: only a record with`,
          `several values of ${first.field}, as in an array, could be a hit`,
        ].join(' '),
      );
    }
  }
  return [...said.values()];
}

type Bound = { readonly least: boolean; readonly most: boolean; readonly isIncluded: boolean };

const BOUNDS: Readonly<Partial<Record<Operator, Bound>>> = {
  '=': { least: true, most: true, isIncluded: true },
  '>': { least: true, most: false, isIncluded: false },
  '>=': { least: true, most: false, isIncluded: true },
  '<': { least: false, most: true, isIncluded: false },
  '<=': { least: false, most: true, isIncluded: true },
};

function areAtOdds(a: Condition, b: Condition): boolean {
  const [first, second] = [BOUNDS[a.operator], BOUNDS[b.operator]];
  if (first === undefined || second === undefined) return false;
  if (a.operator === '=' && b.operator === '=') return a.value !== b.value && order(a.value, b.value) !== 0;
  return isAbove(a, first, b, second) || isAbove(b, second, a, first);
}

/** Whether `low` asks for more than `high` allows. */
function isAbove(low: Condition, of: Bound, high: Condition, to: Bound): boolean {
  if (!of.least || !to.most) return false;
  const between = order(low.value, high.value);
  if (between === null) return false;
  return between > 0 || (between === 0 && !(of.isIncluded && to.isIncluded));
}

/** Negative, zero or positive. Null: they are of two kinds, or may lie either way. */
function order(a: string, b: string): number | null {
  const [first, second] = [parseDecimal(a), parseDecimal(b)];
  if (first !== null && second !== null) return compareDecimals(first, second);
  if (first !== null || second !== null) return null;
  const [from, to] = [eventTimeOf(a), eventTimeOf(b)];
  if (from === null || to === null) return null;
  const apart = from.ms - to.ms;
  // Each may be of another offset from UTC than the other.
  const isSure = from.hasZone === to.hasZone || Math.abs(apart) > MAY_BE_MS.most - MAY_BE_MS.least;
  return isSure ? apart : null;
}
