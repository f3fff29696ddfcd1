// Does a condition of a policy hold for a request of which some facts are known?
import type { AccessCondition } from './access-policy.ts';
import { anyOf, every, type Maybe, maybe, NO, opposite, sure, YES } from './maybe.ts';

/** What is known of a request beside who asks for what. Names of keys in lower case. */
export type RequestFacts = {
  /** Values of the request's condition keys. */
  readonly values: ReadonlyMap<string, string>;
  /** A key without a value: is it known that the request has none, or is nothing known of it? */
  readonly isAbsent: (key: string) => boolean;
};

type Compare = (found: string, wanted: string) => boolean;
type Operator = { readonly compare: Compare; readonly isNegative: boolean };

/** `*` stands for any text, `?` for one character. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [p, t, star, marked] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') [star, marked, p] = [p, t, p + 1];
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) [p, t] = [p + 1, t + 1];
    else if (star < 0) return false;
    else [p, marked, t] = [star + 1, marked + 1, marked + 1];
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Part by part, as ARNs are compared: no wildcard goes over a colon before the resource's own part. */
function matchesArn(found: string, wanted: string): boolean {
  if (wanted === '*') return true;
  const split = (arn: string) => {
    const parts = arn.split(':');
    return [...parts.slice(0, 5), parts.slice(5).join(':')];
  };
  const [values, patterns] = [split(found), split(wanted)];
  return patterns.every((pattern, index) => matchesWildcard(pattern, values[index] ?? ''));
}

const numeric =
  (isSo: (found: number, wanted: number) => boolean): Compare =>
  (found, wanted) =>
    isSo(Number(found), Number(wanted));
const dates =
  (isSo: (found: number, wanted: number) => boolean): Compare =>
  (found, wanted) =>
    isSo(millisecondsOf(found), millisecondsOf(wanted));
const millisecondsOf = (text: string) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));

const equal: Compare = (found, wanted) => found === wanted;
const ignoringCase: Compare = (found, wanted) => found.toLowerCase() === wanted.toLowerCase();
const like: Compare = (found, wanted) => matchesWildcard(wanted, found);
const is = (compare: Compare): Operator => ({ compare, isNegative: false });
const isNot = (compare: Compare): Operator => ({ compare, isNegative: true });

const ORDERS = {
  Equals: (a: number, b: number) => a === b,
  LessThan: (a: number, b: number) => a < b,
  LessThanEquals: (a: number, b: number) => a <= b,
  GreaterThan: (a: number, b: number) => a > b,
  GreaterThanEquals: (a: number, b: number) => a >= b,
} as const;

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...Object.entries({
    ...{ StringEquals: is(equal), StringNotEquals: isNot(equal) },
    ...{ StringEqualsIgnoreCase: is(ignoringCase), StringNotEqualsIgnoreCase: isNot(ignoringCase) },
    ...{ StringLike: is(like), StringNotLike: isNot(like), Bool: is(ignoringCase) },
    ...{ ArnEquals: is(matchesArn), ArnLike: is(matchesArn) },
    ...{ ArnNotEquals: isNot(matchesArn), ArnNotLike: isNot(matchesArn) },
    ...{ NumericNotEquals: isNot(numeric(ORDERS.Equals)), DateNotEquals: isNot(dates(ORDERS.Equals)) },
  }),
  ...Object.entries(ORDERS).map(([name, isSo]) => [`Numeric${name}`, is(numeric(isSo))] as const),
  ...Object.entries(ORDERS).map(([name, isSo]) => [`Date${name}`, is(dates(isSo))] as const),
]);

const FORM = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

/** `hasVariables`: of the document that the condition stands in. */
export function holds(
  { operator, key, values }: AccessCondition,
  facts: RequestFacts,
  hasVariables: boolean,
): Maybe {
  const [, set, name, ifExists] = FORM.exec(operator) ?? [];
  const found = facts.values.get(key.toLowerCase());
  if (found === undefined && !facts.isAbsent(key.toLowerCase())) return maybe(key);
  if (name === 'Null') return anyOf(values.map((one) => sure((one === 'true') === (found === undefined))));
  const known = OPERATORS.get(name ?? '');
  if (known === undefined) return maybe(operator);
  const { compare, isNegative } = known;
  if (found === undefined) {
    if (set === 'ForAnyValue') return NO;
    return set === 'ForAllValues' || ifExists !== undefined || isNegative ? YES : NO;
  }
  const each = values.map((value) => {
    const wanted = hasVariables ? withoutVariables(value, facts) : value;
    return wanted === null ? maybe(value) : sure(compare(found, wanted));
  });
  return isNegative ? every(each.map(opposite)) : anyOf(each);
}

/** Null: a variable whose value is not known. */
export function withoutVariables(text: string, facts: RequestFacts): string | null {
  let isKnown = true;
  const plain = text.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
    if (inner === '$') return '$';
    const value = facts.values.get(inner.trim().toLowerCase());
    // `${*}` is a star and no wildcard, which the patterns here can't say.
    if (value === undefined) isKnown = false;
    return value ?? '';
  });
  return isKnown ? plain : null;
}
