// Do the verifier's own reader of plain lines and the format's scanner agree on every line?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { JsonWatch } from '../../../src/base/json/json-watch.ts';
import { isJsonText } from '../../../src/format/json-text.ts';
import { scanLine } from '../../../src/format/line-scanner.ts';
import { encodeEntry } from '../../../src/format/line-writer.ts';
import { jsonEnd as unwatchedEnd } from '../../../src/verify/json-end.ts';
import { PlainLine } from '../../../src/verify/plain-line.ts';
import { watchedEnd } from '../../../src/verify/watched-end.ts';
import { anyRecord } from '../../support/records.ts';

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const watch = new JsonWatch([['a'], ['a', 'b'], ['b', 'a', 'a']]);

/** Both readers, which must agree. */
function jsonEnd(bytes: Uint8Array, view: DataView, start: number): number {
  const end = unwatchedEnd(bytes, view, start);
  expect(watchedEnd(bytes, view, start, watch)).toBe(end);
  return end;
}

/** Whether jsonEnd takes exactly these bytes, standing at any place among other lines. */
function isOneText(text: Uint8Array, before = 3): boolean {
  const bytes = concatBytes(new Uint8Array(before).fill(0x22), text, utf8('}\n{"offset":1}\n'));
  return jsonEnd(bytes, viewOf(bytes), before) === before + text.length;
}

/** Trailing white space is left to the scanner. */
const endsPlain = (text: Uint8Array): boolean => text.at(-1) !== 0x20 && text.at(-1) !== 0x09;

/** The same at the very end of the bytes, where no eight of them can be read at once. */
function isOneTextAtEnd(text: Uint8Array): boolean {
  const bytes = concatBytes(text, utf8('\n'));
  return jsonEnd(bytes, viewOf(bytes), 0) === text.length;
}

it.each(Array.from({ length: 20 }, (_, length) => length))(
  'a string of %i characters ends the bytes',
  (length) => {
    expect(isOneTextAtEnd(utf8(`"${'x'.repeat(length)}"`))).toBe(true);
    expect(isOneTextAtEnd(utf8(`"${'x'.repeat(length)}`))).toBe(false);
  },
);

const TEXTS = [
  '0',
  '-0',
  '-',
  '01',
  '1.',
  '1.5',
  '.5',
  '1e',
  '1e5',
  '1E+5',
  '1e-',
  '-1.25e-07',
  '1e5.',
  '--1',
  '+1',
  '0x1',
  'NaN',
  'true',
  'false',
  'null',
  'tru',
  'truE',
  'nul',
  'nulll',
  'Infinity',
  '""',
  '"',
  '"a',
  '"a"b',
  '"\\n"',
  '"\\x"',
  '"\\u12"',
  '"\\u12g4"',
  '"\\ud800"',
  '"\\ud800a"',
  '"\\udbff\\n"',
  '"\\ud800\\u0041"',
  '"\\ud800\\ud800\\udc00"',
  '"\\uD83D\\uDE00"',
  '"\\ud83d\\ude00\\udfff"',
  '"\\udbff\\udfff"',
  '"\\udc00"',
  '"\\uDFFF\\uD800"',
  '"\\ud7ff\\ue000"',
  '"\\ud800\\udc0"',
  '{"\\udfff":1}',
  '{"\\ud800\\udc00":1}',
  '1'.repeat(1000),
  '1'.repeat(1001),
  `-${'1'.repeat(999)}`,
  `-0.${'1'.repeat(998)}`,
  `[1e${'0'.repeat(998)}]`,
  `[1e${'0'.repeat(999)}]`,
  '"\\',
  '"\\"',
  '"\t"',
  '"\u007f"',
  '{}',
  '{ }',
  '{,}',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{"a":1 , "b":2}',
  '{"a" : 1}',
  '{"a":1"b":2}',
  '{a:1}',
  '{1:1}',
  '{"a":1]',
  '[]',
  '[ ]',
  '[,]',
  '[1,]',
  '[1,2]',
  '[1 2]',
  '[1}',
  '[[[]]]',
  '[{"a":[{}]}]',
  ']',
  '}',
  ',',
  ':',
  '',
  ' 1',
  '\t{}',
  '1 2',
  '{}{}',
  '{"a":1}}',
  '\r1',
  '\n1',
  '{\n}',
  '[1,\r2]',
  '"a":1',
  '1,"value":2',
  '{"a":1,"a":2}',
  '"ÿ"',
  '"\u{1f600}"',
  '"\u2028"',
  '\ufeff1',
  '"12345678"',
  '"1234567\\"',
  '"1234567"',
  '"123456\\"8"',
];

