// How are blocks compressed in Node?
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { LIMITS } from '../limits.ts';

/** One zstd frame with its content size (RFC 8878 §3.1.1.1.4), window within the format's bound. */
export const zstdCompressor = (level: number): ((content: Uint8Array) => Uint8Array) => {
  const windowLogMax = Math.log2(LIMITS.zstdWindowMax);
  return (content) =>
    zstdCompressSync(content, {
      // The window follows from the level; only levels above 19 would go beyond 8 MiB.
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_contentSizeFlag]: 1,
        [constants.ZSTD_c_checksumFlag]: 0,
        ...(level >= 19 ? { [constants.ZSTD_c_windowLog]: windowLogMax } : {}),
      },
      pledgedSrcSize: content.length,
    });
};

/** One gzip member (RFC 1952). */
export const gzipCompressor =
  (level: number): ((content: Uint8Array) => Uint8Array) =>
  (content) =>
    gzipSync(content, { level });
