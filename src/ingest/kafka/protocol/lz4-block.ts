// What is in one LZ4 block? (LZ4 Block Format) Only for content that comes in pieces: the addon's buffers are
// memory that the garbage collector does not know of, and a large batch would be held several times.
import { Undecodable } from './undecodable.ts';

/** How far back a block may refer. */
export const LZ4_HISTORY_BYTES = 64 * 1024;

const broken = () => new Undecodable("the batch's lz4 content can't be opened");

/** Literals longer than this are copied as one piece. */
const LITERAL_LOOP_MAX = 48;

/**
 * Unfolds the block into `out`, from `start` on, and returns where it ends there. It may refer to what lies
 * from `historyAt` on. Every length and distance is checked, for reads and writes beyond an array are silent.
 */
export function unfoldLz4(src: Uint8Array, out: Uint8Array, start: number, historyAt: number): number {
  const end = src.length;
  let at = 0;
  let outAt = start;
  const more = (low: number): number => {
    let sum = low;
    if (low < 15) return sum;
    for (;;) {
      const byte = src[at++];
      if (byte === undefined) throw broken();
      sum += byte;
      if (byte !== 255) return sum;
    }
  };
  for (;;) {
    const token = src[at++];
    if (token === undefined) throw broken();
    const literals = more(token >> 4);
    if (at + literals > end || outAt + literals > out.length) throw broken();
    if (literals > LITERAL_LOOP_MAX) {
      out.set(src.subarray(at, at + literals), outAt);
      at += literals;
      outAt += literals;
    } else {
      for (const stop = at + literals; at < stop; ) out[outAt++] = src[at++] as number;
    }
    // A block ends with literals.
    if (at === end) return outAt;
    if (at + 2 > end) throw broken();
    const distance = (src[at] as number) | ((src[at + 1] as number) << 8);
    at += 2;
    const length = more(token & 15) + 4;
    if (distance === 0 || distance > outAt - historyAt || outAt + length > out.length) throw broken();
    outAt = repeat(out, outAt, distance, length);
  }
}

/** Matches longer than this are copied in pieces, each twice as long as the one before where they overlap. */
const MATCH_LOOP_MAX = 64;

/** Writes `length` bytes at `at` that repeat those `distance` before, and returns where they end. */
function repeat(out: Uint8Array, at: number, distance: number, length: number): number {
  const from = at - distance;
  const stop = at + length;
  if (length <= MATCH_LOOP_MAX) {
    for (let source = from; at < stop; ) out[at++] = out[source++] as number;
    return stop;
  }
  while (at < stop) {
    const bytes = Math.min(at - from, stop - at);
    out.copyWithin(at, from, from + bytes);
    at += bytes;
  }
  return stop;
}
