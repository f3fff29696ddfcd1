// Is the end of a DEFLATE stream where zlib sees it, for every code of RFC 1951 and at every bound?
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { deflateEnd } from '../../../src/format/deflate-end.ts';

/** Numbers go in least significant bit first, Huffman codes most significant bit first. RFC 1951 §3.1.1. */
class BitWriter {
  readonly #bits: number[] = [];

  number(value: number, count: number): this {
    for (let i = 0; i < count; i++) this.#bits.push((value >> i) & 1);
    return this;
  }
  code(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push((value >> i) & 1);
    return this;
  }
  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.#bits.length / 8));
    for (const [i, bit] of this.#bits.entries()) bytes[i >> 3] = (bytes[i >> 3] as number) | (bit << (i & 7));
    return bytes;
  }
}

/** In a block with fixed codes. RFC 1951 §3.2.6. */
function fixedLiteral(bits: BitWriter, symbol: number): BitWriter {
  if (symbol < 144) return bits.code(0x30 + symbol, 8);
  if (symbol < 256) return bits.code(0x190 + symbol - 144, 9);
  return symbol < 280 ? bits.code(symbol - 256, 7) : bits.code(0xc0 + symbol - 280, 8);
}
const lastFixedBlock = () => new BitWriter().number(1, 1).number(1, 2);
const END_OF_BLOCK = 256;

function expectAsZlib(stream: Uint8Array): void {
  const content = inflateRawSync(stream).length;
  expect(deflateEnd(stream, 0)).toEqual({ end: stream.length, content });
  const amid = concatBytes(new Uint8Array(3).fill(0xff), stream, new Uint8Array(3).fill(0xff));
  expect(deflateEnd(amid, 3)).toEqual({ end: 3 + stream.length, content });
}

describe('the end of a stream', () => {
  it('is found behind every literal', () => {
    const bits = lastFixedBlock();
    for (let byte = 0; byte < 256; byte++) fixedLiteral(bits, byte);
    expectAsZlib(fixedLiteral(bits, END_OF_BLOCK).bytes());
  });

  it.each(Array.from({ length: 29 }, (_, index) => 257 + index))(
    'is found behind the length code %i',
    (code) => {
      const extra = code < 265 || code === 285 ? 0 : (code - 261) >> 2;
      // All bits set in code 284 would be the length 258, which has a code of its own; zlib takes it all the same.
      for (const value of [0, 2 ** extra - 1]) {
        const bits = fixedLiteral(lastFixedBlock(), 0x61);
        fixedLiteral(bits, code).number(value, extra).code(0, 5);
        // What follows shows a bit too many or too few.
        for (const literal of [0xff, 0x61, 0xc5]) fixedLiteral(bits, literal);
        expectAsZlib(fixedLiteral(bits, END_OF_BLOCK).bytes());
      }
    },
  );

  it.each(Array.from({ length: 30 }, (_, index) => index))('is found behind the distance code %i', (code) => {
    const extra = code < 2 ? 0 : (code >> 1) - 1;
    const stored = concatBytes(Uint8Array.of(0, 0x00, 0x80, 0xff, 0x7f), new Uint8Array(32_768));
    for (const value of [0, 2 ** extra - 1]) {
      const bits = fixedLiteral(lastFixedBlock(), 257).code(code, 5).number(value, extra);
      expectAsZlib(concatBytes(stored, fixedLiteral(bits, END_OF_BLOCK).bytes()));
    }
  });

  it.each([0, 9])('is found in a block of the greatest size and not beyond it, at level %i', (level) => {
    const most = new Uint8Array(LIMITS.blockContentMax);
    const stream = deflateRawSync(most, { level });
    expect(deflateEnd(stream, 0)).toEqual({ end: stream.length, content: most.length });
    const more = deflateRawSync(new Uint8Array(most.length + 1), { level });
    expect(() => deflateEnd(more, 0)).toThrow(`deflate: more than ${most.length} bytes of content`);
  });
});

describe('blocks that hold little', () => {
  const empty = Uint8Array.of(0, 0, 0, 0xff, 0xff);
  const last = Uint8Array.of(1, 0, 0, 0xff, 0xff);
  const stored = (bytes: number) =>
    concatBytes(
      Uint8Array.of(0, bytes & 255, bytes >> 8, ~bytes & 255, (~bytes >> 8) & 255),
      new Uint8Array(bytes),
    );
  const empties = (count: number) => concatBytes(...new Array<Uint8Array>(count).fill(empty));

  it('may be 16 before any content, and one more behind each 512 bytes', () => {
    expectAsZlib(concatBytes(empties(15), last));
    expectAsZlib(concatBytes(stored(511), stored(1), empties(14), last));
    expectAsZlib(concatBytes(stored(1024), empties(16), last));
  });

  it.each([
    ['17 without content', concatBytes(empties(16), last), 'block 17 after 0 bytes of content'],
    ['17 of 511 bytes', concatBytes(stored(511), empties(15), last), 'block 17 after 511 bytes of content'],
    ['content that comes too late', concatBytes(empties(16), stored(600), last), 'block 17 after 0 bytes'],
    ['18 of 1023 bytes', concatBytes(stored(1023), empties(16), last), 'block 18 after 1023 bytes'],
  ])('are refused: %s', (_, stream, words) => {
    expect(inflateRawSync(stream)).toBeDefined();
    expect(() => deflateEnd(stream, 0)).toThrow(`deflate: ${words}`);
  });

  it('are refused before the rest of them is walked', () => {
    const bytes = concatBytes(empties(100), Uint8Array.of(6));
    expect(() => deflateEnd(bytes, 0)).toThrow('block 17 after 0 bytes of content');
  });
});

