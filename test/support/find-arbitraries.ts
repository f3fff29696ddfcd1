// Which records, and which conditions on them, may a search meet? For tests with random ones.
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import type { NaiveCondition } from './naive-find.ts';

export const STRINGS = [
  'admin',
  'adm',
  'Admin',
  'a/b',
  'é',
  'e\u0301',
  '1',
  '1.0',
  '',
  'x"y',
  'back\\slash',
  '😀',
  '12',
];
export const NAMES = ['a', 'b', 'a/b', 'é', '0', '1', 'na"me'];
const NUMBERS = [
  '1',
  '1.0',
  '1e0',
  '10e-1',
  '0.1E+1',
  '-1',
  '-0',
  '0',
  '9007199254740993',
  '9007199254740992',
];
const MORE = ['900719925474099.3e1', '12', '1.2e1', '1e-3', '0.001', '-2.5'];

/** A string of JSON in which any character may be written as an escape. */
const spelled = (text: string, mask: number): string => {
  let at = 0;
  const written = [...text].map((char) => {
    const isEscaped = ((mask >> (at++ % 16)) & 1) === 1;
    if (!isEscaped) return char === '/' && (mask & 0x8000) !== 0 ? '\\/' : JSON.stringify(char).slice(1, -1);
    return Array.from({ length: char.length }, (_, index) => {
      const hex = char.charCodeAt(index).toString(16).padStart(4, '0');
      return `\\u${(mask & 0x4000) === 0 ? hex : hex.toUpperCase()}`;
    }).join('');
  });
  return `"${written.join('')}"`;
};

const mask = fc.oneof(fc.constant(0), fc.constant(0x8000), fc.integer({ min: 0, max: 0xffff }));
const string = fc.tuple(fc.constantFrom(...STRINGS), mask).map(([text, how]) => spelled(text, how));
const name = fc.tuple(fc.constantFrom(...NAMES), mask).map(([text, how]) => spelled(text, how));
const space = fc.constantFrom('', '', '', ' ', '\t', '\n', '\r\n');
const scalar = fc.oneof(
  string,
  fc.constantFrom(...NUMBERS, ...MORE),
  fc.constantFrom('true', 'false', 'null'),
);

const { json } = fc.letrec<{ json: string; array: string; object: string; nested: string }>((tie) => ({
  array: fc
    .tuple(fc.array(tie('json'), { maxLength: 3 }), space)
    .map(([items, gap]) => `[${gap}${items.join(`,${gap}`)}]`),
  object: fc
    .tuple(fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }), space)
    .map(
      ([members, gap]) => `{${gap}${members.map(([one, value]) => `${one}${gap}:${value}`).join(`,${gap}`)}}`,
    ),
  nested: fc.oneof(tie('object'), tie('array')).map((text) => JSON.stringify(text)),
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { arbitrary: scalar, weight: 3 },
    { arbitrary: tie('object'), weight: 4 },
    { arbitrary: tie('array'), weight: 1 },
    { arbitrary: tie('nested'), weight: 1 },
  ),
}));

const condition: fc.Arbitrary<NaiveCondition> = fc.oneof(
  fc.record({
    path: fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
    operator: fc.constantFrom('=', '=', '~', '^'),
    value: fc.constantFrom(...STRINGS.filter((text) => text !== ''), ...NUMBERS, 'true', 'null'),
  }),
  fc.record({
    path: fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
    operator: fc.constantFrom('>', '<', '>=', '<='),
    value: fc.constantFrom(...NUMBERS, ...MORE),
  }),
);

/** A value in which a condition's field is there, and often holds what is asked for. */
function planted({ path, value: wanted }: NaiveCondition): fc.Arbitrary<string> {
  const [first, ...rest] = path;
  const leaf = fc.oneof(
    mask.map((how) => spelled(wanted, how)),
    fc.constantFrom(...NUMBERS, ...MORE),
    scalar,
  );
  if (first === undefined) return leaf;
  const member = mask.map((how) => spelled(first, how));
  const below = planted({ path: rest, operator: '=', value: wanted });
  const members = fc
    .tuple(
      fc.array(fc.tuple(name, scalar), { maxLength: 2 }),
      member,
      below,
      fc.option(fc.tuple(member, scalar)),
      space,
    )
    .map(([before, own, found, again, gap]) => {
      const all = [...before, [own, found] as const, ...(again === null ? [] : [again])];
      return `{${gap}${all.map(([one, held]) => `${one}:${gap}${held}`).join(',')}}`;
    });
  const wrapped = fc.tuple(members, scalar, fc.boolean());
  return fc.oneof(
    { arbitrary: members, weight: 4 },
    {
      arbitrary: wrapped.map(([one, other, isFirst]) =>
        isFirst ? `[${one},${other}]` : `[${other},[${one}]]`,
      ),
      weight: 1,
    },
    { arbitrary: fc.tuple(members, mask).map(([one, how]) => spelled(one, how)), weight: 1 },
  );
}

const bytes = fc.uint8Array({ maxLength: 12 });
const part = fc.option(fc.oneof(fc.constantFrom(...STRINGS).map(utf8), bytes));
const recordFor = (asked: readonly NaiveCondition[]) => {
  const texts = asked.length === 0 ? json : fc.oneof(json, ...asked.map(planted), ...asked.map(planted));
  const value: fc.Arbitrary<Uint8Array | null> = fc.oneof(
    { arbitrary: texts.map(utf8), weight: 12 },
    { arbitrary: texts.map((text) => utf8(`\ufeff${text}`)), weight: 1 },
    { arbitrary: fc.tuple(texts, space).map(([text, gap]) => utf8(`${gap}${text}\n`)), weight: 2 },
    { arbitrary: fc.constantFrom(...STRINGS).map(utf8), weight: 1 },
    { arbitrary: bytes, weight: 1 },
    { arbitrary: fc.constant(null), weight: 1 },
  );
  const header = fc.record({ name: fc.constantFrom(...STRINGS).map(utf8), value: part });
  return fc.record({ key: part, headers: fc.array(header, { maxLength: 2 }), value });
};

export const world = fc
  .array(condition, { maxLength: 2 })
  .chain((conditions) =>
    fc.tuple(fc.constant(conditions), fc.array(recordFor(conditions), { minLength: 1, maxLength: 12 })),
  );

export const whereText = ({ path, operator, value: wanted }: NaiveCondition): string => {
  const pointer = path.map((one) => `/${one.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `${JSON.stringify(pointer)}${operator}${wanted}`;
};
