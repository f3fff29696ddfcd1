// Does a search find and count the same whether the values were noted on the way or are read again?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { encodeEntry } from '../../../src/format/line-writer.ts';
import { parseTarget, type Target } from '../../../src/format/target.ts';
import { parseCondition } from '../../../src/read/find/condition.ts';
import { LineMatcher } from '../../../src/read/find/line-matcher.ts';
import type { SearchSpec } from '../../../src/read/find/search-spec.ts';
import { PlainLine } from '../../../src/verify/plain-line.ts';
import { START_MS } from '../../support/archive-builder.ts';
import { STRINGS, whereText, world } from '../../support/find-arbitraries.ts';

const FIRST = 1;

/** One block of lines, as a segment has them. */
const blockOf = (values: readonly (Uint8Array | null)[]): Uint8Array =>
  concatBytes(
    ...values.flatMap((value, index) => [
      encodeEntry({
        ...{ offset: FIRST + index, timestamp: BigInt(START_MS + index), timestampType: 'create' as const },
        ...{ key: index % 2 === 0 ? null : utf8('admin'), headers: [], value },
      }),
      utf8('\n'),
    ]),
  );

type Both = { readonly hits: readonly number[]; readonly whole: number };

/** Searches them in both ways. */
function search(values: readonly (Uint8Array | null)[], spec: SearchSpec): Both {
  const content = blockOf(values);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [noted, read] = [new LineMatcher(spec), new LineMatcher(spec)];
  const plain = new PlainLine(noted.watch);
  const hits: number[] = [];
  let whole = 0;
  for (let start = 0, index = 0; start < content.length; index++) {
    const end = content.indexOf(0x0a, start);
    const isPlain = plain.read(content, view, start, FIRST + index) === end;
    if (isPlain && noted.watch?.isWhole === true) whole++;
    const line = { content, start, end, gapLine: null, timestampMs: START_MS + index };
    const isHit = noted.isHit({ ...line, plainAt: isPlain ? plain.valueAt : -1 });
    expect([index, isHit]).toEqual([index, read.isHit({ ...line, plainAt: -1 })]);
    expect(noted.counts).toEqual(read.counts);
    if (isHit) hits.push(index);
    start = end + 1;
  }
  return { hits, whole };
}

const specOf = (
  where: readonly string[],
  texts: readonly string[],
  time: SearchSpec['time'] = null,
): SearchSpec => ({
  ...{ texts, time },
  conditions: where.map(parseCondition).map(({ field, operator, value }) => ({
    ...{ targets: [parseTarget(field) as Target], operator, value },
  })),
});

describe('a search', () => {
  it('is the same with what was noted as with what is read', () => {
    let [hits, whole] = [0, 0];
    const words = fc.array(fc.constantFrom(...STRINGS.filter((text) => text !== '')), { maxLength: 1 });
    fc.assert(
      fc.property(world, words, ([conditions, records], texts) => {
        const values = records.map(({ value }) => value);
        const found = search(values, specOf(conditions.map(whereText), texts));
        hits += found.hits.length;
        whole += found.whole;
      }),
      { numRuns: 2000 },
    );
    expect(hits).toBeGreaterThan(500);
    expect(whole).toBeGreaterThan(300);
  });

  const ODD = [
    '{"a":"x","a":"y"}',
    '{"a":{"b":"x"},"b":{"a":"y"}}',
    '{"a":{"b":1},"a":{"b":"2"}}',
    '{"\\u0061":"x"}',
    '{"x\\"a":"x","a":"y"}',
    '{"a":"\\u0078"}',
    '{"a":"{\\"b\\":\\"x\\"}"}',
    '{"a":" {\\"b\\":\\"x\\"}"}',
    '{"a":["x"]}',
    '[{"a":"x"}]',
    '"{\\"a\\":\\"x\\"}"',
    '{"b":{"a":"x"},"c":{"a":"y"}}',
    '{"b":[{"a":"x"}],"a":{}}',
    '{"a" : "x" }',
    '{"a":\t12 ,"b":null}',
    '{"a":12.0}',
    '{"a":1.2e1}',
    '{"a":-12}',
    '{"a":"12"}',
    '{"a":"012"}',
    '{"a":"-0"}',
    '{"a":-0}',
    '{"a":12345678901234567890}',
    '{"a":true}',
    '{"a":{"c":{}},"b":[]}',
    '{"a":"","b":{}}',
    '{"a":"x/y"}',
    '{"a":"x\\/y"}',
    '{"a":"x\\ny"}',
    '{"a":"2026-01-01T00:00:00Z"}',
    '{"a":"2026-01-01T00:00:00"}',
    '{"a":"2026-01-01T00:00:00","b":"x"}',
    `{${Array.from({ length: 70 }, (_, n) => `"a":"${n}"`).join(',')}}`,
  ].map(utf8);
  const WHERE = [
    ...[
      '/a=x',
      '/a=y',
      '/a~x',
      '/a~y',
      '/a^x',
      '/a=12',
      '/a=12.0',
      '/a=0',
      '/a=-12',
      '/a>11',
      '/a<0',
      '/a>=12',
    ],
    ...[
      '/a<=12',
      '/a=true',
      '/a=',
      '/a/b=x',
      '/a/b=2',
      '/b/a=x',
      '/a=x/y',
      '/a=69',
      '/a>2025-12-31',
      '/b=null',
    ],
    ...['/a="', '/a^1234567890123456789', '/a>0', '/a<1', '/a=2026-01-01T00:00:00'],
  ];

  it.each(WHERE)('for %s is the same, and with a range of times, and with another condition', (where) => {
    const targets = [parseTarget('/a') as Target];
    const time = {
      kind: 'event',
      fromMs: Date.UTC(2026, 0, 1),
      toMs: Date.UTC(2026, 0, 2),
      targets,
    } as const;
    const { whole } = search(ODD, specOf([where], []));
    expect(whole).toBeGreaterThan(5);
    for (const other of WHERE) search(ODD, specOf([where, other], []));
    search(ODD, specOf([where], ['x'], time));
    search(ODD, specOf([where], [], time));
  });

  it('for a range of times alone is the same, and finds', () => {
    const targets = [parseTarget('/a') as Target];
    const time = {
      kind: 'event',
      fromMs: Date.UTC(2026, 0, 1),
      toMs: Date.UTC(2026, 0, 2),
      targets,
    } as const;
    expect(search(ODD, specOf([], [], time)).hits).toEqual([29, 30, 31]);
  });
});