describe('a stream that does not hold', () => {
  it('is refused where a fixed block has the codes that stand for no length', () => {
    for (const symbol of [286, 287]) {
      const bits = fixedLiteral(lastFixedBlock(), symbol).number(0, 16);
      expect(() => deflateEnd(fixedLiteral(bits, END_OF_BLOCK).bytes(), 0)).toThrow(
        'deflate: a length that is none',
      );
    }
  });

  it('is refused where a fixed block has the codes that stand for no distance', () => {
    for (const symbol of [30, 31]) {
      const bits = fixedLiteral(fixedLiteral(lastFixedBlock(), 0x61), 257).code(symbol, 5).number(0, 16);
      expect(() => deflateEnd(fixedLiteral(bits, END_OF_BLOCK).bytes(), 0)).toThrow(
        'deflate: bits that are no code',
      );
    }
  });

  it.each([
    ['stored', deflateRawSync(new Uint8Array(300), { level: 0 })],
    ['fixed', deflateRawSync(Buffer.from('abcabcabcabc'), { strategy: constants.Z_FIXED })],
    ['dynamic', deflateRawSync(Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i) % 23)))],
    [
      'last bits in a byte of their own',
      fixedLiteral(fixedLiteral(lastFixedBlock(), 1), END_OF_BLOCK).bytes(),
    ],
  ])('is refused wherever it is cut off: %s', (_, stream) => {
    expect(deflateEnd(stream, 0).end).toBe(stream.length);
    for (let length = 0; length < stream.length; length++) {
      expect(() => deflateEnd(stream.subarray(0, length), 0)).toThrow('deflate: cut off');
    }
  });
});

describe('a dynamic block', () => {
  /** Code lengths are coded by two bits each: 0 and 1 as they are, 16 repeats, 18 is a run of zeros. */
  const LENGTH_CODES = new Map([0, 1, 16, 18].map((symbol, code) => [symbol, code]));
  const CODED_IN_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1];
  function block(literals: number, distances: number, lengths: readonly (readonly [number, number?])[]) {
    const bits = new BitWriter().number(1, 1).number(2, 2);
    bits
      .number(literals - 257, 5)
      .number(distances - 1, 5)
      .number(CODED_IN_ORDER.length - 4, 4);
    for (const symbol of CODED_IN_ORDER) bits.number(LENGTH_CODES.has(symbol) ? 2 : 0, 3);
    for (const [symbol, repeated = 0] of lengths) {
      bits.code(LENGTH_CODES.get(symbol) as number, 2);
      if (symbol === 16) bits.number(repeated - 3, 2);
      if (symbol === 18) bits.number(repeated - 11, 7);
    }
    return bits;
  }
  /** The end of the block has the only code, `0`, of one bit. */
  const onlyTheEnd = [[18, 138], [18, 118], [1]] as const;

  it('may have 286 and 30 codes, and no more', () => {
    const stream = block(286, 30, [...onlyTheEnd, [18, 59]])
      .code(0, 1)
      .bytes();
    expect(deflateEnd(stream, 0)).toEqual({ end: stream.length, content: 0 });
    expect(() => deflateEnd(block(287, 30, []).bytes(), 0)).toThrow('deflate: too many codes');
    expect(() => deflateEnd(block(286, 31, []).bytes(), 0)).toThrow('deflate: too many codes');
  });

  it('has no repeat beyond its codes', () => {
    const stream = block(286, 30, [...onlyTheEnd, [18, 60]])
      .code(0, 1)
      .bytes();
    expect(() => deflateEnd(stream, 0)).toThrow('deflate: a repeat beyond the codes');
  });

  it('repeats the length before, where there is one', () => {
    // Literal 255 and the end of the block have a code each; the two distances too.
    const stream = block(257, 2, [[18, 138], [18, 117], [1], [16, 3]])
      .code(0, 1)
      .code(1, 1)
      .bytes();
    expect(deflateEnd(stream, 0)).toEqual({ end: stream.length, content: 1 });
    const first = block(257, 2, [[16, 3]]).bytes();
    expect(() => deflateEnd(first, 0)).toThrow('deflate: a repeat of nothing');
  });

  it('has no bits that are no code', () => {
    const stream = block(286, 30, [...onlyTheEnd, [18, 59]])
      .code(0xffff, 16)
      .bytes();
    expect(() => deflateEnd(stream, 0)).toThrow('deflate: bits that are no code');
  });
});
