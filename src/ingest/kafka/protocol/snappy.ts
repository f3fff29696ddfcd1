// What is in a snappy batch? (google/snappy format_description.txt; the framing is that of xerial's
// snappy-java)
import { setImmediate as nextTurn } from 'node:timers/promises';
import { concatBytes } from '../../../base/bytes.ts';
import { MIB } from '../../../base/limits.ts';
import { ContentTooLarge, Undecodable } from './undecodable.ts';

/** What Java producers write around their blocks; others write one bare block. */
const XERIAL_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
/** Magic, version, least compatible version. */
const XERIAL_HEADER_BYTES = 16;

/** The content, of at most `maxBytes`. Throws ContentTooLarge, or Undecodable. */
export function snappyContent(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let content = 0;
  for (const block of blocksOf(bytes)) {
    const { length, at } = contentLength(block);
    content += length;
    if (content > maxBytes) throw new ContentTooLarge('snappy', maxBytes);
    const out = new Uint8Array(length);
    const unfolding = new Unfolding(block, at, out);
    unfolding.run(Number.POSITIVE_INFINITY);
    if (unfolding.outAt !== length) throw broken();
    parts.push(out);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts);
}

/**
 * How far back a copy is followed where the content comes in pieces. Encoders look back 64 KiB at most, since
 * they work on so much at once.
 */
const HISTORY_BYTES = 4 * MIB;

/** The content in order, `pieceBytes` at once. Throws Undecodable. */
export async function* snappyPieces(
  bytes: Uint8Array,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fullAt = HISTORY_BYTES + pieceBytes;
  for (const block of blocksOf(bytes)) {
    const { length, at } = contentLength(block);
    const unfolding = new Unfolding(block, at, new Uint8Array(Math.min(length, fullAt + COPY_BYTES_MAX)));
    let produced = 0;
    while (!unfolding.ended) {
      const start = unfolding.outAt;
      unfolding.run(Math.min(fullAt, start + pieceBytes));
      produced += unfolding.outAt - start;
      if (produced > length) throw broken();
      yield unfolding.out.slice(start, unfolding.outAt);
      if (unfolding.outAt >= fullAt) unfolding.forgetAllBut(HISTORY_BYTES);
      await nextTurn();
    }
    if (produced !== length) throw broken();
  }
}

function* blocksOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  if (!XERIAL_MAGIC.every((byte, i) => bytes[i] === byte)) return yield bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw broken();
    yield bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

const broken = () => new Undecodable("the batch's snappy content can't be opened");

/** Literals longer than this are copied as one piece. */
const LITERAL_LOOP_MAX = 48;

/** What a block says before it begins, and where it begins. */
function contentLength(src: Uint8Array): { length: number; at: number } {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = src[at++];
    if (byte === undefined || shift > 28) throw broken();
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { length, at };
  }
}

/** A copy is at most so long. */
const COPY_BYTES_MAX = 64;

/**
 * One block on its way into `out`: every length and distance is checked, for reads and writes beyond an array
 * are silent.
 */
class Unfolding {
  readonly out: Uint8Array;
  outAt = 0;
  readonly #src: Uint8Array;
  #at: number;
  /** Of a literal, what did not fit. */
  #literal = 0;
  /** Content is gone from `out`. */
  #isForgotten = false;

  constructor(src: Uint8Array, at: number, out: Uint8Array) {
    this.#src = src;
    this.#at = at;
    this.out = out;
  }

  get ended(): boolean {
    return this.#at >= this.#src.length && this.#literal === 0;
  }

  /** Moves the last `bytes` of what is out to the beginning. */
  forgetAllBut(bytes: number): void {
    this.out.copyWithin(0, this.outAt - bytes, this.outAt);
    this.outAt = bytes;
    this.#isForgotten = true;
  }

  /** Until so much is out, or a few bytes more, or the block ends. */
  run(until: number): void {
    const { out } = this;
    const src = this.#src;
    const end = src.length;
    const room = out.length;
    let at = this.#at;
    let outAt = this.outAt;
    let literal = this.#literal;
    while (outAt < until && (at < end || literal > 0)) {
      if (literal === 0) {
        const tag = src[at++] as number;
        const kind = tag & 3;
        if (kind !== 0) {
          const size = kind === 3 ? 4 : kind;
          if (at + size > end) throw broken();
          const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
          const distance = kind === 1 ? ((tag >>> 5) << 8) | (src[at] as number) : little(src, at, size);
          at += size;
          if (distance > outAt && this.#isForgotten) throw tooFarBack();
          if (distance === 0 || distance > outAt || outAt + length > room) throw broken();
          let from = outAt - distance;
          for (const stop = outAt + length; outAt < stop; ) out[outAt++] = out[from++] as number;
          continue;
        }
        literal = tag >>> 2;
        if (literal >= 60) {
          const size = literal - 59;
          if (at + size > end) throw broken();
          literal = little(src, at, size);
          at += size;
        }
        literal += 1;
        if (at + literal > end) throw broken();
      }
      const length = Math.min(literal, room - outAt);
      if (length === 0) throw broken();
      literal -= length;
      if (length > LITERAL_LOOP_MAX) {
        out.set(src.subarray(at, at + length), outAt);
        outAt += length;
        at += length;
      } else {
        for (const stop = at + length; at < stop; ) out[outAt++] = src[at++] as number;
      }
    }
    this.#at = at;
    this.outAt = outAt;
    this.#literal = literal;
  }
}

const tooFarBack = () =>
  new Undecodable(`the batch's snappy content refers more than ${HISTORY_BYTES} bytes back`);

function little(src: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (src[at + i] as number);
  return value;
}
