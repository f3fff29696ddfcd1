// What do lines look like? (FORMAT.md: lines, by example)
import { describe, expect, it } from 'vitest';
import { EMPTY, equalBytes, fromHex, utf8 } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import {
  decodeLine,
  encodeEntry,
  encodeGap,
  type GapLine,
  type KafkaRecord,
  LineScanner,
  LineWriter,
  scanLine,
} from '../../../src/format/record.ts';

const plain: KafkaRecord = {
  offset: 7,
  timestamp: 1_795_000_000_000n,
  timestampType: 'create',
  key: null,
  headers: [],
  value: utf8('{"a":1}'),
};
const shown = (record: Partial<KafkaRecord>) =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(encodeEntry({ ...plain, ...record }));
const rest = (record: Partial<KafkaRecord>) =>
  shown(record).slice('{"offset":7,"timestamp":1795000000000,'.length, -1);

describe('an entry', () => {
  it('has its members in order and the value last', () => {
    const headers = [
      { name: utf8('trace'), value: utf8('abc') },
      { name: utf8('trace'), value: null },
      { name: fromHex('ff'), value: fromHex('00ff') },
    ];
    expect(shown({ timestampType: 'append', key: utf8('user-1'), headers })).toBe(
      '{"offset":7,"timestamp":1795000000000,"timestampType":"append","key":"user-1",' +
        '"headers":[["trace","abc"],["trace",null],[{"base64":"/w=="},{"base64":"AP8="}]],"value":{"a":1}}',
    );
  });

  it.each([
    ['a tombstone', null, ''],
    ['nothing', '', '"text":""'],
    ['a JSON object', '{ "b" : 1.0, "b" : 1e3 }', '"value":{ "b" : 1.0, "b" : 1e3 }'],
    ['a JSON text amid spaces', ' \t"x" ', '"value": \t"x" '],
    ['a number', '-0.10E+2', '"value":-0.10E+2'],
    ['words', 'login failed', '"text":"login failed"'],
    ['a quote', 'say "x"', '"text":"say \\"x\\""'],
    ['JSON over two lines', '{\n}', '"text":"{\\n}"'],
    ['JSON with CR', '{}\r', '"text":"{}\\r"'],
    ['a byte order mark before JSON', '\ufeff{}', '"text":"\ufeff{}"'],
    ['line separators', 'a\u2028b', '"text":"a\u2028b"'],
    ['a delete character', '\u007f', '"text":"\u007f"'],
    ['a control character', 'aaaaaaaaaaaaaaaa\u001f', '"text":"aaaaaaaaaaaaaaaa\\u001f"'],
    ['escapes that are longer than base64', '\u0001\u0002', '"base64":"AQI="'],
    ['escapes that are as long as base64', '"\t', '"text":"\\"\\t"'],
  ])('carries %s', (_, value, expected) => {
    const bytes = value === null ? null : utf8(value);
    expect(shown({ value: bytes })).toBe(
      `{"offset":7,"timestamp":1795000000000${expected === '' ? '' : `,${expected}`}}`,
    );
    const line = decodeLine(encodeEntry({ ...plain, value: bytes }));
    expect(line).toEqual({ kind: 'entry', record: { ...plain, value: bytes } });
  });

  it.each([
    ['a lone surrogate', 'eda080'],
    ['an overlong slash', 'c0af'],
    ['above U+10FFFF', 'f4908080'],
    ['a cut sequence', '61e282'],
  ])('carries %s as base64', (_, hex) => {
    expect(rest({ value: fromHex(hex) })).toBe(`"base64":"${Buffer.from(hex, 'hex').toString('base64')}"`);
    expect(rest({ key: fromHex(hex), value: null })).toBe(
      `"keyBase64":"${Buffer.from(hex, 'hex').toString('base64')}"`,
    );
  });

  it('tells an empty key from none', () => {
    expect(rest({ key: utf8(''), value: null })).toBe('"key":""');
    expect(shown({ value: null })).toBe('{"offset":7,"timestamp":1795000000000}');
  });

  it.each([
    [-1n, '-1'],
    [0n, '0'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [-(2n ** 63n), '-9223372036854775808'],
    [9_007_199_254_740_993n, '9007199254740993'],
  ])('carries the timestamp %s exactly', (timestamp, text) => {
    expect(shown({ timestamp })).toContain(`"timestamp":${text},`);
    const line = encodeEntry({ ...plain, timestamp });
    expect(scanLine(line, 0, line.length).timestamp).toBe(timestamp);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53 - 1, 2 ** 53])('does not carry the offset %s', (offset) => {
    expect(() => encodeEntry({ ...plain, offset })).toThrowErrorMatchingSnapshot();
  });

  it('does not carry a timestamp beyond int64', () => {
    expect(() => encodeEntry({ ...plain, timestamp: 2n ** 63n })).toThrowErrorMatchingSnapshot();
  });

  it('is never longer than a reader accepts, and leaves what was written before', () => {
    const writer = new LineWriter();
    writer.entry(plain);
    const length = writer.length;
    const value = new Uint8Array(48 * 1024 * 1024).fill(0xff);
    expect(() => writer.entry({ ...plain, value })).toThrow(
      expect.objectContaining({ code: 'record-too-large' }),
    );
    expect(() => writer.entry({ ...plain, value })).toThrow(/^a line of \d{8} bytes: at most \d{8}$/);
    const headers = new Array(7_000_000).fill({ name: utf8(''), value: null });
    expect(() => writer.entry({ ...plain, headers })).toThrow(
      expect.objectContaining({ code: 'record-too-large' }),
    );
    expect(writer.length).toBe(length);
    expect(new TextDecoder().decode(writer.view())).toBe(`${shown({})}\n`);
  });

  it('carries the greatest record that can be configured', () => {
    const value = new Uint8Array(LIMITS.recordBytesMax).fill(0xff);
    const line = encodeEntry({ ...plain, value });
    expect(line.length).toBeLessThan(LIMITS.lineBytesMax);
    const read = new LineScanner().read(line, 0, line.length);
    expect(read.kind === 'entry' && equalBytes(read.record.value ?? EMPTY, value)).toBe(true);
  });
});

describe('a gap line', () => {
  const transaction: GapLine = {
    offset: 121_000,
    last: 121_002,
    reason: 'transaction',
    control: 1,
    aborted: 2,
  };
  const accepted: GapLine = { offset: 5, last: 5, reason: 'accepted', by: 'J. Doe', why: 'ticket "4711"' };

  it('says what was seen, or whose word it is', () => {
    expect(new TextDecoder().decode(encodeGap(transaction))).toBe(
      '{"offset":121000,"gap":{"last":121002,"reason":"transaction","control":1,"aborted":2}}',
    );
    expect(new TextDecoder().decode(encodeGap(accepted))).toBe(
      '{"offset":5,"gap":{"last":5,"reason":"accepted","by":"J. Doe","why":"ticket \\"4711\\""}}',
    );
  });

  it.each([
    { ...accepted, by: 'x'.repeat(255), why: 'x'.repeat(512) },
    { ...accepted, offset: 0, last: 2 ** 53 - 2 },
    { ...transaction, control: 3, aborted: 0 },
    { ...transaction, control: 0, aborted: 3 },
  ])('may be as wide as it can: %j', (gap) => {
    const line = encodeGap(gap);
    expect(decodeLine(line)).toEqual({ kind: 'gap', gap });
  });

  it.each([
    ['ends before it starts', { ...transaction, last: 120_999 }],
    ['counts other offsets', { ...transaction, control: 2 }],
    ['counts nothing', { offset: 1, last: 1, reason: 'transaction' }],
    ['counts less than nothing', { ...transaction, control: -1, aborted: 4 }],
    ['counts the control records of what it accepts', { ...accepted, control: 1 }],
    ['counts the aborted records of what it accepts', { ...accepted, aborted: 0 }],
    ['is accepted by a longer word', { ...accepted, by: 'x'.repeat(256) }],
    ['is accepted for a longer reason', { ...accepted, why: 'x'.repeat(513) }],
    ['is a transaction by somebody', { ...transaction, by: 'me' }],
    ['is a transaction for a reason', { ...transaction, why: 'so' }],
    ['counts no control records', { ...transaction, control: undefined }],
    ['counts no aborted records', { ...transaction, aborted: undefined }],
    ['starts before all offsets', { ...accepted, offset: -1 }],
    ['ends at half an offset', { ...accepted, last: 5.5 }],
    ['is a transaction by word', { ...transaction, by: 'me', why: 'so' }],
    ['is expired by nobody', { offset: 1, last: 1, reason: 'expired' }],
    ['is accepted for no reason', { ...accepted, why: '' }],
    ['counts what it accepts', { ...accepted, control: 1, aborted: 0 }],
    ['has a reason of its own', { ...accepted, reason: 'lost' }],
    ['hides a newline', { ...accepted, why: 'a\nb' }],
    ['turns the text around', { ...accepted, why: 'a\u202eb' }],
    ['has half a character', { ...accepted, by: '\ud800' }],
    ['is too long a story', { ...accepted, why: 'é'.repeat(257) }],
    ['ends beyond what can be counted', { ...transaction, offset: 2 ** 53 - 3, last: 2 ** 53 - 1 }],
  ])('is refused when it %s', (_, gap) => {
    expect(() => encodeGap(gap as GapLine)).toThrowErrorMatchingSnapshot();
  });
});

describe('a line that the writer would not write', () => {
  const record = (rest: string) => `{"offset":1,"timestamp":2${rest}}`;
  it.each([
    ['nothing', ''],
    ['an LF at its end', `${record('')}\n`],
    ['a space', '{"offset": 1,"timestamp":2}'],
    ['members in another order', '{"timestamp":2,"offset":1}'],
    ['no timestamp', '{"offset":1}'],
    ['the type that is understood', record(',"timestampType":"create"')],
    ['a key after its headers', record(',"headers":[["a","b"]],"key":"k"')],
    ['a null key', record(',"key":null')],
    ['two keys', record(',"key":"a","keyBase64":"/w=="')],
    ['no headers', record(',"headers":[]')],
    ['a header of one part', record(',"headers":[["a"]]')],
    ['a member that is unknown', record(',"note":"x"')],
    ['something after its value', record(',"value":1,"text":"a"')],
    ['another offset inside its value', record(',"value":1,"offset":9')],
    ['a value that is not JSON', record(',"value":{a:1}')],
    ['a value of two lines', record(',"value":[1,\n2]')],
    ['a value that nests too deep', record(`,"value":${'['.repeat(64)}${']'.repeat(64)}`)],
    ['text that is JSON', record(',"text":"{}"')],
    ['text that is JSON behind an escape', record(',"text":"\\"\\""').replace('\\"\\"', '\\"a\\"')],
    ['base64 that is text', record(',"base64":"YWJj"')],
    ['base64 that is JSON', record(',"base64":"MQ=="')],
    ['base64 without padding', record(',"base64":"/w"')],
    ['base64 with stray bits', record(',"base64":"/x=="')],
    ['base64 of the URL alphabet', record(',"base64":"_w=="')],
    ['an escape that is not needed', record(',"key":"\\u0041"')],
    ['an escape in capitals', record(',"key":"aaaaaaaaaaaaaaaaaaaaa\\u001F"')],
    ['a longer escape than needed', record(',"key":"aaaaaaaaaaaaaaaaaaaaa\\u000a"')],
    ['an escaped slash', record(',"key":"\\/"')],
    ['text longer than its base64', record(',"text":"\\u0001\\u0002"')],
    ['a control character', record(',"key":"a\u0001"')],
    ['an offset with a zero', '{"offset":01,"timestamp":2}'],
    ['an offset of minus zero', '{"offset":-0,"timestamp":2}'],
    ['an offset with a fraction', '{"offset":1.0,"timestamp":2}'],
    ['an offset beyond 2^53 − 2', '{"offset":9007199254740991,"timestamp":2}'],
    ['an endless offset', `{"offset":${'9'.repeat(400)},"timestamp":2}`],
    ['a timestamp of minus zero', '{"offset":1,"timestamp":-0}'],
    ['a timestamp beyond int64', '{"offset":1,"timestamp":9223372036854775808}'],
    ['an endless timestamp', `{"offset":1,"timestamp":${'9'.repeat(400)}}`],
    [
      'a gap and a record',
      '{"offset":1,"gap":{"last":1,"reason":"transaction","control":1,"aborted":0},"value":1}',
    ],
    [
      'a gap that says offset twice',
      '{"offset":1,"gap":{"offset":3,"last":3,"reason":"transaction","control":1,"aborted":0}}',
    ],
    ['a gap with one count', '{"offset":1,"gap":{"last":1,"reason":"transaction","control":1}}'],
    ['a gap of null', '{"offset":1,"gap":null}'],
    ['a gap that is cut off', '{"offset":1,"gap":{"last":1'],
    [
      'a gap with a longer spelling',
      '{"offset":1,"gap":{"last":1,"reason":"accepted","by":"\\u0041","why":"x"}}',
    ],
    [
      'a gap of a megabyte',
      `{"offset":1,"gap":{"last":1,"reason":"accepted","by":"a","why":"${'x'.repeat(1 << 20)}"}}`,
    ],
  ])('is refused for %s', (_, text) => {
    const line = utf8(text);
    expect(() => decodeLine(line)).toThrow(
      expect.objectContaining({ name: 'FormatError', code: 'malformed' }),
    );
    expect(() => scanLine(line, 0, line.length)).toThrowErrorMatchingSnapshot();
  });

  it('is refused for bytes that are no UTF-8, wherever they stand', () => {
    for (const around of ['"key":"?"', '"headers":[["?",null]]', '"value":"?"', '"text":"?"']) {
      const line = utf8(record(`,${around}`)).map((byte) => (byte === 0x3f ? 0xff : byte));
      expect(() => decodeLine(line)).toThrowErrorMatchingSnapshot();
    }
  });

  it('is refused for its length before it is read', () => {
    const line = new Uint8Array(LIMITS.lineBytesMax + 1);
    expect(() => scanLine(line, 0, line.length)).toThrowErrorMatchingSnapshot();
    expect(() => scanLine(line, 5, 2)).toThrowErrorMatchingSnapshot();
    expect(() => scanLine(line.subarray(0, 10), 0, 11)).toThrowErrorMatchingSnapshot();
  });
});
