// How are blocks compressed in Node?
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { LIMITS } from '../limits.ts';

/** ZSTD_compressBound: the most that so many bytes can become (zstd.h). */
const compressBound = (bytes: number): number =>
  bytes + Math.floor(bytes / 256) + (bytes < 131_072 ? (131_072 - bytes) >> 11 : 0);

/**
 * One zstd frame with its content size (RFC 8878 §3.1.1.1.4), window within the format's bound.
 *
 * Node (24.21) asks zstd once more to finish whenever a frame has filled its output buffer to the last byte,
 * and so appends a second, empty frame: with the default buffer of 16 KiB about one block in 16,000. The
 * buffer here is larger than any output; the copy frees it, as a result of 80 KB would else keep its
 * megabyte.
 */
export const zstdCompressor = (level: number): ((content: Uint8Array) => Uint8Array) => {
  const windowLogMax = Math.log2(LIMITS.zstdWindowMax);
  return (content) =>
    new Uint8Array(
      zstdCompressSync(content, {
        chunkSize: compressBound(content.length) + 64,
        // The window follows from the level; only levels above 19 would go beyond 8 MiB.
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_contentSizeFlag]: 1,
          [constants.ZSTD_c_checksumFlag]: 0,
          ...(level >= 19 ? { [constants.ZSTD_c_windowLog]: windowLogMax } : {}),
        },
        pledgedSrcSize: content.length,
      }),
    );
};

/** One gzip member (RFC 1952). */
export const gzipCompressor =
  (level: number): ((content: Uint8Array) => Uint8Array) =>
  (content) =>
    gzipSync(content, { level });
