// How is a compressed record batch opened, without trusting what it claims about its size?
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { lz4Frame } from './lz4-frame.ts';
import { snappyContent } from './snappy.ts';
import { Undecodable } from './undecodable.ts';

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
 * From so many compressed bytes on, zlib works in another thread. Handing over costs about 100 µs of the first one, and
 * that is what 64 KiB take to open.
 */
const THREAD_FROM_BYTES = 64 * 1024;

const gunzipLater = promisify(gunzip);
const zstdLater = promisify(zstdDecompress);

type Lz4Addon = { decompressFrame(data: Uint8Array): Promise<Uint8Array> };
let addon: Lz4Addon | undefined;
/** Native: loaded when the first lz4 batch comes, so that a machine that has none reads everything else. */
function lz4Addon(): Lz4Addon {
  addon ??= createRequire(import.meta.url)('lz4-napi') as Lz4Addon;
  return addon;
}

/**
 * The content of a compressed batch, of at most `maxBytes`; small ones at once, others by promise. Throws, or rejects
 * with, Undecodable.
 */
export function decompress(
  codec: Compression,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array | Promise<Uint8Array> {
  try {
    const content = open(codec, bytes, maxBytes);
    return content instanceof Promise ? content.catch((cause) => fail(codec, maxBytes, cause)) : content;
  } catch (cause) {
    return fail(codec, maxBytes, cause);
  }
}

function open(codec: Compression, bytes: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const options = { maxOutputLength: maxBytes, chunkSize: roomFor(bytes, maxBytes) };
  const later = bytes.length >= THREAD_FROM_BYTES;
  switch (codec) {
    case 'gzip':
      return later ? gunzipLater(bytes, options) : gunzipSync(bytes, options);
    case 'zstd':
      return later ? zstdLater(bytes, options) : zstdDecompressSync(bytes, options);
    case 'lz4':
      return lz4Addon().decompressFrame(lz4Frame(bytes, maxBytes));
    case 'snappy':
      return snappyContent(bytes, maxBytes);
  }
}

/** One piece of output that most content fits into: zlib's default of 16 KiB makes a chain of them, and a copy. */
const roomFor = (bytes: Uint8Array, maxBytes: number): number =>
  Math.max(64, Math.min(maxBytes, Math.max(64 * 1024, Math.min(bytes.length * 10, 2 * MIB))));

function fail(codec: Compression, maxBytes: number, cause: unknown): never {
  if (cause instanceof Undecodable) throw cause;
  const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
  const reason = tooLarge ? `is more than ${maxBytes} bytes` : `can't be opened: ${messageOf(cause)}`;
  throw new Undecodable(`the batch's ${codec} content ${reason}`, cause);
}
