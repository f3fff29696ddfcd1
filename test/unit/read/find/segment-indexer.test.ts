// Is an index what FORMAT.md 9.9 says, at its limits and of values that hide?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.ts';
import { encodeEntry } from '../../../../src/format/line-writer.ts';
import { parseTarget, type Target } from '../../../../src/format/target.ts';
import { parseCondition } from '../../../../src/read/find/condition.ts';
import { cannotHit } from '../../../../src/read/find/index/cannot-hit.ts';
import { encodeIndex, type SegmentIndex } from '../../../../src/read/find/index/segment-index.ts';
import { SegmentIndexer } from '../../../../src/read/find/index/segment-indexer.ts';
import { indexKey } from '../../../../src/read/find/index/value-hash.ts';
import { LineMatcher } from '../../../../src/read/find/line-matcher.ts';
import type { SearchSpec } from '../../../../src/read/find/search-spec.ts';
import { START_MS } from '../../../support/archive-builder.ts';
import { recordsOf } from '../../../support/find-world.ts';
import { naiveIndex } from '../../../support/naive-index.ts';

const DATA = 'ab'.repeat(32);
const ROOT = new Uint8Array(32).fill(5);
const KEY = indexKey(DATA, ROOT);

type Value = string | Uint8Array | null;

const linesOf = (values: readonly Value[]) =>
  recordsOf(values).map((record) => {
    const content = encodeEntry(record);
    const { offset } = record;
    return {
      ...{ content, start: 0, end: content.length, offset, nextOffset: offset + 1 },
      ...{ gapLine: null, timestampMs: START_MS, plainAt: -1 },
    };
  });

function indexOf(values: readonly Value[], fields: readonly string[]): SegmentIndex {
  const indexer = new SegmentIndexer(fields, KEY);
  for (const line of linesOf(values)) indexer.add(line);
  return indexer.finish();
}

const specOf = (
  ...conditions: readonly (readonly [fields: readonly string[], condition: string])[]
): SearchSpec => ({
  ...{ texts: [], time: null },
  conditions: conditions.map(([fields, condition]) => {
    const { operator, value } = parseCondition(`x${condition}`);
    return { targets: fields.map((field) => parseTarget(field) as Target), operator, value };
  }),
});

const isRuledOut = (index: SegmentIndex, field: string, condition: string): boolean =>
  cannotHit([index], specOf([[field], condition]), KEY);

const hitsOf = (values: readonly Value[], spec: SearchSpec): number => {
  const matcher = new LineMatcher(spec);
  return linesOf(values).filter((line) => matcher.isHit(line)).length;
};

describe('a set of values', () => {
  const numbers = (count: number): string => `{"n":[${Array.from({ length: count }, (_, n) => n)}]}`;
  const texts = (count: number): string[] =>
    Array.from({ length: count }, (_, n) => {
      const digits = String(n).replace(/0+$/, '');
      return `n${digits}e${n === 0 ? 0 : String(n).length}`;
    });

  it.each([0, 1, 1024, 1025, 4096, 4097, 9000])(
    'of %i values is as it is written down, in any order',
    (count) => {
      const max = count - 1;
      const shown = String(max).padEnd(2, '0').slice(0, 2);
      const isExact = /^\d{1,2}0*$/.test(String(max));
      const greatest = max < 1 ? '0' : `${Number(shown) + (isExact ? 0 : 1)}e${String(max).length - 2}`;
      const lastMs = max * 1000;
      const expected = naiveIndex({
        ...{ dataSha256: DATA, root: '05'.repeat(32), records: 2, tombstones: 0, notJson: 0 },
        fields: [
          {
            ...{ field: '/n', without: count === 0 ? 2 : 0, undated: count === 0 ? 2 : 0 },
            numbers: count === 0 ? null : { min: '0', max: greatest },
            times: count === 0 ? null : { min: 0, max: lastMs },
            texts: texts(count),
          },
        ],
      });
      const value = numbers(count);
      const backwards = `{"n":[${Array.from({ length: count }, (_, n) => count - 1 - n)}]}`;
      expect(Buffer.from(encodeIndex(indexOf([value, backwards], ['/n']))).toString()).toBe(expected);
    },
  );

  it('holds all of its values, and of 20,000 others few', () => {
    const index = indexOf([numbers(5000)], ['/n']);
    expect(index.fields[0]?.values?.kind).toBe('bloom');
    for (let n = 0; n < 5000; n++) expect(isRuledOut(index, '/n', `=${n}`)).toBe(false);
    let seeming = 0;
    for (let n = 0; n < 20_000; n++) if (!isRuledOut(index, '/n', `=x${n}`)) seeming++;
    // 1 in 2,000, that is 10.
    expect(seeming).toBeLessThan(30);
  });

  it('of too many says nothing, and rules nothing out', () => {
    // Texts, which are read in less time than numbers, and numbers for the bounds.
    const texts = Array.from(
      { length: 52 },
      (_, at) => `{"n":[${Array.from({ length: 10_000 }, (_, n) => `"v${at * 10_000 + n}"`)}]}`,
    );
    const all = [...texts, numbers(10_000)];
    const index = indexOf(all, ['/n']);
    expect(index.fields[0]?.values).toBeNull();
    expect(isRuledOut(index, '/n', '=nobody')).toBe(false);
    expect(isRuledOut(index, '/n', '>1e9')).toBe(true);
  });
});

