// Is a block one frame or member, whole, and nothing after it?
import {
  constants,
  deflateRawSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, utf8 } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { LIMITS, MIB } from '../../../src/base/limits.ts';
import {
  checkGzipMember,
  checkZstdFrame,
  gzipContentSize,
  zstdContentSize,
} from '../../../src/format/block.ts';

const content = utf8(
  Array.from({ length: 5000 }, (_, index) => `{"offset":${index},"value":${index * index}}\n`).join(''),
);
const noise = Uint8Array.from(
  { length: 300_000 },
  (_, index) => (index * index * 31 + (index >> 3) * 17) % 251,
);
const refusal = (code: string) => expect.objectContaining({ name: 'FormatError', code });
const level = (value: number) => ({ params: { [constants.ZSTD_c_compressionLevel]: value } });

describe('a zstd block', () => {
  it.each([-5, 1, 3, 9, 19])('is what level %i gives, with its content size', (value) => {
    for (const bytes of [new Uint8Array(0), utf8('x'), content, noise, new Uint8Array(400_000)]) {
      for (const checksum of [0, 1]) {
        const params = { ...level(value).params, [constants.ZSTD_c_checksumFlag]: checksum };
        const frame = zstdCompressSync(bytes, { params });
        expect(() => checkZstdFrame(frame)).not.toThrow();
        expect(zstdContentSize(frame)).toBe(bytes.length);
      }
    }
  });

  it('is alone: what Node reads in silence is refused', () => {
    const frame = zstdCompressSync(content);
    const second = zstdCompressSync(utf8('hidden'));
    const skippable = fromHex('502a4d1803000000616263');
    // Seen here so that nobody takes the walk for needless.
    expect(zstdDecompressSync(concatBytes(frame, second)).length).toBe(content.length);
    for (const after of [second, skippable, fromHex('00'), utf8('anything')]) {
      expect(() => checkZstdFrame(concatBytes(frame, after))).toThrow(refusal('trailing-bytes'));
    }
    expect(() => checkZstdFrame(concatBytes(skippable, frame))).toThrow(refusal('block-mismatch'));
  });

  it('is whole, wherever it is cut', () => {
    const params = { [constants.ZSTD_c_checksumFlag]: 1 };
    const frame = zstdCompressSync(content.subarray(0, 2000), { params });
    for (let length = 0; length < frame.length; length++) {
      expect(() => checkZstdFrame(frame.subarray(0, length))).toThrow(refusal('block-mismatch'));
    }
  });

  // Magic, descriptor, window, content size, and one raw block of no bytes that is the last.
  const LAST = '010000';
  it.each([
    ['a dictionary', `28b52ffd 21 00 00 ${LAST}`],
    ['a reserved bit', `28b52ffd 28 00 ${LAST}`],
    ['an unused bit', `28b52ffd 30 00 ${LAST}`],
    ['no content size', `28b52ffd 00 00 ${LAST}`],
    ['a window of 8 MiB and an eighth', `28b52ffd 80 69 00000000 ${LAST}`],
    ['a window of 2 TiB', `28b52ffd 80 f8 00000000 ${LAST}`],
    ['a single segment above 8 MiB', `28b52ffd a0 01008000 ${LAST}`],
    ['more content than a block holds', `28b52ffd 80 68 01000004 ${LAST}`],
    ['more content than can be counted', `28b52ffd c0 68 ffffffffffffffff ${LAST}`],
    ['a reserved kind of block', '28b52ffd 20 05 070000'],
    ['a block above 128 KiB', `28b52ffd 80 58 00000000 ${'080010'}`],
    ['a block above its window', `28b52ffd 20 05 310000 ${'61'.repeat(6)}`],
    ['two bytes where none are said', '28b52ffd 20 00 110000 6161'],
    ['another magic', `28b52ffe 20 00 ${LAST}`],
    ['the magic of old versions', `27b52ffd 20 00 ${LAST}`],
    ['a magic alone', '28b52ffd'],
    ['two of the three bytes of a block header', '28b52ffd 20 05 0700'],
  ])('is refused with %s', (_, hex) => {
    const check = () => checkZstdFrame(fromHex(hex.replaceAll(' ', '')));
    expect(check).toThrow(refusal('block-mismatch'));
    expect(check).toThrowErrorMatchingSnapshot();
  });

  it.each([
    ['one raw block', `28b52ffd 20 00 ${LAST}`, 0],
    ['a run of one byte', '28b52ffd 20 05 2b000061', 5],
    ['a window of 8 MiB', `28b52ffd 80 68 00000000 ${LAST}`, 0],
    ['a block as large as its window', `28b52ffd 20 05 290000 ${'61'.repeat(5)}`, 5],
    ['two bytes of size', `28b52ffd 60 0100 ${LAST}`, 257],
    ['two blocks', '28b52ffd 20 02 080000 61 090000 62', 2],
  ])('may have %s', (_, hex, size) => {
    const frame = fromHex(hex.replaceAll(' ', ''));
    expect(() => checkZstdFrame(frame)).not.toThrow();
    expect(zstdContentSize(frame)).toBe(size);
  });
});

