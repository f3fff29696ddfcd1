// Is each byte escaped in the one form, wherever it stands, and is no other form read?
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { viewOf } from '../../../src/format/json-bytes.ts';
import {
  base64Length,
  readBase64,
  readString,
  type StringSpan,
  scanString,
  stringLength,
  writeBase64,
  writeString,
} from '../../../src/format/string-form.ts';

/** What stands between the quotes, read in a buffer that goes on; null where it is refused. */
function readBack(written: string, before = ''): { text: string; breaks: boolean } | null {
  const bytes = utf8(`${before}${written}"behind`);
  const start = utf8(before).length;
  const span: StringSpan = { end: -1, decoded: -1, breaks: false };
  if (!scanString(bytes, viewOf(bytes), start, bytes.length, span)) return null;
  expect(span.end).toBe(start + utf8(written).length);
  const part = readString(bytes, start, span.end, span.decoded);
  expect(part.length).toBe(span.decoded);
  return { text: utf8Text(part), breaks: span.breaks };
}

const ROOM = 'x'.repeat(30);
const CONTROLS = Array.from({ length: 0x20 }, (_, code) => code);

describe('a control character', () => {
  it.each(CONTROLS)('%i is written as ECMA-262 has it, and read again wherever it stands', (code) => {
    for (const before of ['', 'a', '{"offset":1,"key":"', 'é']) {
      const text = `${ROOM}${String.fromCharCode(code)}${ROOM}`;
      const bytes = utf8(text);
      const length = stringLength(bytes);
      const out = new Uint8Array(length + 9).fill(0x2e);
      expect(writeString(out, 4, bytes, length)).toBe(4 + length);
      const written = utf8Text(out.subarray(4, 4 + length));
      expect(`"${written}"`).toBe(JSON.stringify(text));
      expect(readBack(written, before)).toEqual({ text, breaks: code === 0x0a || code === 0x0d });
    }
  });

  it('has no other escape than its own, of all that four hex digits give', () => {
    const short = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);
    for (let code = 0; code < 0x200; code++) {
      const hex = code.toString(16).padStart(4, '0');
      const isCanonical = code < 0x20 && !short.has(code);
      expect([hex, readBack(`${ROOM}\\u${hex}`) !== null]).toEqual([hex, isCanonical]);
      const upper = hex.toUpperCase();
      if (upper !== hex) expect([upper, readBack(`${ROOM}\\u${upper}`)]).toEqual([upper, null]);
    }
    for (const hex of ['1001', '0100', 'g000', '000g', '00g0', '00-1', '000 ', '001', '00'])
      expect([hex, readBack(`${ROOM}\\u${hex}`)]).toEqual([hex, null]);
  });

  it('has no other letter than its own', () => {
    for (let code = 0x20; code < 0x7f; code++) {
      const letter = String.fromCharCode(code);
      if (letter === 'u') continue;
      // A quote after the backslash is one that is escaped: the string then ends behind it.
      expect([letter, readBack(`${ROOM}\\${letter}`) !== null]).toEqual([
        letter,
        'btnfr"\\'.includes(letter),
      ]);
    }
    expect(readBack(`${ROOM}\\\0`)).toBeNull();
  });

  it('does not stand there as it is', () => {
    for (const code of CONTROLS) expect(readBack(ROOM + String.fromCharCode(code))).toBeNull();
    expect(readBack(`${ROOM}\x7f`)).toEqual({ text: `${ROOM}\x7f`, breaks: false });
  });
});

describe('a string', () => {
  it('is no longer than base64 would be, to the byte', () => {
    // Three bytes that have six: base64 has four. Each plain byte more makes up for a third of one.
    for (let plain = 0; plain < 40; plain++) {
      for (let escaped = 0; escaped < 6; escaped++) {
        const bytes = utf8('\x01'.repeat(escaped) + 'x'.repeat(plain));
        const length = plain + 6 * escaped;
        const fits = length <= 4 * Math.ceil(bytes.length / 3);
        expect(stringLength(bytes)).toBe(fits ? length : -1);
        expect(readBack('\\u0001'.repeat(escaped) + 'x'.repeat(plain)) !== null).toBe(fits);
      }
    }
  });

  it('is none of bytes that are no UTF-8, whatever stands around them', () => {
    for (const wrong of [0x80, 0xbf, 0xc0, 0xff]) {
      for (const at of [0, 1, 2, 3, 99, 100]) {
        const bytes = new Uint8Array(101).fill(0x61);
        bytes[at] = wrong;
        expect(stringLength(bytes)).toBe(-1);
      }
    }
  });

  it('ends within what was given', () => {
    const bytes = utf8(`${ROOM}"`);
    const span: StringSpan = { end: -1, decoded: -1, breaks: false };
    expect(scanString(bytes, viewOf(bytes), 0, bytes.length, span)).toBe(true);
    expect(scanString(bytes, viewOf(bytes), 0, bytes.length - 1, span)).toBe(false);
    const cut = utf8(`${ROOM}\\u0001"`);
    for (let end = 0; end < cut.length; end++) expect(scanString(cut, viewOf(cut), 0, end, span)).toBe(false);
  });
});

describe('base64', () => {
  it.each(Array.from({ length: 12 }, (_, length) => length))(
    'of %i bytes is the standard one, both ways',
    (length) => {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + 250) & 255);
      const text = toBase64(bytes);
      expect(base64Length(length)).toBe(text.length);
      const out = new Uint8Array(text.length + 5).fill(0x2e);
      expect(writeBase64(out, 2, bytes)).toBe(2 + text.length);
      expect(utf8Text(out)).toBe(`..${text}...`);
      expect(readBase64(out, 2, 2 + text.length)).toEqual(bytes);
      expect(fromBase64(text)).toEqual(bytes);
    },
  );

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AA=A',
    '=AAA',
    'A===',
    '====',
    'AB==',
    'AAB=',
    'AA-_',
    'AA==AAAA',
    'AAA=AAAA',
    'AAA*',
  ])('is not %s', (text) => expect(readBase64(utf8(text), 0, text.length)).toBeUndefined());

  it('has every letter of its alphabet, and no other byte', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    for (let byte = 0; byte < 256; byte++) {
      const isLetter = alphabet.includes(String.fromCharCode(byte));
      expect(readBase64(Uint8Array.of(0x41, byte, 0x41, 0x41), 0, 4) !== undefined).toBe(isLetter);
    }
  });
});
