// Where does a DEFLATE stream end, and how many bytes does it give? Walks it without writing any. (RFC 1951)
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';

export type DeflateEnd = { readonly end: number; readonly content: number };

/**
 * Extra bits of the length codes 257…285 and the distance codes 0…29, and the lengths' bases. RFC 1951
 * §3.2.5.
 */
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
/** RFC 1951 §3.2.5: below it a symbol is a byte, above it a length. */
const END_OF_BLOCK = 256;
/** In which the lengths of the code length codes come. RFC 1951 §3.2.7. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const broken = (what: string): FormatError => new FormatError(`deflate: ${what}`, 'block-mismatch');

/** Blocks that may come before any content, and bytes of content for each one more (FORMAT.md 4.4). */
const BLOCKS_FREE = 16;
const BLOCK_CONTENT = 512;

/**
 * Throws FormatError where the stream is broken, is cut off, has too many blocks for its content, or gives
 * more than a block of the format may hold.
 */
export function deflateEnd(bytes: Uint8Array, start: number): DeflateEnd {
  const bits = new BitReader(bytes, start);
  let content = 0;
  let blocks = 0;
  for (let last = false; !last; ) {
    if (++blocks > BLOCKS_FREE && content < BLOCK_CONTENT * (blocks - BLOCKS_FREE))
      throw broken(`block ${blocks} after ${content} bytes of content`);
    last = bits.take(1) === 1;
    const kind = bits.take(2);
    if (kind === 0) content += storedBlock(bits);
    else if (kind === 1) content = codedBlock(bits, FIXED_LITERALS, FIXED_DISTANCES, content);
    else if (kind === 2) content = dynamicBlock(bits, content);
    else throw broken('a block of the reserved kind');
    if (content > LIMITS.blockContentMax)
      throw broken(`more than ${LIMITS.blockContentMax} bytes of content`);
  }
  return { end: bits.byteEnd(), content };
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** At most 16 bits, least significant first. */
  take(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) throw broken('cut off');
      this.#held |= (this.#bytes[this.#at++] as number) << this.#count;
      this.#count += 8;
    }
    const value = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#count -= count;
    return value;
  }

  /** One symbol of a Huffman code. */
  symbol(code: HuffmanCode): number {
    // Canonical decoding bit by bit: `first` is the first code of this length, `index` where its symbols
    // begin.
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= 15; length++) {
      value |= this.take(1);
      const count = code.counts[length] as number;
      if (value - first < count) return code.symbols[index + value - first] as number;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw broken('bits that are no code');
  }

  /** Drops what is left of the byte. */
  align(): void {
    this.#held = 0;
    this.#count = 0;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw broken('cut off');
  }

  /**
   * The index after the byte that holds the last bit taken. `take` never reads a byte that it does not need.
   */
  byteEnd(): number {
    return this.#at;
  }
}

type HuffmanCode = { readonly counts: Uint16Array; readonly symbols: Uint16Array };

/** RFC 1951 §3.2.2. `complete` where every bit pattern must be a code. */
function huffman(lengths: readonly number[]): HuffmanCode {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  counts[0] = 0;
  let left = 1;
  for (let length = 1; length <= 15; length++) {
    left = left * 2 - (counts[length] as number);
    if (left < 0) throw broken('more codes than fit');
  }
  const starts = new Uint16Array(17);
  for (let length = 1; length <= 15; length++)
    starts[length + 1] = (starts[length] as number) + (counts[length] as number);
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const at = starts[length] as number;
    symbols[at] = symbol;
    starts[length] = at + 1;
  }
  return { counts, symbols };
}

const FIXED_LITERALS = huffman(
  Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = huffman(new Array(30).fill(5));

function storedBlock(bits: BitReader): number {
  bits.align();
  const length = bits.take(16);
  if ((length ^ bits.take(16)) !== 0xffff) throw broken('a stored block whose length contradicts itself');
  bits.skip(length);
  return length;
}

function dynamicBlock(bits: BitReader, content: number): number {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const codeLengths = bits.take(4) + 4;
  if (literals > 286 || distances > 30) throw broken('too many codes');
  const order = new Array<number>(19).fill(0);
  for (let i = 0; i < codeLengths; i++) order[CODE_LENGTH_ORDER[i] as number] = bits.take(3);
  const code = huffman(order);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(code);
    if (symbol < 16) {
      lengths.push(symbol);
      continue;
    }
    const previous = lengths.at(-1);
    if (symbol === 16 && previous === undefined) throw broken('a repeat of nothing');
    const repeated = symbol === 16 ? (previous as number) : 0;
    const times = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    for (let i = 0; i < times; i++) lengths.push(repeated);
  }
  if (lengths.length > literals + distances) throw broken('a repeat beyond the codes');
  return codedBlock(bits, huffman(lengths.slice(0, literals)), huffman(lengths.slice(literals)), content);
}

function codedBlock(bits: BitReader, literals: HuffmanCode, distances: HuffmanCode, before: number): number {
  let content = before;
  for (;;) {
    const symbol = bits.symbol(literals);
    if (symbol === END_OF_BLOCK) return content;
    if (symbol < END_OF_BLOCK) {
      content++;
      continue;
    }
    const base = LENGTH_BASE[symbol - 257];
    if (base === undefined) throw broken('a length that is none');
    content += base + bits.take(LENGTH_EXTRA[symbol - 257] as number);
    // There are 30 codes of distances at most, and each of them is one.
    bits.take(DISTANCE_EXTRA[bits.symbol(distances)] as number);
    if (content > LIMITS.blockContentMax)
      throw broken(`more than ${LIMITS.blockContentMax} bytes of content`);
  }
}
