// Does a JSON text that is cut off, or that is none, end a walk without a value that is not there?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { decodedString, quoteEnd, valueEnd } from '../../../src/base/json/json-skip.ts';
import { JsonWalker } from '../../../src/base/json/json-walk.ts';

const TEXT = '{"a":[{"b":"x\\"y"},{"b":[1,true]}],"c":"{\\"b\\":2}","b":null}';
const found = (text: string, places = [['a', 'b'], ['c', 'b'], ['b']]) => {
  const values: string[] = [];
  const bytes = utf8(text);
  const isWhole = new JsonWalker(places).walk(bytes, 0, bytes.length, (target, kind, at, start, end) => {
    values.push(`${target} ${kind} ${Buffer.from(at.subarray(start, end)).toString()}`);
    return false;
  });
  return { values, isWhole };
};

describe('a walk', () => {
  it('shows each value at the places, also in a string that holds JSON text', () => {
    expect(found(TEXT)).toEqual({
      values: ['0 string x\\"y', '0 number 1', '0 other true', '1 number 2', '2 other null'],
      isWhole: true,
    });
  });

  it.each(Array.from({ length: TEXT.length }, (_, length) => length))(
    'of its first %d bytes shows no more than the whole one does first',
    (length) => {
      const { values } = found(TEXT);
      // A number or a word may itself be cut off; a string has its end.
      const cut = found(TEXT.slice(0, length)).values;
      expect(cut.length).toBeLessThanOrEqual(values.length);
      for (const [index, value] of cut.entries()) expect(values[index]?.startsWith(value)).toBe(true);
      for (const [index, value] of cut.entries())
        if (value.includes(' string ')) expect(values[index]).toBe(value);
    },
  );

  it('ends at the value that was looked for', () => {
    const bytes = utf8('{"a":[1,2,3],"b":4}');
    for (const [places, first] of [
      [[['a']], 1],
      [[['b']], 1],
    ] as const) {
      let shown = 0;
      expect(new JsonWalker(places).walk(bytes, 0, bytes.length, () => ++shown === first)).toBe(false);
      expect(shown).toBe(first);
    }
  });
});

describe('what is passed over', () => {
  it.each([
    ['"abc', -1],
    ['{"a":"b', -1],
    ['[1,[2]', -1],
    ['', -1],
    ['  ', -1],
    ['{"a":"]}"} ,', 10],
    ['12,', 2],
  ])('%j ends at %d', (text, end) => expect(valueEnd(utf8(text), 0, text.length)).toBe(end));

  it('a quote behind a backslash ends no string, nor does one that is beyond the end', () => {
    expect(quoteEnd(utf8('ab\\"cdefgh"'), 0, 11)).toBe(10);
    expect(quoteEnd(utf8('abcdefgh\\'), 0, 9)).toBe(-1);
    expect(quoteEnd(utf8('ab"'), 0, 2)).toBe(-1);
  });

  it('a string with a wrong escape stands as it is', () => {
    for (const [text, said] of [
      ['a\\u0062', 'ab'],
      ['a\\u12', 'a\\u12'],
      ['a\\x', 'a\\x'],
    ] as const)
      expect(decodedString(utf8(text), 0, text.length)).toBe(said);
  });
});
