// Do bytes become text and back in one way only?
import { describe, expect, it } from 'vitest';
import {
  concatBytes,
  EMPTY,
  equalBytes,
  fromBase64,
  fromHex,
  toBase64,
  toHex,
  utf8,
  utf8Text,
} from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';

describe('UTF-8', () => {
  it('keeps a byte order mark', () => {
    expect(utf8Text(fromHex('efbbbf61'))).toBe('\ufeffa');
    expect(toHex(utf8('\ufeffa'))).toBe('efbbbf61');
  });
  it.each(['ff', 'eda080', 'c0af', 'e282', 'f4908080'])('refuses %s', (hex) => {
    expect(() => utf8Text(fromHex(hex))).toThrow(FormatError);
  });
});

describe('hex', () => {
  it('is lower case and whole', () => {
    expect(toHex(Uint8Array.of(0, 10, 255))).toBe('000aff');
    expect(fromHex('000aff')).toEqual(Uint8Array.of(0, 10, 255));
    for (const text of ['0', 'AA', '0x', ' 00', 'zz', '00\n'])
      expect(() => fromHex(text)).toThrow(FormatError);
  });
});

describe('base64', () => {
  it('gives back every length, long ones too', () => {
    for (const length of [0, 1, 2, 3, 4, 8191, 8192, 8193, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) & 255);
      const text = Buffer.from(bytes).toString('base64');
      expect(toBase64(bytes)).toBe(text);
      expect(equalBytes(fromBase64(text), bytes)).toBe(true);
    }
  });
  it('takes of each end that is padded the one spelling of its bytes', () => {
    const digits = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'];
    const takes = (text: string) => {
      try {
        return fromBase64(text).length > 0;
      } catch {
        return false;
      }
    };
    const isOne = (text: string) => Buffer.from(text, 'base64').toString('base64') === text;
    const ends = digits.flatMap((b) => [...digits.map((c) => `A${b}${c}=`), `A${b}==`]);
    expect(ends.filter((end) => takes(end) !== isOne(end) || takes(`AAAA${end}`) !== isOne(end))).toEqual([]);
    expect(ends.filter(takes)).toHaveLength(64 * 16 + 4);
  });
  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AB==',
    'AAB=',
    'AAAA=',
    '====',
    'A===',
    'AA==AA==',
    'A A=',
    '-_==',
    'AAA\n',
    'é===',
  ])('refuses %j', (text) => {
    expect(() => fromBase64(text)).toThrow(FormatError);
  });
});

describe('bytes', () => {
  it('are equal or not, by content', () => {
    expect(equalBytes(EMPTY, new Uint8Array(0))).toBe(true);
    expect(equalBytes(utf8('ab'), utf8('ac'))).toBe(false);
    expect(equalBytes(utf8('ab'), utf8('abc'))).toBe(false);
    expect(concatBytes(utf8('a'), EMPTY, utf8('bc'))).toEqual(utf8('abc'));
    expect(concatBytes()).toEqual(EMPTY);
  });
});
