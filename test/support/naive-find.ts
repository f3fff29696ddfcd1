// Which records match, by the simplest way there is: decode all, parse all, compare all?
import { decodeLine } from '../../src/format/record.ts';

export type NaiveCondition = {
  /** Names that lead to the value. */
  readonly path: readonly string[];
  readonly operator: '=' | '~' | '^' | '>' | '<' | '>=' | '<=';
  readonly value: string;
};

/** JSON with every member of an object, also those that stand twice. */
type Json =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Json])[] }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'string' | 'number' | 'other'; readonly text: string };

/** Well-formed JSON only. */
function parse(text: string): Json {
  let at = 0;
  const space = (): void => {
    while (' \t\r\n'.includes(text[at] ?? '?')) at++;
  };
  const string = (): string => {
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at++;
    return JSON.parse(text.slice(start, at)) as string;
  };
  const list = <T>(end: string, item: () => T): T[] => {
    const items: T[] = [];
    at++;
    space();
    while (text[at] !== end) {
      items.push(item());
      space();
      if (text[at] === ',') at++;
      space();
    }
    at++;
    return items;
  };
  const value = (): Json => {
    space();
    if (text[at] === '{') {
      const members = list('}', () => {
        const name = string();
        space();
        at++;
        return [name, value()] as const;
      });
      return { kind: 'object', members };
    }
    if (text[at] === '[') return { kind: 'array', items: list(']', value) };
    if (text[at] === '"') return { kind: 'string', text: string() };
    const [word = ''] = /^[^\s,\]}]+/.exec(text.slice(at)) ?? [];
    at += word.length;
    return { kind: /^[-0-9]/.test(word) ? 'number' : 'other', text: word };
  };
  return value();
}

/** Of these bytes, or null. A mark, line feeds and halves of characters are allowed. */
function jsonOf(bytes: Uint8Array): Json | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    JSON.parse(text);
    return parse(text);
  } catch {
    return null;
  }
}

/** All values at a path: arrays are passed through, and a string may be an object or an array as text. */
function valuesAt(json: Json, path: readonly string[]): Json[] {
  const [name, ...rest] = path;
  if (json.kind === 'array') {
    const through = json.items.flatMap((item) => valuesAt(item, path));
    const indexed = json.items.flatMap((item, index) => (String(index) === name ? valuesAt(item, rest) : []));
    return [...through, ...indexed];
  }
  if (name === undefined) return [json];
  if (json.kind === 'object') {
    return json.members.flatMap(([member, value]) => (member === name ? valuesAt(value, rest) : []));
  }
  const inner = json.kind === 'string' ? jsonOf(new TextEncoder().encode(json.text)) : null;
  return inner?.kind === 'object' || inner?.kind === 'array' ? valuesAt(inner, path) : [];
}

/** A fraction of two integers. Exponents must be small. */
function fractionOf(text: string): readonly [bigint, bigint] | null {
  const match = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const scale = BigInt(exponent) - BigInt(fraction.length);
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  return scale >= 0n ? [digits * 10n ** scale, 1n] : [digits, 10n ** -scale];
}

function order(a: string, b: string): bigint | null {
  const [one, other] = [fractionOf(a), fractionOf(b)];
  return one === null || other === null ? null : one[0] * other[1] - other[0] * one[1];
}

function holds({ operator, value }: NaiveCondition, found: Json): boolean {
  if (found.kind === 'object' || found.kind === 'array') return false;
  const { kind, text } = found;
  if (operator === '~') return text.includes(value);
  if (operator === '^') return text.startsWith(value);
  if (operator === '=') return text === value || (kind === 'number' && order(text, value) === 0n);
  const by = kind === 'other' ? null : order(text, value);
  if (by === null) return false;
  return { '>': by > 0n, '<': by < 0n, '>=': by >= 0n, '<=': by <= 0n }[operator];
}

const textsOf = (json: Json): string[] => {
  if (json.kind === 'object') return json.members.flatMap(([name, value]) => [name, ...textsOf(value)]);
  if (json.kind === 'array') return json.items.flatMap(textsOf);
  const inner = json.kind === 'string' ? jsonOf(new TextEncoder().encode(json.text)) : null;
  return [json.text, ...(inner === null ? [] : textsOf(inner))];
};

/** Whether the line is a record in which the condition's field has a value. */
export function hasNaively(line: Uint8Array, { path }: NaiveCondition): boolean {
  const decoded = decodeLine(line);
  const value = decoded.kind === 'gap' ? null : decoded.record.value;
  const json = value === null ? null : jsonOf(value);
  return json !== null && valuesAt(json, path).some(({ kind }) => kind !== 'object' && kind !== 'array');
}

/** Whether the line is a record for which each condition holds and in which each word stands. */
export function matchesNaively(
  line: Uint8Array,
  conditions: readonly NaiveCondition[],
  words: readonly string[],
): boolean {
  const decoded = decodeLine(line);
  if (decoded.kind === 'gap') return false;
  const { value, key, headers } = decoded.record;
  const json = value === null ? null : jsonOf(value);
  const isHeld = (one: NaiveCondition): boolean =>
    json !== null && valuesAt(json, one.path).some((found) => holds(one, found));
  const parts = [value, key, ...headers.flatMap((header) => [header.name, header.value])];
  const raw = parts.flatMap((part) => (part === null ? [] : [Buffer.from(part)]));
  const said = json === null ? [] : textsOf(json);
  const isSaid = (word: string): boolean =>
    raw.some((bytes) => bytes.includes(word)) || said.some((text) => text.includes(word));
  return conditions.every(isHeld) && words.every(isSaid);
}
