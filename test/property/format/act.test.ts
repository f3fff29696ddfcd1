// Has an act one spelling only, and do hostile bytes never give anything but a FormatError?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { parseSignedAct } from '../../../src/format/act.ts';
import { type Asked, actMaker, CHARTER } from '../../support/governed-archive.ts';
import { mutated } from './bytes.ts';
import { isAct } from './reference-act.ts';

const word = fc.constantFrom('C-1', 'é', 'a"b\\c', '𝄞', 'x'.repeat(255), '[[[[{{{{');
const count = fc.nat(10);
const range = fc.record({
  chain: fc.constantFrom('orders', 'a.b'),
  partition: fc.option(count),
  from: count,
  to: fc.option(fc.integer({ min: 10, max: 99 })),
});
const segments = fc.array(range, { minLength: 1, maxLength: 3 });
const of = fc.constant('0'.repeat(32));
const asked: fc.Arbitrary<Asked> = fc.oneof(
  fc.constant<Asked>(CHARTER),
  fc.record({ kind: fc.constantFrom('approve' as const, 'withdraw' as const), of, detail: fc.constant({}) }),
  fc.record({
    kind: fc.constant('done' as const),
    of,
    detail: fc.record({ objects: count, changed: count }),
  }),
  fc.record({ kind: fc.constant('hold.place' as const), detail: fc.record({ case: word, segments }) }),
  fc.record({ kind: fc.constant('hold.release' as const), detail: fc.record({ case: word }) }),
  fc.record({
    kind: fc.constant('retention.extend' as const),
    detail: fc.record({ segments, until: fc.constant('2036-01-01T00:00:00Z') }),
  }),
  fc.record({
    kind: fc.constant('disclose' as const),
    detail: fc.record({ case: word, to: word, what: word }),
  }),
) as fc.Arbitrary<Asked>;

const accepts = (bytes: Uint8Array): boolean => {
  try {
    parseSignedAct(bytes, nodeSha256);
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
};
const made = async (one: Asked): Promise<string> => utf8Text((await actMaker()(one)).value);
const runs = (numRuns: number) => ({ numRuns });

/** The same JSON value in other bytes, where there is a place for it. */
const RESPELLINGS: Readonly<Record<string, (text: string, at: number) => string>> = {
  'a space': (text, at) => outsideStrings(text, at, (head, tail) => `${head} ${tail}`),
  'a line end': (text, at) => outsideStrings(text, at, (head, tail) => `${head}\n${tail}`),
  'an escape': (text) => text.replace(/[a-z](?=")/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  'an escaped slash': (text) => text.replace('ledgerstone/act', 'ledgerstone\\/act'),
  'a number form': (text) => text.replace(/:([0-9]+)([,}])/, ':$1.0$2'),
  'an exponent': (text) => text.replace(/:([1-9][0-9]*)([,}])/, ':$1e0$2'),
  'minus zero': (text) => text.replace(/:0([,}])/, ':-0$1'),
  'a member twice': (text) => text.replace('{"format"', '{"id":"0","format"'),
  'the last one twice': (text) =>
    text.replace(/"signature":("[^"]*")\}$/, '"signature":"AA==","signature":$1}'),
  'another order': (text) => text.replace(/("format":"[^"]*"),("id":"[^"]*")/, '$2,$1'),
  'a member more': (text) => text.replace('"detail":{', '"detail":{"more":1,').replace(',}', '}'),
  'a member more in by': (text) => text.replace('"by":{', '"by":{"more":1,'),
  'a member more outside': (text) => text.replace(',"signature"', ',"more":null,"signature"'),
  'a prototype': (text) => text.replace('"by":{', '"by":{"__proto__":null,'),
  'a byte order mark': (text) => `\ufeff${text}`,
  'padding that may be left out': (text) => text.replace(/=+"\}$/, '"}'),
};

function outsideStrings(text: string, at: number, write: (head: string, tail: string) => string): string {
  const places: number[] = [];
  let inside = false;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '"') inside = !inside;
    else if (!inside && '{}[],:'.includes(text[index] as string)) places.push(index);
  }
  const place = places[at % places.length] as number;
  return write(text.slice(0, place), text.slice(place));
}

