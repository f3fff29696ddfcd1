// How do tests make snappy bytes? snappyjs makes the blocks; the framing is that of Kafka's Java clients.
import { createRequire } from 'node:module';

const snappyjs = createRequire(import.meta.url)('snappyjs') as { compress(bytes: Uint8Array): Uint8Array };

export const snappyBlock = (content: Uint8Array): Uint8Array => snappyjs.compress(content);

const XERIAL_HEADER = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1];
const CHUNK_BYTES = 32 * 1024;

export function xerial(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array(XERIAL_HEADER)];
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    const block = snappyBlock(content.subarray(at, at + CHUNK_BYTES));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}
