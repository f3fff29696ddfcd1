// Where does an LZ4 frame end, and how much does it hold? (LZ4 Frame Format 1.6, LZ4 Block Format)
import { Undecodable } from './undecodable.ts';

const MAGIC = 0x184d2204;
const DICTIONARY_FLAG = 0x01;
const CONTENT_CHECKSUM_FLAG = 0x04;
const CONTENT_SIZE_FLAG = 0x08;
const BLOCK_CHECKSUM_FLAG = 0x10;
const STORED_BIT = 0x80000000;
const LENGTH_MASK = 0x7fffffff;

type Block = { readonly at: number; readonly length: number; readonly stored: boolean };

/**
 * The one frame that a batch's content is; bytes after it are left out, as Kafka's own reader does. The codec
 * allocates as much as a frame decompresses to, so a frame of more than `maxBytes` is refused before it is
 * opened.
 */
export function lz4Frame(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const { blocks, end, blockMax } = walk(bytes);
  // Cheap first: no block holds more than the frame's block size.
  if (blocks.length * blockMax > maxBytes && exactContent(bytes, blocks) > maxBytes) {
    throw new Undecodable(`the batch's lz4 content is more than ${maxBytes} bytes`);
  }
  return bytes.subarray(0, end);
}

function walk(bytes: Uint8Array): { blocks: Block[]; end: number; blockMax: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC)
    throw new Undecodable("the batch's lz4 content is no LZ4 frame");
  const flags = view.getUint8(4);
  if (flags & DICTIONARY_FLAG) throw new Undecodable("the batch's lz4 content needs a dictionary");
  const blockMax = 2 ** (8 + 2 * ((view.getUint8(5) >> 4) & 7));
  const blockTrailer = flags & BLOCK_CHECKSUM_FLAG ? 4 : 0;
  const blocks: Block[] = [];
  let at = flags & CONTENT_SIZE_FLAG ? 15 : 7;
  for (;;) {
    if (at + 4 > bytes.length) throw cut();
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & LENGTH_MASK;
    blocks.push({ at, length, stored: (word & STORED_BIT) !== 0 });
    at += length + blockTrailer;
  }
  const end = at + (flags & CONTENT_CHECKSUM_FLAG ? 4 : 0);
  if (end > bytes.length) throw cut();
  return { blocks, end, blockMax };
}

const cut = () => new Undecodable("the batch's LZ4 frame has no end");

/** Adds up the lengths in the tokens of each block, without decompressing it. */
function exactContent(bytes: Uint8Array, blocks: readonly Block[]): number {
  let content = 0;
  for (const { at: start, length, stored } of blocks) {
    if (stored) {
      content += length;
      continue;
    }
    const end = start + length;
    let at = start;
    const more = (low: number): number => {
      let sum = low;
      if (low < 15) return sum;
      for (;;) {
        const byte = at < end ? (bytes[at++] as number) : 0;
        sum += byte;
        if (byte !== 255) return sum;
      }
    };
    while (at < end) {
      const token = bytes[at++] as number;
      const literals = more(token >> 4);
      content += literals;
      at += literals;
      if (at >= end) break;
      at += 2;
      content += more(token & 15) + 4;
    }
  }
  return content;
}
