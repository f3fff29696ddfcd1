// How is the content of a compressed batch had without holding all of it? Piece by piece, each of a few MiB
// at most: a batch of some hundred bytes may unfold to gigabytes, and brokers accept it.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { EMPTY } from '../../../base/bytes.ts';
import { MIB } from '../../../base/limits.ts';
import { type Compression, decompress, FRAMES_MAX, openingFailed, tooManyFrames } from './codecs.ts';
import { LZ4_HISTORY_BYTES, unfoldLz4 } from './lz4-block.ts';
import { lz4Blocks, lz4Header } from './lz4-frame.ts';
import { snappyPieces } from './snappy.ts';
import { ContentTooLarge, Undecodable } from './undecodable.ts';
import { ownWindows } from './windows.ts';

/**
 * The pieces in order; they fail with Undecodable. An empty piece says only that the work goes on. To be
 * ended by `return` where it isn't read to its end.
 */
export type ContentPieces = AsyncGenerator<Uint8Array, void, undefined>;

/** Content of at most so much is opened as one. */
const WHOLE_BYTES_MAX = 8 * MIB;
/** gzip and zstd don't reliably say how much they hold: from so much on it comes in pieces. */
const STREAM_FROM_BYTES = 256 * 1024;
const PIECE_BYTES = MIB;

/** Whole where it is small. Throws, or rejects with, Undecodable. */
export function contentOf(
  codec: Compression,
  bytes: Uint8Array,
): Uint8Array | ContentPieces | Promise<Uint8Array | ContentPieces> {
  const isStream = codec === 'gzip' || codec === 'zstd';
  if (isStream && bytes.length >= STREAM_FROM_BYTES) return piecesOf(codec, bytes);
  const inPieces = (error: unknown): ContentPieces => {
    if (error instanceof ContentTooLarge) return piecesOf(codec, bytes);
    throw error;
  };
  try {
    const whole = decompress(codec, bytes, WHOLE_BYTES_MAX);
    return whole instanceof Promise ? whole.catch(inPieces) : whole;
  } catch (error) {
    return inPieces(error);
  }
}

async function* piecesOf(codec: Compression, bytes: Uint8Array): ContentPieces {
  try {
    switch (codec) {
      case 'gzip':
        return yield* unzipped(bytes);
      case 'zstd':
        return yield* zstdFrames(bytes);
      case 'lz4':
        return yield* lz4Pieces(bytes);
      case 'snappy':
        return yield* snappyPieces(bytes, PIECE_BYTES);
      default:
        return codec satisfies never;
    }
  } catch (cause) {
    throw openingFailed(codec, cause);
  }
}

/** A stream that makes the next piece when it is asked for it. */
const ON_DEMAND = { chunkSize: PIECE_BYTES, highWaterMark: 1 };

async function* unzipped(bytes: Uint8Array): ContentPieces {
  const stream = createGunzip(ON_DEMAND);
  stream.end(bytes);
  yield* stream as AsyncIterable<Uint8Array>;
}

/** Node ends at the end of the first frame without a word. Kafka's readers go on, and so do we. */
async function* zstdFrames(bytes: Uint8Array): ContentPieces {
  let frames = 0;
  for (let left = bytes; left.length > 0; ) {
    if (++frames > FRAMES_MAX) throw tooManyFrames();
    left = left.subarray(yield* zstdFrame(left));
  }
}

const SIGN_OF_LIFE_MS = 200;

/** Returns the bytes that the frame takes. */
async function* zstdFrame(bytes: Uint8Array): AsyncGenerator<Uint8Array, number, undefined> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const taken = ownWindows().take(zstdWindowBytes(bytes), signal);
  try {
    while ((await Promise.race([taken, sleep(SIGN_OF_LIFE_MS, null, { signal })])) === null) yield EMPTY;
    waiting.abort();
    const stream = createZstdDecompress(ON_DEMAND);
    stream.end(bytes);
    yield* stream as AsyncIterable<Uint8Array>;
    if (stream.bytesWritten === 0) throw new Error('it does not end');
    return stream.bytesWritten;
  } finally {
    waiting.abort();
    taken.then((giveBack) => giveBack()).catch(() => {});
  }
}

/** How much of its content the frame may refer back to (RFC 8878 §3.1.1.1); one that is cut off: anything. */
function zstdWindowBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A header has at most 18 bytes, and no whole frame is shorter than what is read here.
  if (bytes.length < 18) return WHOLE_BYTES_MAX;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const window = view.getUint8(5);
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  switch (descriptor >> 6) {
    case 0:
      return view.getUint8(at);
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

const LZ4_BLOCK_BYTES_MAX = 4 * MIB;

async function* lz4Pieces(bytes: Uint8Array): ContentPieces {
  const { blockBytesMax, linked, ...header } = lz4Header(bytes);
  if (blockBytesMax > LZ4_BLOCK_BYTES_MAX) throw new Undecodable('an LZ4 block size that is not known');
  const out = new Uint8Array(LZ4_HISTORY_BYTES + blockBytesMax);
  let start = 0;
  for (const { at, length, stored } of lz4Blocks(bytes, header)) {
    const block = bytes.subarray(at, at + length);
    if (stored && length > blockBytesMax) throw new Undecodable('an LZ4 block is larger than its frame says');
    if (stored) out.set(block, start);
    const end = stored
      ? start + length
      : unfoldLz4(block, out.subarray(0, start + blockBytesMax), start, linked ? 0 : start);
    yield out.slice(start, end);
    await nextTurn();
    if (!linked) continue;
    start = Math.min(end, LZ4_HISTORY_BYTES);
    out.copyWithin(0, end - start, end);
  }
}
