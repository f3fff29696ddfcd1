// What does `--where FIELD=VALUE` ask of a value?
import { compareDecimals, parseDecimal } from '../../base/decimal-order.ts';
import { eventTimeOf, isTimeText, MAY_BE_MS } from '../../base/event-time.ts';
import { parseTarget, SHORT_NAME, TARGET_FORMS } from '../../format/target.ts';
import { QueryError } from './query-error.ts';

export type Operator = '=' | '~' | '^' | '>' | '>=' | '<' | '<=';

export type Condition = {
  /** A short name or a target, as it was written. */
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
};

/** `other`: true, false or null, as it is written. */
type ScalarKind = 'string' | 'number' | 'other';

const EXAMPLE = "Write it like --where actor=alice or --where '/userIdentity/arn~alice'.";
const OPERATORS = /[=~^<>]/;

/**
 * FIELD ends at the first of `= ~ ^ > <`. In double quotes (a JSON string) it may hold those too. `~0` and
 * `~1`, which can be a part of a JSON pointer, are accepted in quotes only. Throws QueryError.
 */
export function parseCondition(text: string): Condition {
  const { field, rest } = text.startsWith('"') ? quotedField(text) : plainField(text);
  const match = /^(>=|<=|[=~^<>])(.*)$/su.exec(rest);
  if (match === null) throw new QueryError(`${JSON.stringify(text)} says nothing about ${field}`, EXAMPLE);
  const [, operator, value] = match as unknown as [string, Operator, string];
  if (!SHORT_NAME.test(field) && parseTarget(field) === null) {
    throw new QueryError(
      `${JSON.stringify(field)} is no field`,
      `A field is a short name of the configuration (\`fields\`), ${TARGET_FORMS}.`,
    );
  }
  if (value === '' && operator !== '=') {
    throw new QueryError(`${JSON.stringify(text)} compares with nothing`, EXAMPLE);
  }
  if (/[<>]/.test(operator) && parseDecimal(value) === null && !isTimeText(value)) {
    throw new QueryError(
      `${JSON.stringify(value)} is neither a number nor a time`,
      `${operator} compares numbers and times: bytes>1000, or '/eventTime>=2026-11-22T10:00:00Z'.`,
    );
  }
  return { field, operator, value };
}

function quotedField(text: string): { readonly field: string; readonly rest: string } {
  const match = /^"(?:[^"\\]|\\.)*"/su.exec(text);
  try {
    if (match !== null) return { field: String(JSON.parse(match[0])), rest: text.slice(match[0].length) };
  } catch {
    // Said below.
  }
  throw new QueryError(`${text} begins with a quote that does not end, or holds no JSON string`, EXAMPLE);
}

function plainField(text: string): { readonly field: string; readonly rest: string } {
  const at = text.search(OPERATORS);
  if (at <= 0) throw new QueryError(`${JSON.stringify(text)} is no condition`, EXAMPLE);
  const [field, rest] = [text.slice(0, at), text.slice(at)];
  if (field.startsWith('/') && /^~[01]/.test(rest)) {
    throw new QueryError(
      [
        `${JSON.stringify(text)} can mean two things: ${rest.slice(0, 2)} is an escape in a JSON pointer,`,
        'and ~ means "contains"',
      ].join(' '),
      `Put the field into double quotes: --where '"${field}"${rest}' or --where '"${field}${rest.slice(0, 2)}…"=…'.`,
    );
  }
  return { field, rest };
}

export const conditionText = ({ field, operator, value }: Condition): string => {
  const isPlain = !OPERATORS.test(field) && !field.startsWith('"');
  return `${isPlain ? field : JSON.stringify(field)}${operator}${value}`;
};

/**
 * Whether a value is one that was asked for. `as-utc`: it is, if its time, which names no offset, is UTC;
 * `unzoned`: it is not, but at another offset it would be. `unreadable`: it is no number, or no time, and
 * can't be compared with one.
 */
export type ValueAnswer = boolean | 'as-utc' | 'unzoned' | 'unreadable';

/** `text`: a string's characters, or a number as it is written. */
export type ValueTest = (text: string, kind: ScalarKind) => ValueAnswer;

/** `>` and its like. */
export const isOrder = ({ operator }: Pick<Condition, 'operator'>): boolean =>
  Object.hasOwn(ORDERS, operator);

/** Whether an order, as `a − b`, is what `>` and its like ask for. */
export const holdsIn = (operator: Operator): ((order: number) => boolean) =>
  ORDERS[operator as keyof typeof ORDERS];

/**
 * `=`: the same characters, or the same number in any spelling. `~` and `^`: contains and begins with, as it
 * is written. `>` and its like compare numbers exactly, and times; a string counts if it spells one. `null`
 * is no value to compare.
 */
export function valueTest({ operator, value }: Pick<Condition, 'operator' | 'value'>): ValueTest {
  if (operator === '~') return (text) => text.includes(value);
  if (operator === '^') return (text) => text.startsWith(value);
  const number = parseDecimal(value);
  if (operator === '=') {
    return (text, kind) => {
      if (text === value) return true;
      const other = kind === 'number' && number !== null ? parseDecimal(text) : null;
      return other !== null && number !== null && compareDecimals(other, number) === 0;
    };
  }
  const holds = ORDERS[operator];
  if (number === null) return timeTest(holds, value);
  return (text, kind) => {
    const other = kind === 'other' ? null : parseDecimal(text);
    return other === null ? unread(text, kind) : holds(compareDecimals(other, number));
  };
}

function timeTest(holds: (order: number) => boolean, value: string): ValueTest {
  const bound = eventTimeOf(value);
  return (text, kind) => {
    const time = kind === 'string' && isTimeText(text) ? eventTimeOf(text) : null;
    if (time === null || bound === null) return unread(text, kind);
    const order = time.ms - bound.ms;
    if (holds(order)) return time.hasZone || 'as-utc';
    // Without an offset on either side they are compared as they are written.
    if (time.hasZone || !bound.hasZone) return false;
    return holds(order + MAY_BE_MS.least) || holds(order + MAY_BE_MS.most) ? 'unzoned' : false;
  };
}

const unread = (text: string, kind: ScalarKind): ValueAnswer =>
  kind === 'other' && text === 'null' ? false : 'unreadable';

const ORDERS: Readonly<Record<'>' | '>=' | '<' | '<=', (order: number) => boolean>> = {
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
};