describe('the content size that a frame states', () => {
  it.each([
    ['one byte', '28b52ffd 20 05', 5],
    ['two bytes', '28b52ffd 60 0500', 261],
    ['four bytes', '28b52ffd a0 05000000', 5],
    ['four bytes behind a window', '28b52ffd 80 58 05000000', 5],
    ['eight bytes', '28b52ffd e0 0500000000000000', 5],
  ])('is read from a header of %s that is all there is', (_, hex, size) => {
    const header = fromHex(hex.replaceAll(' ', ''));
    expect(zstdContentSize(header)).toBe(size);
    expect(() => zstdContentSize(header.subarray(0, -1))).toThrow(
      /^block: (a zstd frame that is cut off|no zstd frame)$/,
    );
  });

  it.each([
    ['the greatest content', '28b52ffd 80 68 00000004', 64 * MIB],
    ['the greatest single segment', '28b52ffd a0 00008000', 8 * MIB],
  ])('may be %s', (_, hex, size) => expect(zstdContentSize(fromHex(hex.replaceAll(' ', '')))).toBe(size));
});

describe('a gzip block', () => {
  it.each([0, 1, 6, 9])('is what level %i gives, with its content size', (value) => {
    for (const bytes of [new Uint8Array(0), utf8('x'), content, noise, new Uint8Array(400_000)]) {
      for (const strategy of [
        constants.Z_DEFAULT_STRATEGY,
        constants.Z_FIXED,
        constants.Z_HUFFMAN_ONLY,
        constants.Z_RLE,
      ]) {
        const member = gzipSync(bytes, { level: value, strategy });
        expect(() => checkGzipMember(member)).not.toThrow();
        expect(gzipContentSize(member)).toBe(bytes.length);
      }
    }
  });

  it('is alone: a second member and bytes that are none', () => {
    const member = gzipSync(content);
    // Node reads a second member and leaves other bytes out in silence.
    expect(gunzipSync(concatBytes(member, new Uint8Array(16))).length).toBe(content.length);
    for (const after of [
      gzipSync(utf8('hidden')),
      gzipSync(new Uint8Array(0)),
      fromHex('00'),
      member.subarray(-8),
    ]) {
      expect(() => checkGzipMember(concatBytes(member, after))).toThrow(refusal('trailing-bytes'));
    }
  });

  it('is whole, wherever it is cut', () => {
    const member = gzipSync(content.subarray(0, 3000));
    for (let length = 0; length < member.length; length++) {
      expect(() => checkGzipMember(member.subarray(0, length))).toThrow(refusal('block-mismatch'));
    }
    for (const missing of [1, 7, 8]) {
      expect(() => checkGzipMember(member.subarray(0, -missing))).toThrow('a gzip member that is cut off');
    }
  });

  it('has a bare header', () => {
    const member = gzipSync(content);
    for (const [at, value] of [
      [0, 0],
      [1, 0],
      [2, 7],
      [3, 8],
      [3, 0x20],
    ] as const) {
      expect(() => checkGzipMember(member.map((byte, index) => (index === at ? value : byte)))).toThrow(
        FormatError,
      );
    }
  });

  it('has the size that it says', () => {
    const member = gzipSync(content);
    const other = member.map((byte, index) => (index === member.length - 4 ? byte ^ 1 : byte));
    expect(() => checkGzipMember(other)).toThrow(refusal('block-mismatch'));
  });

  it('holds no more than a block may, before it is inflated', () => {
    const bomb = gzipSync(new Uint8Array(LIMITS.blockContentMax + 1), { level: 9 });
    expect(bomb.length).toBeLessThan(MIB);
    expect(() => checkGzipMember(bomb)).toThrow(refusal('block-mismatch'));
  });

  it.each([
    ['a block of the reserved kind', '07'],
    ['a stored block that contradicts itself', '010500fbff6162636465'],
    ['a stored block that is cut off', '010500faff61'],
    ['a dynamic block with too many codes', `fdff${'00'.repeat(20)}`],
    // Three codes of one bit each, where two fit.
    ['a dynamic block with more codes than fit', `050092${'00'.repeat(20)}`],
    ['a dynamic block of nothing but ones', `${'ff'.repeat(3)}`],
    // Fixed codes: a length, then the distance code 30.
    ['bits that are no distance', `033e${'00'.repeat(20)}`],
    ['nothing', ''],
    ['an endless run of empty blocks that is cut off', '000000ffff'.repeat(15)],
  ])('is refused for %s', (_, hex) => {
    const member = concatBytes(fromHex('1f8b0800000000000003'), fromHex(hex), new Uint8Array(0));
    const check = () => checkGzipMember(member);
    expect(check).toThrow(refusal('block-mismatch'));
    expect(check).toThrowErrorMatchingSnapshot();
  });

  it('may have stored blocks, empty ones too', () => {
    const stored = concatBytes(fromHex('000000ffff'), fromHex('000100feff61'), fromHex('010000ffff'));
    const member = concatBytes(
      fromHex('1f8b0800000000000003'),
      stored,
      fromHex('43beb7e8'),
      fromHex('01000000'),
    );
    expect(gunzipSync(member).toString()).toBe('a');
    expect(() => checkGzipMember(member)).not.toThrow();
    expect(deflateRawSync(utf8('a')).length).toBeGreaterThan(0);
  });
});
