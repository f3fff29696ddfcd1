// Can a line of a block be kept after the block's memory was freed?
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { freeNow } from '../../../src/base/free.ts';
import { nodeDecompress } from '../../../src/base/node/decompress.ts';

it.each(['zstd', 'gzip'] as const)('%s: a slice of the content is a copy', (encoding) => {
  const bytes = Buffer.alloc(100_000, 'line\n');
  const block = encoding === 'zstd' ? zstdCompressSync(bytes) : gzipSync(bytes);
  const content = nodeDecompress(block, encoding, bytes.length);
  const line = content.slice(5, 10);
  freeNow(content);
  expect(content.length).toBe(0);
  expect(Buffer.from(line).toString()).toBe('line\n');
});