describe('jsonEnd', () => {
  it.each(TEXTS)('and isJsonText agree on %j', (text) => {
    const bytes = utf8(text);
    expect(isOneText(bytes)).toBe(isJsonText(bytes) && endsPlain(bytes));
  });

  it.each([
    ...['-', '01', '1.', '1e', '1e-', '--1', '+1', '.5', 'tru', 'truE', 'nulll'.slice(0, 3), 'falsy', 'NaN'],
    ...[
      '"\\x"',
      '"\\u12"',
      '"\\u12g4"',
      '"\\u123g"',
      '"\t"',
      '"a',
      '"123456789\t"',
      '"é',
      '[',
      '{',
      '['.repeat(65),
    ],
    ...['{,}', '{"a"}', '{"a";1}', '{"a":}', '{"a":1,}', '{"a":1"b":2}', '{a:1}', '{1:1}', '{"a":1]', '[,]'],
    ...['[1,]', '[1 2]', '[1}', '[1;2]', ']', '}', ',', ':', '', '{"a" "b"}', '{"\\x":1}', '[tru]', '[-]'],
  ])('gives -1 for %j, wherever it stands', (text) => {
    for (const before of [0, 1, 2, 3, 8, 9]) {
      const bytes = utf8(`${' '.repeat(before)}${text}\n{"offset":1}\n`);
      expect(jsonEnd(bytes, viewOf(bytes), before)).toBe(-1);
    }
  });

  it('and isJsonText agree on each pair of escapes at the edges of the halves of characters', () => {
    const units = ['0000', '0041', 'd7ff', 'D800', 'dbFF', 'DC00', 'dc01', 'dfff', 'e000', 'ffff'];
    const parts = [
      '',
      ...units.flatMap((unit) => [`\\u${unit}`, `\\u${unit.slice(0, 3)}`, unit]),
      '\\n',
      'x',
    ];
    for (const first of parts) {
      for (const second of parts) {
        for (const text of [`"${first}${second}"`, `["abcdefg${first}${second}h",1]`]) {
          expect([text, isOneText(utf8(text))]).toEqual([text, isJsonText(utf8(text))]);
        }
      }
    }
    expect(isJsonText(utf8('"\\ud83d\\ude00"'))).toBe(true);
    for (const half of ['"\\ud83d"', '"\\ude00"', '"\\ud83d\\ud83d"', '"\\udc00\\udc00"', '"\\ud800\\u0041"'])
      expect(isJsonText(utf8(half))).toBe(false);
  });

  it('agree on depth', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      for (const depth of [1, 62, 63, 64, 65, 200]) {
        const text = utf8(`${open.repeat(depth)}1${close.repeat(depth)}`);
        expect(isOneText(text)).toBe(depth <= 63);
        expect(isJsonText(text)).toBe(depth <= 63);
      }
    }
  });

  it('agree on bytes that are no UTF-8', () => {
    const sequences = [
      [0x80],
      [0xc0, 0x80],
      [0xc3],
      [0xc3, 0x28],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
    ];
    for (const sequence of sequences) {
      for (let before = 0; before < 9; before++) {
        const text = new Uint8Array([0x22, ...Array(before).fill(0x61), ...sequence, 0x22]);
        expect(isOneText(text)).toBe(false);
        expect(isJsonText(text)).toBe(false);
      }
    }
  });

  it('agree on any JSON, and on any JSON with something wrong in it', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6 }),
        fc.nat(20),
        fc.option(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), {
          nil: null,
        }),
        fc.constantFrom('replace', 'insert', 'delete'),
        (json, before, change, how) => {
          let text = utf8(json);
          if (change !== null && text.length > 0) {
            const at = Math.floor(change[0] * text.length);
            if (how === 'replace') text = text.with(at, change[1]);
            else if (how === 'insert')
              text = new Uint8Array([...text.slice(0, at), change[1], ...text.slice(at)]);
            else text = new Uint8Array([...text.slice(0, at), ...text.slice(at + 1)]);
          }
          expect(isOneText(text, before)).toBe(isJsonText(text) && endsPlain(text));
        },
      ),
      { numRuns: 3000 },
    );
  });
});

function read(line: Uint8Array, offset: number): { end: number; timestampMs: number } {
  const bytes = concatBytes(utf8('x\n'), line, utf8('\n{"offset":9}\n'));
  const plain = new PlainLine();
  const end = plain.read(bytes, viewOf(bytes), 2, offset);
  return { end: end < 0 ? end : end - 2, timestampMs: plain.timestampMs };
}

