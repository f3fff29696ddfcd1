// Do keys stand in the order of their bytes, and does every file name survive as text?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, keyBytes, keyText } from '../../../src/store/key-bytes.ts';

/** Few symbols, so that strings share beginnings; both sides of the surrogates' place in UTF-16. */
const key = fc.string({
  unit: fc.constantFrom('a', '/', '-', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f512}'),
  maxLength: 6,
});

describe('compareKeys', () => {
  it('is the order of the UTF-8 bytes', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2000 },
    );
  });

  it('differs from the order of JavaScript where a key has an astral character', () => {
    expect('\u{10000}' < '\uffee').toBe(true);
    expect(compareKeys('\u{10000}', '\uffee')).toBeGreaterThan(0);
  });
});

describe('keyText', () => {
  it('is UTF-8 where the bytes are', () => {
    expect(keyText(Buffer.from('\ufeffé\u{1f512}'))).toBe('\ufeffé\u{1f512}');
  });

  it('escapes each byte that is not', () => {
    expect(keyText(Buffer.from([0x61, 0xff, 0x62, 0xc3]))).toBe('a\udcffb\udcc3');
    // An overlong slash and an encoded surrogate are no UTF-8 either.
    expect(keyText(Buffer.from([0xc0, 0xaf, 0xed, 0xa0, 0x80]))).toBe('\udcc0\udcaf\udced\udca0\udc80');
  });

  it('loses nothing: keyBytes gives any bytes back', () => {
    const bytes = fc
      .uint8Array({ maxLength: 12 })
      .map((raw) => raw.map((byte) => (byte % 3 === 0 ? 0xc3 : byte)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), bytes), (raw) => {
        expect(Buffer.from(keyBytes(keyText(raw)))).toEqual(Buffer.from(raw));
      }),
      { numRuns: 2000 },
    );
  });
});
