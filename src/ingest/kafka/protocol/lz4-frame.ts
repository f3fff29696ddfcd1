// Where does an LZ4 frame end, and how much does it hold? (LZ4 Frame Format 1.6, LZ4 Block Format)
import { ContentTooLarge, Undecodable } from './undecodable.ts';

const MAGIC = 0x184d2204;
const DICTIONARY_FLAG = 0x01;
const INDEPENDENT_FLAG = 0x20;
const CONTENT_CHECKSUM_FLAG = 0x04;
const CONTENT_SIZE_FLAG = 0x08;
const BLOCK_CHECKSUM_FLAG = 0x10;
const STORED_BIT = 0x80000000;
const LENGTH_MASK = 0x7fffffff;
/** Before each block stands its length; the end mark is a length of none. */
const END_MARK_BYTES = 4;

export type Lz4Block = { readonly at: number; readonly length: number; readonly stored: boolean };

export type Lz4Header = {
  readonly blockBytesMax: number;
  /** A block may refer to what the ones before it hold. */
  readonly linked: boolean;
  readonly blocksAt: number;
  readonly blockTrailer: number;
  readonly frameTrailer: number;
};

/**
 * The one frame that a batch's content is; bytes after it are left out, as Kafka's own reader does. The codec
 * allocates as much as a frame decompresses to, so a frame of more than `maxBytes` is refused before it is
 * opened. Throws ContentTooLarge, or Undecodable.
 */
export function lz4Frame(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const header = lz4Header(bytes);
  let count = 0;
  let end = header.blocksAt;
  for (const { at, length } of lz4Blocks(bytes, header)) {
    count += 1;
    end = at + length + header.blockTrailer;
  }
  // Cheap first: no block holds more than the frame's block size.
  if (count * header.blockBytesMax > maxBytes && holdsMore(bytes, header, maxBytes))
    throw new ContentTooLarge('lz4', maxBytes);
  return bytes.subarray(0, end + END_MARK_BYTES + header.frameTrailer);
}

export function lz4Header(bytes: Uint8Array): Lz4Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC)
    throw new Undecodable("the batch's lz4 content is no LZ4 frame");
  const flags = view.getUint8(4);
  if (flags & DICTIONARY_FLAG) throw new Undecodable("the batch's lz4 content needs a dictionary");
  return {
    blockBytesMax: 2 ** (8 + 2 * ((view.getUint8(5) >> 4) & 7)),
    linked: (flags & INDEPENDENT_FLAG) === 0,
    blocksAt: flags & CONTENT_SIZE_FLAG ? 15 : 7,
    blockTrailer: flags & BLOCK_CHECKSUM_FLAG ? 4 : 0,
    frameTrailer: flags & CONTENT_CHECKSUM_FLAG ? 4 : 0,
  };
}

/** The blocks up to the end mark. Throws Undecodable where the frame is cut off. */
export function* lz4Blocks(
  bytes: Uint8Array,
  header: Pick<Lz4Header, 'blocksAt' | 'blockTrailer' | 'frameTrailer'>,
): Generator<Lz4Block, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = header.blocksAt; ; ) {
    if (at + END_MARK_BYTES > bytes.length) throw cut();
    const word = view.getUint32(at, true);
    at += END_MARK_BYTES;
    if (word === 0) {
      if (at + header.frameTrailer > bytes.length) throw cut();
      return;
    }
    const length = word & LENGTH_MASK;
    if (at + length + header.blockTrailer > bytes.length) throw cut();
    yield { at, length, stored: (word & STORED_BIT) !== 0 };
    at += length + header.blockTrailer;
  }
}

const cut = () => new Undecodable("the batch's LZ4 frame has no end");

/** Adds up the lengths in the tokens of the blocks, without decompressing them, until they are too many. */
function holdsMore(bytes: Uint8Array, header: Lz4Header, maxBytes: number): boolean {
  let content = 0;
  for (const { at: start, length, stored } of lz4Blocks(bytes, header)) {
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
      if (content > maxBytes) return true;
    }
  }
  return content > maxBytes;
}
