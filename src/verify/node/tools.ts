// Which functions does content checking use in Node?
import { nodeDecompress } from '../../base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import type { ContentTools } from '../content.ts';

export const nodeContentTools: ContentTools = {
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  decompress: nodeDecompress,
};