describe('an act', () => {
  it('is read back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async (one) => {
        const text = await made(one);
        expect(isAct(utf8(text))).toBe(true);
        expect(parseSignedAct(utf8(text), nodeSha256).act).toMatchObject({
          kind: one.kind,
          detail: one.detail,
        });
      }),
      runs(200),
    );
  });

  it.each(Object.keys(RESPELLINGS))('%s is another spelling, and refused', async (how) => {
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(asked, fc.nat(1000), async (one, at) => {
        const text = await made(one);
        const other = (RESPELLINGS[how] as (text: string, at: number) => string)(text, at);
        if (other === text) return;
        changed++;
        expect(accepts(utf8(other))).toBe(false);
      }),
      runs(60),
    );
    expect(changed).toBeGreaterThan(0);
  });

  it.each(Object.keys(RESPELLINGS))('%s is refused of a kind that is not known too', async (how) => {
    const text = laterAct({ a: 7, b: [0, 'x'], c: {} });
    expect(accepts(utf8(text))).toBe(true);
    for (let at = 0; at < 40; at++) {
      const other = (RESPELLINGS[how] as (text: string, at: number) => string)(text, at);
      if (how === 'a member more') continue;
      if (other !== text) expect([other, accepts(utf8(other))]).toEqual([other, false]);
    }
  });

  it('nested as deep as its bytes allow it is refused, and nothing breaks', () => {
    for (const depth of [10, 1000, 60_000]) {
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      const text = laterAct({ a: 0 }).replace('"a":0', `"a":${deep}`);
      expect(accepts(utf8(text))).toBe(false);
      expect(accepts(utf8(laterAct({}).replace('"detail":{}', `"detail":${deep}`)))).toBe(false);
      expect(
        accepts(utf8(`{"kind":"charter","signature":"AA==","detail":{"people":[{"roles":${deep}}]}}`)),
      ).toBe(false);
    }
  });

  it('is taken exactly where the naive reader takes it', async () => {
    const good = await Promise.all(fc.sample(asked, 60).map(async (one) => utf8(await made(one))));
    let taken = 0;
    fc.assert(
      fc.property(mutated(fc.constantFrom(...good)), (bytes) => {
        const isTaken = accepts(bytes);
        if (isTaken) taken++;
        expect(isTaken).toBe(isAct(bytes));
      }),
      runs(6000),
    );
    expect(taken).toBeGreaterThan(20);
  });

  it('no bytes give anything but a FormatError', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map(utf8),
      fc
        .dictionary(
          fc.constantFrom('format', 'id', 'kind', 'of', 'by', 'detail', 'signature', '__proto__'),
          fc.jsonValue(),
        )
        .map((value) => utf8(JSON.stringify(value))),
      fc
        .jsonValue()
        .map((detail) => utf8(`{"kind":"charter","detail":${JSON.stringify(detail)},"signature":""}`)),
    );
    fc.assert(
      fc.property(bytes, (one) => {
        expect(accepts(one)).toBe(false);
      }),
      runs(3000),
    );
  });
});

function laterAct(detail: object): string {
  const digest = Buffer.from(
    nodeSha256(utf8(JSON.stringify(['vote', null, 'Ada', 'why', null, detail]))),
  ).toString('hex');
  const by = { name: 'Ada', principal: null, key: 'a'.repeat(64) };
  const act = {
    format: 'ledgerstone/act/1',
    id: '0'.repeat(32),
    kind: 'vote',
    of: null,
    by,
    reason: 'why',
    reference: null,
  };
  return JSON.stringify({
    ...act,
    time: '2026-11-22T10:00:00.000Z',
    request: digest,
    detail,
    signature: 'AA==',
  });
}
