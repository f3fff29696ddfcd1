// Is compressed content opened exactly, within its bound, and never read or written beyond what is there?
import { zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../../../../src/ingest/kafka/protocol/codecs.ts';
import { lz4Frame } from '../../../../../src/ingest/kafka/protocol/lz4-frame.ts';
import { snappyContent } from '../../../../../src/ingest/kafka/protocol/snappy.ts';
import { bytesOf } from './encode.ts';
import { snappyBlock, xerial } from './snappy-encode.ts';

/** Runs, repeats and noise, so that every kind of token occurs. */
function mixed(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const kind = (i >> 9) % 3;
    bytes[i] = kind === 0 ? 7 : kind === 1 ? i % 11 : Math.imul(i, 2654435761) >>> 24;
  }
  return bytes;
}

describe('lz4Frame', () => {
  it.each([0, 1, 100, 70_000, 5_000_000])('knows the content of %i bytes exactly', (length) => {
    const frame = compressFrameSync(Buffer.from(mixed(length)));
    expect(lz4Frame(frame, length)).toHaveLength(frame.length);
    if (length > 0) expect(() => lz4Frame(frame, length - 1)).toThrow(`more than ${length - 1} bytes`);
  });

  it('takes checksums into account, and leaves out what comes after the frame', () => {
    const frame = compressFrameSync(Buffer.from(mixed(200_000)), {
      contentChecksum: true,
      blockChecksums: true,
    });
    const more = Buffer.concat([frame, Buffer.from('more')]);
    expect(lz4Frame(more, 200_000)).toHaveLength(frame.length);
    expect(() => lz4Frame(frame, 199_999)).toThrow('more than');
  });

  it.each([
    ['nothing', new Uint8Array(0), 'no LZ4 frame'],
    ['another magic', bytesOf('hello world'), 'no LZ4 frame'],
    ['a dictionary', new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x61, 0x40, 0, 0, 0, 0, 0]), 'dictionary'],
    ['no end mark', new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0, 1, 0, 0, 0x80, 9]), 'has no end'],
    [
      'a block beyond the bytes',
      new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0, 255, 255, 0, 0, 1]),
      'has no end',
    ],
  ])('refuses %s', (_, bytes, reason) => expect(() => lz4Frame(bytes, 1_000_000)).toThrow(reason));

  it('every cut is noticed', () => {
    const frame = compressFrameSync(Buffer.from(mixed(3_000)), { contentChecksum: true });
    for (let length = 0; length < frame.length; length++) {
      expect(() => lz4Frame(frame.subarray(0, length), 3_000)).toThrow();
    }
  });
});

describe('zstd frames, one after the other', () => {
  const frames = (...contents: Uint8Array[]) =>
    Buffer.concat(contents.map((content) => zstdCompressSync(content)));

  it('are bounded together', async () => {
    const packed = frames(mixed(100), mixed(1));
    expect(await decompress('zstd', packed, 101)).toHaveLength(101);
    expect(() => decompress('zstd', packed, 100)).toThrow('more than 100 bytes');
  });

  it('are bounded in number', () => {
    const empty = frames(new Uint8Array(0));
    const packed = Buffer.concat(Array.from({ length: 1_001 }, () => empty));
    expect(() => decompress('zstd', packed, 100)).toThrow('more than 1000 frames');
  });
});

describe('snappyContent', () => {
  it.each([1, 59, 60, 61, 300, 70_000, 200_000])('%i bytes, bare and framed', (length) => {
    const content = mixed(length);
    for (const packed of [snappyBlock(content), xerial(content)]) {
      expect(Buffer.compare(snappyContent(packed, length), content)).toBe(0);
      expect(() => snappyContent(packed, length - 1)).toThrow(`more than ${length - 1} bytes`);
    }
  });

  const literal = (text: string) => [(text.length - 1) << 2, ...bytesOf(text)];

  it.each([
    ['a copy from before the beginning', [8, ...literal('abcd'), 0x02 | (3 << 2), 5, 0]],
    ['a copy from nowhere', [8, ...literal('abcd'), 0x02 | (3 << 2), 0, 0]],
    ['a copy beyond the content', [6, ...literal('abcd'), 0x02 | (3 << 2), 4, 0]],
    ['a literal beyond the content', [3, ...literal('abcd')]],
    ['a literal beyond the bytes', [8, 7 << 2, 1, 2]],
    ['a literal whose length is cut off', [8, 61 << 2, 1]],
    ['a copy whose distance is cut off', [8, ...literal('abcd'), 0x02 | (3 << 2), 4]],
    ['less content than it says', [9, ...literal('abcd')]],
    ['a length without end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('refuses %s', (_, bytes) => {
    expect(() => snappyContent(new Uint8Array(bytes), 1_000_000)).toThrow("can't be opened");
  });

  it('reads copies of every kind, also those that overlap themselves', () => {
    const ofOne = [1 | (0 << 2), 1];
    const ofTwo = [2 | (2 << 2), 4, 0];
    const ofFour = [3 | (1 << 2), 8, 0, 0, 0];
    const bytes = new Uint8Array([4 + 4 + 3 + 2, ...literal('abcd'), ...ofOne, ...ofTwo, ...ofFour]);
    expect(Buffer.from(snappyContent(bytes, 100)).toString()).toBe('abcdddddddddd');
  });

  it('refuses a frame whose piece is cut off', () => {
    const framed = xerial(mixed(40_000));
    for (const length of [17, 19, 100, framed.length - 1]) {
      expect(() => snappyContent(framed.subarray(0, length), 100_000)).toThrow("can't be opened");
    }
  });
});
