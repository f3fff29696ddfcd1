// Is every block exactly one frame, whatever its size?
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../../src/base/bytes.ts';
import { gzipCompressor, zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeDecompress } from '../../../src/base/node/decompress.ts';
import { checkGzipMember, checkZstdFrame } from '../../../src/format/block.ts';

/** Bytes that do not compress, so that the stored size follows from the content size, byte by byte. */
function noise(length: number): Uint8Array {
  const parts: Buffer[] = [];
  for (let i = 0; i * 64 < length; i++) parts.push(createHash('sha512').update(String(i)).digest());
  return new Uint8Array(Buffer.concat(parts).subarray(0, length));
}

describe('blocks around multiples of the 16 KiB output buffer of zlib', () => {
  const zstd = zstdCompressor(3);
  const gzip = gzipCompressor(6);
  test.each([16_384, 32_768, 65_536])('%i bytes of output', (size) => {
    // Sizes of both forms run through the multiple within this window.
    const all = noise(size);
    for (let length = size - 80; length <= size; length++) {
      const content = all.subarray(0, length);
      const frame = zstd(content);
      expect(() => checkZstdFrame(frame)).not.toThrow();
      expect(equalBytes(nodeDecompress(frame, 'zstd', length), content), `${length} bytes`).toBe(true);
      const member = gzip(content);
      expect(() => checkGzipMember(member)).not.toThrow();
    }
  });

  test('a small block leaves alone the memory that Buffers share', () => {
    const other = Buffer.allocUnsafe(8).fill(7);
    for (let i = 0; i < 20; i++) expect(zstd(new Uint8Array(10)).length).toBeLessThan(20);
    expect([...other]).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
    expect(Buffer.from('still there').toString()).toBe('still there');
  });

  test('a frame keeps no more memory than it has bytes', () => {
    const frame = zstd(new Uint8Array(1_000_000));
    expect(frame.buffer.byteLength).toBe(frame.length);
  });
});