describe('an index', () => {
  it('tells no more than two digits of a number, away from all of them', () => {
    const numbersOf = (...all: string[]) => indexOf([`{"n":[${all}]}`], ['/n']).fields[0]?.numbers;
    expect(numbersOf('123456')).toEqual({ min: '12e4', max: '13e4' });
    expect(numbersOf('-123456')).toEqual({ min: '-13e4', max: '-12e4' });
    expect(numbersOf('999', '0.00123')).toEqual({ min: '12e-4', max: '100e1' });
    expect(numbersOf('0', '"7"', '"x"', 'true')).toEqual({ min: '0', max: '70e-1' });
    expect(numbersOf(`1e${'9'.repeat(300)}`, '1')).toEqual({ min: '10e-1', max: null });
    expect(numbersOf('"x"', 'null')).toBeNull();
    const index = indexOf([`{"n":[123456,-5]}`], ['/n']);
    expect([isRuledOut(index, '/n', '>130000'), isRuledOut(index, '/n', '>129999')]).toEqual([true, false]);
    expect([isRuledOut(index, '/n', '<-5'), isRuledOut(index, '/n', '<=-5')]).toEqual([true, false]);
    const huge = indexOf([`{"n":[1e${'9'.repeat(300)},1]}`], ['/n']);
    expect(isRuledOut(huge, '/n', '>5')).toBe(false);
  });

  it.each<readonly [string, Value, string]>([
    ['in UTF-16', new Uint8Array(Buffer.from('\ufeff{"a":"x"}', 'utf16le')), '=x'],
    ['after a byte order mark', utf8('\ufeff{"a":"x"}'), '=x'],
    [
      'in JSON text within JSON text',
      JSON.stringify({ a: 'x' }).replace(/.*/, (text) => JSON.stringify(text)),
      '=x',
    ],
    ['by an escape', '{"\\u0061":"\\u0078"}', '=x'],
    ['as the second of two', '{"a":1,"a":"x"}', '=x'],
    ['in an array in an array', '[[{"a":["y",["x"]]}]]', '=x'],
    ['as another spelling', '{"a":10e-1}', '=1'],
    ['as a text that is no number', '{"a":"1.0"}', '=1.0'],
    ['as half a character', '{"a":"\\ud800"}', '=\ud800'],
    ['as a number that is too long for one', `{"a":1e${'9'.repeat(5000)}}`, `=1e${'9'.repeat(5000)}`],
    ['as true', '{"a":true}', '=true'],
    ['as nothing', '{"a":""}', '='],
  ])('has a value that stands there %s', (_, value, condition) => {
    const spec = specOf([['/a'], condition]);
    expect(hitsOf([value], spec)).toBe(1);
    expect(cannotHit([indexOf([value], ['/a'])], spec, KEY)).toBe(false);
    expect(isRuledOut(indexOf([value], ['/a']), '/a', '=another')).toBe(true);
  });

  it('has the fields of a record in which another one is too deep to be walked', () => {
    // A string holds JSON text that is deeper, together with what is around it, than is walked.
    const inner = `{"deep":${'['.repeat(480)}1${']'.repeat(480)},"a":"x"}`;
    const value = `${'[{"s":'.repeat(15)}${JSON.stringify(inner)}${'}]'.repeat(15)}`;
    const path = '/s'.repeat(15);
    const spec = specOf([[`${path}/a`], '=x']);
    expect(hitsOf([value], spec)).toBe(1);
    const index = indexOf([value], [`${path}/deep`, `${path}/a`]);
    expect(cannotHit([index], spec, KEY)).toBe(false);
    expect(index.fields[1]?.without).toBe(0);
  });

  it('rules nothing out by a place that it does not have, or that another index says otherwise of', () => {
    const [one, other] = [indexOf(['{"a":1,"b":2}'], ['/a']), indexOf(['{"a":1,"b":2}'], ['/b'])];
    const spec = specOf([['/a', '/b'], '=9']);
    expect(cannotHit([one], spec, KEY)).toBe(false);
    expect(cannotHit([], spec, KEY)).toBe(false);
    expect(cannotHit([one, other], spec, KEY)).toBe(true);
    expect(cannotHit([one, other, indexOf(['{"b":9}'], ['/b'])], spec, KEY)).toBe(false);
    // One of several conditions that can't hold is enough.
    expect(cannotHit([one], specOf([['/c'], '=9'], [['/a'], '=9']), KEY)).toBe(true);
    expect(cannotHit([one], specOf([['/c'], '=9'], [['/a'], '=1']), KEY)).toBe(false);
  });
});
