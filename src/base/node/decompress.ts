// How are blocks decompressed in Node, with a bound?
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { FormatError, messageOf } from '../error.ts';

/** A gzip file of at most `maxBytes` of content. Throws FormatError. */
export function nodeGunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new FormatError(`a file does not decompress: ${messageOf(cause)}`, 'malformed', cause);
  }
}

/**
 * The content of one block: exactly `contentBytes`, which the manifest states. Throws FormatError
 * `block-mismatch`.
 */
export function nodeDecompress(
  block: Uint8Array,
  encoding: 'zstd' | 'gzip',
  contentBytes: number,
): Uint8Array {
  try {
    const options = { maxOutputLength: Math.max(contentBytes, 1) };
    const content = encoding === 'zstd' ? zstdDecompressSync(block, options) : gunzipSync(block, options);
    if (content.length !== contentBytes)
      throw new Error(`${content.length} bytes of content, ${contentBytes} stated`);
    // A Buffer's slice shares its memory, which is freed after the check; a Uint8Array's is a copy.
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch (cause) {
    throw new FormatError(`a block does not decompress: ${messageOf(cause)}`, 'block-mismatch', cause);
  }
}
