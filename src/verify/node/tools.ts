// Which functions does content checking use in Node?
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import type { ContentTools, Decompress } from '../content.ts';

/**
 * Decompresses into one piece of the stated size. With zlib's own chunks of 16 KiB, which have to be joined,
 * it takes a third longer. The few extra bytes show that nothing follows.
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
