// Is this one whole block and nothing else? (RFC 8878 §3.1.1, RFC 1952 §2.3; FORMAT.md: blocks)
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { deflateEnd } from './deflate-end.ts';

const MAGIC = 0xfd2fb528;
const BLOCK_BYTES_MAX = 128 * 1024;

const broken = (what: string): FormatError => new FormatError(`block: ${what}`, 'block-mismatch');
const trailing = (count: number): FormatError =>
  new FormatError(`block: ${count} bytes after its end`, 'trailing-bytes');

/**
 * Exactly one zstd frame: no skippable frame, no dictionary, a window of at most 8 MiB, its content size
 * stated and within a block's limit, and no byte after it. Walks block headers only: decoders that stop at
 * the end of the first frame, as Node's does, would not see what follows, while `zstd -dc` would print it.
 * Throws FormatError `trailing-bytes` or `block-mismatch`.
 */
export function checkZstdFrame(bytes: Uint8Array): void {
  const end = zstdFrameEnd(bytes);
  if (end < bytes.length) throw trailing(bytes.length - end);
}

/**
 * Where the zstd frame ends with which the bytes begin, under the same rules. Throws FormatError
 * `block-mismatch`.
 */
export function zstdFrameEnd(bytes: Uint8Array): number {
  const header = zstdHeader(bytes);
  let at = header.end;
  for (let last = false; !last; ) {
    if (at + 3 > bytes.length) throw broken('a zstd frame that is cut off');
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const kind = (word >> 1) & 3;
    const size = word >> 3;
    if (kind === 3) throw broken('a zstd block of the reserved kind');
    if (size > Math.min(BLOCK_BYTES_MAX, Math.max(header.window, 1)))
      throw broken(`a zstd block of ${size} bytes`);
    last = (word & 1) === 1;
    // An RLE block stores one byte, which stands for all.
    at += 3 + (kind === 1 ? 1 : size);
  }
  if (header.checksum) at += 4;
  if (at > bytes.length) throw broken('a zstd frame that is cut off');
  return at;
}

/**
 * Bytes of content that the frame says it has: what a reader allocates, before it decompresses. Throws
 * FormatError.
 */
export const zstdContentSize = (bytes: Uint8Array): number => zstdHeader(bytes).content;

type ZstdHeader = {
  readonly end: number;
  readonly window: number;
  readonly content: number;
  readonly checksum: boolean;
};

function zstdHeader(bytes: Uint8Array): ZstdHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) throw broken('no zstd frame');
  const descriptor = bytes[4] as number;
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x18) !== 0) throw broken('a zstd frame with reserved bits');
  if ((descriptor & 0x03) !== 0) throw broken('a zstd frame with a dictionary');
  const flag = descriptor >> 6;
  if (flag === 0 && !single) throw broken('a zstd frame without its content size');
  const at = single ? 5 : 6;
  const end = at + (1 << flag);
  if (end > bytes.length) throw broken('a zstd frame that is cut off');
  const content = contentSize(view, at, flag);
  const window = single ? content : windowSize(bytes[5] as number);
  if (window > LIMITS.zstdWindowMax) throw broken(`a zstd window of ${window} bytes`);
  if (content > LIMITS.blockContentMax) throw broken(`${content} bytes of content`);
  return { end, window, content, checksum: (descriptor & 0x04) !== 0 };
}

/** RFC 8878 §3.1.1.1.4. */
function contentSize(view: DataView, at: number, flag: number): number {
  if (flag === 0) return view.getUint8(at);
  if (flag === 1) return view.getUint16(at, true) + 256;
  if (flag === 2) return view.getUint32(at, true);
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

/** RFC 8878 §3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/**
 * Exactly one gzip member with a bare ten-byte header (no name, comment or extra field), whose stated content
 * size is its real one, and no byte after it. Walks the DEFLATE stream, because nothing else tells where a
 * member ends. Throws FormatError `trailing-bytes` or `block-mismatch`.
 */
export function checkGzipMember(bytes: Uint8Array): void {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) throw broken('no gzip member');
  if (bytes[3] !== 0) throw broken('a gzip member with optional fields');
  const { end, content } = deflateEnd(bytes, 10);
  if (end + 8 > bytes.length) throw broken('a gzip member that is cut off');
  if (gzipContentSize(bytes.subarray(0, end + 8)) !== content)
    throw broken('a gzip member of another size than it says');
  if (end + 8 < bytes.length) throw trailing(bytes.length - end - 8);
}

/** Bytes of content that the last four bytes of the member state. Throws FormatError. */
export function gzipContentSize(bytes: Uint8Array): number {
  if (bytes.length < 18) throw broken('a gzip member that is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const content = view.getUint32(bytes.length - 4, true);
  if (content > LIMITS.blockContentMax) throw broken(`${content} bytes of content`);
  return content;
}