describe('PlainLine', () => {
  it.each([
    '{"offset":7,"timestamp":1795341600000,"value":{"a":1}}',
    '{"offset":7,"timestamp":1,"value":1}',
    '{"offset":7,"timestamp":99999999999999,"value":"x"}',
    '{"offset":7,"timestamp":1,"timestampType":"append","value":1}',
    '{"offset":7,"timestamp":1,"key":"","value":1}',
    '{"offset":7,"timestamp":1,"key":"user 17 \u007f","value":1}',
    '{"offset":7,"timestamp":1,"timestampType":"append","key":"a","value":1}',
  ])('takes %s', (line) => {
    expect(read(utf8(line), 7)).toEqual({
      end: line.length,
      timestampMs: Number(scanLine(utf8(line), 0, line.length).timestamp),
    });
  });

  it.each([
    '{"offset":8,"timestamp":1,"value":1}',
    '{"offset":07,"timestamp":1,"value":1}',
    '{"offset":,"timestamp":1,"value":1}',
    '{"offset":7,"timestamp":,"value":1}',
    '{"offset":7,"timestamp":01,"value":1}',
    '{"offset":7,"timestamp":-1,"value":1}',
    '{"offset":7,"timestamp":100000000000000,"value":1}',
    '{"offset":7,"timestamp":1,"value":1,"value":2}',
    '{"offset":7,"timestamp":1,"value":1}}',
    '{"offset":7,"timestamp":1,"value":}',
    '{"offset":7,"timestamp":1,"text":"a"}',
    '{"offset":7,"timestamp":1,"key":"a","timestampType":"append","value":1}',
    '{"offset":7,"timestamp":1,"timestampType":"create","value":1}',
    '{"offset":7,"timestamp":1,"key":"\\u0041","value":1}',
    '{"offset":7,"timestamp":1,"key":"ÿ","value":1}',
    '{"offset":7,"timestamp":1,"key":"\u0001","value":1}',
    '{"offset":7,"timestamp":1,"key":"a"value":1}',
    '{"offset":7,"timestamp":1,"key":"a',
    '{"offset":7,"timestamp":1,"key":"a","headers":[["a","b"]],"value":1}',
    '{"offset":7,"timestamp":1}',
    '{"offset":7',
    '',
  ])('leaves %s', (line) => {
    expect(read(utf8(line), 7).end).toBe(-1);
  });

  it('takes in a key the bytes from 0x20 to 0x7f, and no other ones', () => {
    const before = utf8('{"offset":7,"timestamp":1,"key":"');
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 0x22) continue;
      const line = concatBytes(before, new Uint8Array([byte]), utf8('","value":1}'));
      const isPlain = byte >= 0x20 && byte < 0x80 && byte !== 0x5c;
      expect(read(line, 7).end).toBe(isPlain ? line.length : -1);
    }
  });

  it('does not take an offset that only rounds to the one expected', () => {
    expect(read(utf8('{"offset":9007199254740991,"timestamp":1,"value":1}'), 2 ** 53 - 2).end).toBe(-1);
    expect(
      read(utf8('{"offset":9007199254740990,"timestamp":1,"value":1}'), 2 ** 53 - 2).end,
    ).toBeGreaterThan(0);
  });

  it('takes no line that the scanner refuses, and reads the same from it', () => {
    const changed = fc.tuple(
      anyRecord(fc.nat(1_000_000)),
      fc.option(fc.json(), { nil: null }),
      fc.option(fc.tuple(fc.nat(200), fc.nat(255)), { nil: null }),
      fc.option(fc.string(), { nil: null }),
    );
    let taken = 0;
    fc.assert(
      fc.property(changed, ([record, json, change, key]) => {
        const plain = {
          ...record,
          key: key === null ? null : utf8(key),
          headers: [],
          timestamp: 1_795_341_600_000n,
        };
        const made = encodeEntry(json === null ? record : { ...plain, value: utf8(json) });
        const line = change === null || change[0] >= made.length ? made : made.with(change[0], change[1]);
        const { end, timestampMs } = read(line, record.offset);
        if (end < 0) return;
        taken++;
        expect(end).toBe(line.length);
        const scanned = scanLine(line, 0, line.length);
        expect(scanned).toEqual({
          offset: record.offset,
          nextOffset: record.offset + 1,
          gap: null,
          timestamp: BigInt(timestampMs),
        });
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('takes real events', () => {
    const path = join(import.meta.dirname, '../../data/aws-cloudtrail.jsonl');
    const events = readFileSync(path)
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, 500);
    for (const [index, event] of events.entries()) {
      const offset = index + 1;
      const value = Buffer.from(event, 'latin1');
      const line = encodeEntry({
        offset,
        timestamp: 1_795_341_600_000n,
        timestampType: 'create',
        key: null,
        headers: [],
        value,
      });
      expect(read(line, offset).end).toBe(line.length);
    }
  });
});
