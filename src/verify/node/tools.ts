// Which functions does content checking use in Node?
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import type { ContentTools, Decompress } from '../content.ts';

/**
 * Into one piece of the stated size: by zlib's own chunks of 16 KiB, and their joining, it takes a third
 * longer. The few bytes more show that nothing follows, without another piece for it.
 */
const decompress: Decompress = (block, encoding, contentBytes) => {
  const options = { maxOutputLength: contentBytes, chunkSize: contentBytes + 64 };
  return encoding === 'zstd' ? zstdDecompressSync(block, options) : gunzipSync(block, options);
};

export const nodeContentTools: ContentTools = {
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  decompress,
};
