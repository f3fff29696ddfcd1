// How are blocks compressed in Node?
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { freeNow } from '../free.ts';
import { LIMITS } from '../limits.ts';

/** ZSTD_compressBound: the most that so many bytes can become (zstd.h). */
const compressBound = (bytes: number): number =>
  bytes + Math.floor(bytes / 256) + (bytes < 131_072 ? (131_072 - bytes) >> 11 : 0);

/**
 * One zstd frame with its content size (RFC 8878 §3.1.1.1.4), window within the format's bound.
 *
 * Node (24.21) asks zstd once more to finish whenever a frame has filled its output buffer to the last byte,
 * and so appends a second, empty frame: with the default buffer of 16 KiB about one block in 16,000. The
 * buffer here is larger than any output. What was made is copied out of it, and the buffer is freed at once:
 * garbage of a megabyte a block makes V8 mark the whole heap every sixty blocks.
 */
export const zstdCompressor = (level: number): ((content: Uint8Array) => Uint8Array) => {
  const windowLogMax = Math.log2(LIMITS.zstdWindowMax);
  // The window follows from the level; only levels above 19 would go beyond 8 MiB.
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_contentSizeFlag]: 1,
    [constants.ZSTD_c_checksumFlag]: 0,
    ...(level >= 19 ? { [constants.ZSTD_c_windowLog]: windowLogMax } : {}),
  };
  return (content) => {
    const chunkSize = compressBound(content.length) + 64;
    const made = zstdCompressSync(content, { chunkSize, params, pledgedSrcSize: content.length });
    const stored = new Uint8Array(made);
    // Of another size it is the pool that all small Buffers share.
    if (made.buffer.byteLength === chunkSize) freeNow(new Uint8Array(made.buffer));
    return stored;
  };
};

/** One gzip member (RFC 1952). */
export const gzipCompressor =
  (level: number): ((content: Uint8Array) => Uint8Array) =>
  (content) =>
    gzipSync(content, { level });
