// Are only the blocks read that can hold a line, and is a block refused if it contradicts the manifest?
import { describe, expect, test } from 'vitest';
import { zstdCompressor } from '../../../src/base/node/compress.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import { blockContent, blocksOf, linesOf, splitRun } from '../../../src/read/segment-lines.ts';

/** Blocks of ten lines and 100 stored bytes each, over the offsets [1000, nextOffset). */
const manifest = (lines: number, nextOffset: number): Manifest =>
  ({
    records: { firstOffset: 1000, nextOffset },
    entries: { size: lines },
    data: {
      encoding: 'zstd',
      blocks: Array.from({ length: Math.ceil(lines / 10) }, (_, i) => ({
        bytes: 100,
        content: 1000,
        lines: Math.min(10, lines - 10 * i),
      })),
    },
  }) as unknown as Manifest;

describe('blocksOf', () => {
  test('one block for one offset where every line covers one', () => {
    const whole = manifest(45, 1045);
    expect(blocksOf(whole, 1000, 1001)).toEqual({ first: 0, end: 1, bytes: { start: 0, end: 100 } });
    expect(blocksOf(whole, 1009, 1010)).toEqual({ first: 0, end: 1, bytes: { start: 0, end: 100 } });
    expect(blocksOf(whole, 1010, 1011)).toEqual({ first: 1, end: 2, bytes: { start: 100, end: 200 } });
    expect(blocksOf(whole, 1044, 1045)).toEqual({ first: 4, end: 5, bytes: { start: 400, end: 500 } });
    expect(blocksOf(whole, 0, 1021)).toEqual({ first: 0, end: 3, bytes: { start: 0, end: 300 } });
    expect(blocksOf(whole, 1044, 9999)).toEqual({ first: 4, end: 5, bytes: { start: 400, end: 500 } });
    expect(blocksOf(whole, 1045, 1046)).toBeNull();
  });

  test('as many more as gap lines may have moved it', () => {
    // 45 lines over 60 offsets: an offset's line may lie up to 15 lines earlier.
    expect(blocksOf(manifest(45, 1060), 1030, 1031)).toEqual({
      first: 1,
      end: 4,
      bytes: { start: 100, end: 400 },
    });
  });

  test('none in a segment without lines', () => {
    expect(blocksOf({ ...manifest(0, 1000), data: null }, 1000, 1001)).toBeNull();
  });
});

test('splitRun cuts between blocks and leaves none out', () => {
  const { data } = manifest(45, 1045);
  const run = { first: 1, end: 5, bytes: { start: 100, end: 500 } };
  expect(
    [...splitRun(data!, run, 250)].map(({ first, end, bytes }) => [first, end, bytes.start, bytes.end]),
  ).toEqual([
    [1, 3, 100, 300],
    [3, 5, 300, 500],
  ]);
  expect([...splitRun(data!, run, 10)].map(({ first }) => first)).toEqual([1, 2, 3, 4]);
});

describe('blocks', () => {
  const text = new TextEncoder().encode('{"offset":0}\n{"offset":1}\r\n');
  const stored = zstdCompressor(3)(text);
  const block = { bytes: stored.length, content: text.length, lines: 2 };
  const run = { first: 0, end: 1, bytes: { start: 0, end: stored.length } };
  const data = (lines: number) =>
    ({ encoding: 'zstd', blocks: [{ ...block, lines }] }) as unknown as NonNullable<Manifest['data']>;

  test('lines are cut at LF only', () => {
    const lines = [...linesOf(stored, data(2), run)].map((line) => Buffer.from(line).toString());
    expect(lines).toEqual(['{"offset":0}', '{"offset":1}\r']);
  });

  test.each([
    [
      'more content than stated',
      () => blockContent(stored, { ...block, content: 5 }, 'zstd'),
      'block-mismatch',
    ],
    [
      'less content than stated',
      () => blockContent(stored, { ...block, content: 500 }, 'zstd'),
      'block-mismatch',
    ],
    ['a second frame', () => blockContent(Buffer.concat([stored, stored]), block, 'zstd'), 'trailing-bytes'],
    ['another encoding', () => blockContent(stored, block, 'gzip'), 'block-mismatch'],
    ['another number of lines', () => [...linesOf(stored, data(3), run)], 'block-mismatch'],
  ])('%s', (_name, read, code) => {
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});
