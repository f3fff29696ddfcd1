// What do the small parts say and do at their edges, exactly?
import { describe, expect, it } from 'vitest';
import { concatBytes, toBase64, utf8 } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { checkZstdFrame, gzipContentSize } from '../../../src/format/block.ts';
import { CANARY_CHAIN } from '../../../src/format/chain.ts';
import { sequenceEnd } from '../../../src/format/json-bytes.ts';
import { parseManifest } from '../../../src/format/manifest-bytes.ts';
import { encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { SEVERITY } from '../../../src/verify/finding.ts';

/** A zstd frame of one raw block: magic, a header with a content size of four bytes, the block. */
const rawFrame = (size: number): Uint8Array =>
  concatBytes(
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff, 0),
    Uint8Array.of(((size << 3) & 0xff) | 1, (size >> 5) & 0xff, (size >> 13) & 0xff),
    new Uint8Array(size),
  );

describe('a zstd block', () => {
  it('has at most 128 KiB', () => {
    expect(() => checkZstdFrame(rawFrame(128 * 1024))).not.toThrow();
    expect(() => checkZstdFrame(rawFrame(128 * 1024 + 1))).toThrow('a zstd block of 131073 bytes');
  });
});

describe('a gzip member', () => {
  it('states its content size in its last four bytes, and has at least 18', () => {
    const least = new Uint8Array(18);
    least[14] = 7;
    expect(gzipContentSize(least)).toBe(7);
    expect(() => gzipContentSize(least.subarray(1))).toThrow('a gzip member that is cut off');
  });

  it('states at most what a block may hold', () => {
    const member = new Uint8Array(18);
    const view = new DataView(member.buffer);
    view.setUint32(14, LIMITS.blockContentMax, true);
    expect(gzipContentSize(member)).toBe(LIMITS.blockContentMax);
    view.setUint32(14, LIMITS.blockContentMax + 1, true);
    expect(() => gzipContentSize(member)).toThrow(`${LIMITS.blockContentMax + 1} bytes of content`);
  });
});

describe('a sequence of UTF-8', () => {
  it.each([
    ['a continuation byte', [0x80, 0x80], -1],
    ['an overlong lead', [0xc1, 0x80], -1],
    ['the least lead', [0xc2, 0x80], 2],
    ['a lead above U+10FFFF', [0xf5, 0x80, 0x80, 0x80], -1],
    ['the greatest code point', [0xf4, 0x8f, 0xbf, 0xbf], 4],
    ['one above it', [0xf4, 0x90, 0x80, 0x80], -1],
    ['no second byte', [0xc2], -1],
    ['a second byte that is none', [0xc2, 0x20], -1],
    ['a third byte that is none', [0xe1, 0x80, 0x20], -1],
    ['a fourth byte that is none', [0xf1, 0x80, 0x80, 0x20], -1],
    ['an overlong third', [0xe0, 0x9f, 0x80], -1],
    ['a surrogate', [0xed, 0xa0, 0x80], -1],
    ['an overlong fourth', [0xf0, 0x8f, 0x80, 0x80], -1],
  ])('%s', (_name, bytes, end) => {
    expect(sequenceEnd(Uint8Array.from(bytes), 0, bytes.length)).toBe(end);
  });
});

it('a note without a signature is none', () => {
  const text = utf8(`log.example.com/orders/0\n0\n${toBase64(new Uint8Array(32))}\n`);
  expect(() => encodeSignedCheckpoint(text, [])).toThrow('a note with 0 signatures: 1 to 16');
});

it('each finding has its severity', () => {
  expect(SEVERITY).toMatchSnapshot();
});

it('a multi-byte character ends within its text, whatever stands behind that', () => {
  expect(sequenceEnd(Uint8Array.of(0xc3, 0xa9), 0, 1)).toBe(-1);
  expect(sequenceEnd(Uint8Array.of(0x20, 0xe2, 0x82, 0xac), 1, 3)).toBe(-1);
  expect(sequenceEnd(Uint8Array.of(0x20, 0xe2, 0x82, 0xac), 1, 4)).toBe(4);
});

it('the chain of drills has the name that FORMAT.md gives it', () => {
  expect(CANARY_CHAIN).toBe('ledgerstone.drill');
});

it('a manifest is read up to its limit, and not beyond', () => {
  const { manifestBytesMax } = LIMITS;
  expect(() => parseManifest(new Uint8Array(manifestBytesMax))).toThrow('manifest: not JSON');
  expect(() => parseManifest(new Uint8Array(manifestBytesMax + 1))).toThrow(`${manifestBytesMax + 1} bytes`);
});
