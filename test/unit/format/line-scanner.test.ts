// Does the scanner see the line alone: not what follows in the buffer, and not the line that it read before?
import { describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../../../src/base/bytes.ts';
import { viewOf } from '../../../src/format/json-bytes.ts';
import { isJsonRange, isJsonText } from '../../../src/format/json-text.ts';
import { encodeEntry, LineScanner, scanLine } from '../../../src/format/record.ts';
import { TIME_MS_MAX } from '../../../src/format/time.ts';

const scan = (text: string) => () => scanLine(utf8(text), 0, utf8(text).length);
const read = (text: string) => () => new LineScanner().read(utf8(text), 0, utf8(text).length);
const entry = (rest: string) => `{"offset":1,"timestamp":2,${rest}}`;

describe('a line within a buffer', () => {
  const headers = [
    { name: utf8('a"'), value: null },
    { name: fromHex('ff'), value: utf8('é') },
  ];
  const base = { offset: 12, timestamp: -34n, timestampType: 'append', key: utf8('k'), headers } as const;
  const lines = [
    encodeEntry({ ...base, value: utf8('{"a":[1.5e+3,true,"\\u00e9é"],"b":null}') }),
    encodeEntry({ ...base, key: fromHex('ff'), value: utf8('a\n😀') }),
    encodeEntry({ ...base, value: fromHex('fffe') }),
    utf8('{"offset":5,"gap":{"last":6,"reason":"accepted","by":"me","why":"so"}}'),
  ];
  const errorOf = (bytes: Uint8Array, start: number, end: number): unknown => {
    try {
      scanLine(bytes, start, end);
      return null;
    } catch (error) {
      return String(error);
    }
  };

  it.each(lines.map((line) => [new TextDecoder().decode(line), line] as const))(
    'is refused wherever it is cut, as if nothing followed: %s',
    (_, line) => {
      expect(errorOf(line, 0, line.length)).toBeNull();
      const amid = new Uint8Array(line.length + 10).fill(0x22);
      amid.set(line, 5);
      for (let end = 0; end < line.length; end++) {
        const alone = errorOf(line.slice(0, end), 0, end);
        expect(alone).toMatch(/^FormatError: line: /);
        expect(errorOf(line, 0, end)).toBe(alone);
        expect(errorOf(amid, 5, 5 + end)).toBe(alone);
      }
    },
  );

  it.each(['{"a":[1.5e+3,-0.2E-1,true],"b":null}', '"\\u00e9é😀\\n"', 'false', '[[],{}]'])(
    'has a value that ends with it: %s',
    (text) => {
      const bytes = utf8(text);
      const view = viewOf(bytes);
      for (let end = 0; end <= bytes.length; end++) {
        expect(isJsonRange(bytes, view, 0, end)).toBe(isJsonText(bytes.slice(0, end)));
      }
      expect(isJsonText(bytes)).toBe(true);
    },
  );
});

describe('an escape', () => {
  // Of a control character; letters follow, so that the string is not longer than its base64.
  const string = (written: string) => entry(`"key":"${written}${'x'.repeat(40)}"`);
  it.each(['\\u0001', '\\u001f', '\\b', '\\t', '\\n', '\\f', '\\r', '\\"', '\\\\'])(
    'can be %s',
    (written) => {
      expect(scan(string(written))).not.toThrow();
      const line = read(string(written))();
      const key = line.kind === 'entry' ? line.record.key : null;
      expect(new TextDecoder().decode(key ?? undefined)).toBe(JSON.parse(`"${written}"`) + 'x'.repeat(40));
    },
  );
  it.each([
    '\\u1001',
    '\\u0101',
    '\\u0021',
    '\\u0020',
    '\\u000g',
    '\\u00g1',
    '\\u001F',
    '\\u0008',
    '\\u0022',
    '\\u007f',
    '\\x',
    '\\/',
    '\\\u0000',
    '\\U0001',
  ])('can not be %j', (written) => {
    expect(scan(string(written))).toThrow('a string that the writer would not write');
    expect(read(string(written))).toThrow('a string that the writer would not write');
  });
});

describe('text that is JSON once its escapes are read', () => {
  it('is refused, whether it is decoded or only walked over', () => {
    for (const rest of ['"text":"{\\"a\\":1}"', '"key":"a\\nb","text":"{\\"a\\":1}"']) {
      expect(scan(entry(rest))).toThrow('a `text` that should be a `value`');
      expect(read(entry(rest))).toThrow('a `text` that should be a `value`');
    }
  });

  it('is text where it has a line break', () => {
    for (const written of ['\\n', '\\r']) {
      expect(scan(entry(`"text":"[1,${written}22222]"`))).not.toThrow();
      expect(read(entry(`"text":"[1,${written}22222]"`))).not.toThrow();
    }
  });
});

describe('the time of a line', () => {
  it('is its own, whatever the line before it had', () => {
    const scanner = new LineScanner();
    const times = ['9223372036854775807', '7', '-3', '1000000000000000', '0'];
    for (const text of times) {
      const line = utf8(`{"offset":1,"timestamp":${text}}`);
      expect(scanner.read(line, 0, line.length)).toMatchObject({ record: { timestamp: BigInt(text) } });
    }
  });

  it.each([
    ['0', 0],
    [`${TIME_MS_MAX}`, TIME_MS_MAX],
    [`${TIME_MS_MAX + 1}`, -1],
    ['999999999999999', -1],
    ['1000000000000000', -1],
    ['9223372036854775807', -1],
    ['-1', -1],
    ['-999999999999999', -1],
    ['-9223372036854775808', -1],
  ])('of the timestamp %s is %i', (text, ms) => {
    const line = utf8(`{"offset":1,"timestamp":${text}}`);
    const scanner = new LineScanner();
    scanner.scan(line, 0, line.length);
    expect(scanner.timestampMs).toBe(ms);
    expect(scanner.timestamp).toBe(BigInt(text));
    const gap = utf8('{"offset":1,"gap":{"last":1,"reason":"transaction","control":1,"aborted":0}}');
    scanner.scan(gap, 0, gap.length);
    expect(scanner.timestampMs).toBe(-1);
    expect(scanner.timestamp).toBeNull();
  });
});

describe('a number at the end of its range', () => {
  it.each(['.', '.5', 'e', 'e5', '-', '5'])('has nothing of what follows: %j', (after) => {
    for (const number of ['1', '-1', '0', '1.5', '1e5']) {
      const bytes = utf8(`${number}${after}`);
      expect(isJsonRange(bytes, viewOf(bytes), 0, number.length)).toBe(true);
    }
  });
});

describe('base64', () => {
  it('is refused for what is JSON, with these words', () => {
    // A string of backslashes: escaped once more it would be longer than base64.
    const json = JSON.stringify('\\'.repeat(40));
    const line = entry(`"base64":"${Buffer.from(json).toString('base64')}"`);
    expect(scan(line)).toThrow('a `base64` that should be a `value`');
    expect(read(line)).toThrow('a `base64` that should be a `value`');
  });

  it('is refused for no bytes, which are an empty string', () => {
    expect(scan(entry('"headers":[[{"base64":""},null]],"text":""'))).toThrow(
      'a base64 form that should be a string',
    );
    expect(scan(entry('"headers":[["",null]],"text":""'))).not.toThrow();
  });
});

it('refuses a place outside of its buffer, and says how long it would be', () => {
  const scanner = new LineScanner();
  expect(() => scanner.read(new Uint8Array(10), 4, 11)).toThrow('a line of 7 bytes');
  expect(() => scanner.read(new Uint8Array(10), -1, 4)).toThrow('a line of 5 bytes');
});
