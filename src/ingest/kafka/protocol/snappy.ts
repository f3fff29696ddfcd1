// What is in a snappy batch? (google/snappy format_description.txt; the framing is that of xerial's
// snappy-java)
import { concatBytes } from '../../../base/bytes.ts';
import { Undecodable } from './undecodable.ts';

/** What Java producers write around their blocks; others write one bare block. */
const XERIAL_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
/** Magic, version, least compatible version. */
const XERIAL_HEADER_BYTES = 16;

/** The content, of at most `maxBytes`. Throws Undecodable. */
export function snappyContent(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (!XERIAL_MAGIC.every((byte, i) => bytes[i] === byte)) return openBlock(bytes, maxBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let content = 0;
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw broken();
    const block = bytes.subarray(at + 4, at + 4 + length);
    content += contentLength(block).length;
    if (content > maxBytes) throw tooLarge(maxBytes);
    const part = openBlock(block, maxBytes);
    parts.push(part);
    at += 4 + length;
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts);
}

const tooLarge = (maxBytes: number) =>
  new Undecodable(`the batch's snappy content is more than ${maxBytes} bytes`);
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

function openBlock(src: Uint8Array, maxBytes: number): Uint8Array {
  const { length, at } = contentLength(src);
  if (length > maxBytes) throw tooLarge(maxBytes);
  const out = new Uint8Array(length);
  if (unfold(src, at, out) !== length) throw broken();
  return out;
}

/**
 * Returns the bytes written; every length and distance is checked, for reads and writes beyond an array are
 * silent.
 */
function unfold(src: Uint8Array, start: number, out: Uint8Array): number {
  const end = src.length;
  const room = out.length;
  let at = start;
  let outAt = 0;
  while (at < end) {
    const tag = src[at++] as number;
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const size = length - 59;
        if (at + size > end) throw broken();
        length = little(src, at, size);
        at += size;
      }
      length += 1;
      if (at + length > end || outAt + length > room) throw broken();
      if (length > LITERAL_LOOP_MAX) {
        out.set(src.subarray(at, at + length), outAt);
        outAt += length;
        at += length;
      } else {
        for (const stop = at + length; at < stop; ) out[outAt++] = src[at++] as number;
      }
      continue;
    }
    const size = kind === 3 ? 4 : kind;
    if (at + size > end) throw broken();
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const distance = kind === 1 ? ((tag >>> 5) << 8) | (src[at] as number) : little(src, at, size);
    at += size;
    if (distance === 0 || distance > outAt || outAt + length > room) throw broken();
    let from = outAt - distance;
    for (const stop = outAt + length; outAt < stop; ) out[outAt++] = out[from++] as number;
  }
  return outAt;
}

function little(src: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (src[at + i] as number);
  return value;
}
