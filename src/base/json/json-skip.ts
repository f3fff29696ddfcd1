// Where does a part of a well-formed JSON text end? Nothing is checked again.

/** A `value` of a line nests at most 63 deep (FORMAT.md 3.5). Other JSON texts are walked down to here. */
export const WALK_DEPTH_MAX = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** All four kinds of white space (RFC 8259 §2). */
export function spaceEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  for (; i < end; i++) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return i;
  }
  return i;
}

let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

function viewOver(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return view;
}

/** The high bit is set in the lowest byte of `word` that is a quote or a backslash, and in none before it. */
const marks = (word: number): number => {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return (((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash)) & 0x80808080;
};

/** Of the string that `quoteEnd` passed last. */
export const lastString = { hasEscape: false };

/** The index of the quote that ends the string whose first byte is at `at`, or −1. */
export function quoteEnd(bytes: Uint8Array, at: number, end: number): number {
  lastString.hasEscape = false;
  const words = viewOver(bytes);
  let i = at;
  while (i < end) {
    while (i + 8 <= end) {
      const low = marks(words.getInt32(i, true));
      if (low !== 0) {
        i += (31 - Math.clz32(low & -low)) >> 3;
        break;
      }
      const high = marks(words.getInt32(i + 4, true));
      if (high !== 0) {
        i += 4 + ((31 - Math.clz32(high & -high)) >> 3);
        break;
      }
      i += 8;
    }
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) {
      lastString.hasEscape = true;
      i += 2;
    } else i++;
  }
  return -1;
}

/** The index after the value at `at`, which may have space before it, or −1. */
export function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = spaceEnd(bytes, at, end);
  if (i >= end) return -1;
  const first = bytes[i];
  if (first === QUOTE) {
    const quote = quoteEnd(bytes, i + 1, end);
    return quote < 0 ? -1 : quote + 1;
  }
  if (first !== 0x7b && first !== 0x5b) {
    while (i < end && !isDelimiter(bytes[i] as number)) i++;
    return i;
  }
  let depth = 0;
  while (i < end) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) {
      i = quoteEnd(bytes, i + 1, end);
      if (i < 0) return -1;
    } else if (byte >= 0x5b) {
      // Brackets and braces differ in one bit, and nothing else but letters is as great.
      const bracket = byte & 0xdf;
      if (bracket === 0x5b) depth++;
      else if (bracket === 0x5d && --depth === 0) return i + 1;
    }
    i++;
  }
  return -1;
}

const isDelimiter = (byte: number): boolean =>
  byte === 0x2c || byte === 0x7d || byte === 0x5d || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

export function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** What a string without its quotes says. */
export function decodedString(bytes: Uint8Array, start: number, end: number): string {
  const text = decoder.decode(bytes.subarray(start, end));
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
