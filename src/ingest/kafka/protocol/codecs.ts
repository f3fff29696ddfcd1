// How is a compressed record batch opened, without trusting what it claims about its size?
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { concatBytes } from '../../../base/bytes.ts';
import { messageOf } from '../../../base/error.ts';
import { MIB } from '../../../base/limits.ts';
import { lz4Frame } from './lz4-frame.ts';
import { snappyContent } from './snappy.ts';
import { ContentTooLarge, Undecodable } from './undecodable.ts';

/** By the low three bits of a batch's attributes. */
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
type Codec = (typeof CODECS)[number];
export type Compression = Exclude<Codec, 'none'>;

const CODEC_MASK = 0x07;

/** Null: not compressed. Throws Undecodable for a codec that Kafka 4 does not know. */
export function compressionOf(attributes: number): Compression | null {
  const codec = CODECS[attributes & CODEC_MASK];
  if (codec === undefined)
    throw new Undecodable(`compressed with codec ${attributes & CODEC_MASK}, which is not known`);
  return codec === 'none' ? null : codec;
}

/**
 * From so many compressed bytes on, zlib works in another thread. Handing over costs about 100 µs of the
 * first one, and that is what 64 KiB take to open.
 */
const THREAD_FROM_BYTES = 64 * 1024;

const gunzipLater = promisify(gunzip);
const zstdLater = promisify(zstdDecompress) as unknown as (
  b: Uint8Array,
  o: ZstdOptions,
) => Promise<OneFrame>;
const zstdNow = zstdDecompressSync as unknown as (b: Uint8Array, o: ZstdOptions) => OneFrame;

type Lz4Addon = { decompressFrame(data: Uint8Array): Promise<Uint8Array> };
let addon: Lz4Addon | undefined;
/** Native: loaded when the first lz4 batch comes, so that a machine that has none reads everything else. */
function lz4Addon(): Lz4Addon {
  addon ??= createRequire(import.meta.url)('lz4-napi') as Lz4Addon;
  return addon;
}

/**
 * The content of a compressed batch, of at most `maxBytes`; small ones at once, others by promise. Throws, or
 * rejects with, Undecodable; ContentTooLarge where there is more.
 */
export function decompress(
  codec: Compression,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array | Promise<Uint8Array> {
  try {
    const content = open(codec, bytes, maxBytes);
    const failed = (cause: unknown): never => {
      throw openingFailed(codec, cause, maxBytes);
    };
    return content instanceof Promise ? content.catch(failed) : content;
  } catch (cause) {
    throw openingFailed(codec, cause, maxBytes);
  }
}

function open(codec: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const options = { maxOutputLength: maxBytes, chunkSize: roomFor(bytes, maxBytes) };
  const later = bytes.length >= THREAD_FROM_BYTES;
  switch (codec) {
    case 'gzip':
      return later ? gunzipLater(bytes, options) : gunzipSync(bytes, options);
    case 'zstd':
      return later ? allFramesLater(bytes, maxBytes) : allFrames(bytes, maxBytes);
    case 'lz4':
      return lz4Addon().decompressFrame(lz4Frame(bytes, maxBytes));
    case 'snappy':
      return snappyContent(bytes, maxBytes);
  }
}

type ZstdOptions = { readonly maxOutputLength: number; readonly chunkSize: number; readonly info: true };
/** With `info`, Node's answer, and an engine that knows how much it took. */
type OneFrame = { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };

/** Node ends at the end of the first zstd frame without a word. Kafka's readers go on, and so do we. */
function allFrames(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const frames = new Frames(bytes, maxBytes);
  while (frames.left.length > 0) frames.take(zstdNow(frames.left, frames.options));
  return frames.content();
}

async function allFramesLater(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const frames = new Frames(bytes, maxBytes);
  while (frames.left.length > 0) frames.take(await zstdLater(frames.left, frames.options));
  return frames.content();
}

/** Producers write one. Empty ones cost more to open than to send. */
export const FRAMES_MAX = 1_000;
export const tooManyFrames = () => new Error(`it has more than ${FRAMES_MAX} frames`);

class Frames {
  left: Uint8Array;
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  #frames = 0;

  constructor(bytes: Uint8Array, maxBytes: number) {
    this.left = bytes;
    this.#maxBytes = maxBytes;
  }

  get options(): ZstdOptions {
    const room = Math.max(this.#maxBytes - this.#bytes, 1);
    return { maxOutputLength: room, chunkSize: roomFor(this.left, room), info: true };
  }

  take({ buffer, engine }: OneFrame): void {
    if (engine.bytesWritten === 0) throw new Error('it does not end');
    if (++this.#frames > FRAMES_MAX) throw tooManyFrames();
    this.left = this.left.subarray(engine.bytesWritten);
    this.#bytes += buffer.length;
    if (this.#bytes > this.#maxBytes) throw new ContentTooLarge('zstd', this.#maxBytes);
    this.#parts.push(buffer);
  }

  content(): Uint8Array {
    return this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : concatBytes(...this.#parts);
  }
}

/**
 * One piece of output that most content fits into: zlib's default of 16 KiB makes a chain of them, and a
 * copy.
 */
const roomFor = (bytes: Uint8Array, maxBytes: number): number =>
  Math.max(64, Math.min(maxBytes, Math.max(64 * 1024, Math.min(bytes.length * 10, 2 * MIB))));

/** The cause as Undecodable. */
export function openingFailed(codec: Compression, cause: unknown, maxBytes = 0): Undecodable {
  if (cause instanceof Undecodable) return cause;
  if (Object(cause).code === 'ERR_BUFFER_TOO_LARGE') return new ContentTooLarge(codec, maxBytes, cause);
  return new Undecodable(`the batch's ${codec} content can't be opened: ${messageOf(cause)}`, cause);
}
