// How long may a word be, counted in bytes of UTF-8, and which characters has it not?
import { describe, expect, it } from 'vitest';
import { isWord } from '../../../src/format/scalar.ts';

describe('a word', () => {
  it.each([0x20, 0x7e, 0xa0, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff])(
    'has at most so many bytes of U+%s',
    (code) => {
      const char = String.fromCodePoint(code);
      const bytes = Buffer.byteLength(char);
      for (const count of [1, 5]) {
        expect(isWord(char.repeat(count), bytes * count)).toBe(true);
        expect(isWord(char.repeat(count), bytes * count - 1)).toBe(false);
      }
      expect(isWord(`${char}a`, bytes)).toBe(false);
    },
  );

  it.each([
    0x00, 0x1f, 0x7f, 0x80, 0x9f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0x061c, 0x200e, 0x200f,
    0xd800, 0xdfff,
  ])('has no U+%s', (code) => expect(isWord(`a${String.fromCharCode(code)}`, 99)).toBe(false));

  it.each([0x061b, 0x061d, 0x200d, 0x2010, 0x2027, 0x202f, 0x2065, 0x206a])('may have U+%s', (code) =>
    expect(isWord(`a${String.fromCharCode(code)}`, 99)).toBe(true),
  );

  it('is text, and not empty', () => {
    for (const value of ['', null, undefined, 1, ['a']]) expect(isWord(value, 99)).toBe(false);
  });
});
