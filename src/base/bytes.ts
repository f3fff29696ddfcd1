// How do bytes become text and back, strictly?
import { FormatError } from './error.ts';

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF: without it three bytes of somebody's record would vanish.
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const EMPTY: Uint8Array = new Uint8Array(0);

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Text of valid UTF-8. Throws FormatError on anything else. */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch (cause) {
    throw new FormatError('not valid UTF-8', 'malformed', cause);
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => joinBytes(parts);

/** The same of any number of parts: more than a call can take as arguments. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const HEX = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));
/** More arguments of one call than any engine refuses. */
const HEX_AT_ONCE = 4096;

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length > HEX_AT_ONCE)
    return toHex(bytes.subarray(0, HEX_AT_ONCE)) + toHex(bytes.subarray(HEX_AT_ONCE));
  // One string at once: a string for each byte is most of the garbage of whoever writes many hashes.
  const codes: number[] = [];
  for (const byte of bytes) codes.push(HEX[byte >>> 4] as number, HEX[byte & 15] as number);
  return Reflect.apply(String.fromCharCode, null, codes);
}

/** Strict: lower case, even length. Throws FormatError. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw new FormatError('not lower-case hex');
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  return out;
}

/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    // A spread walks over each byte by its iterator: several times as long.
    binary += Reflect.apply(String.fromCharCode, null, bytes.subarray(i, i + 8192));
  }
  return btoa(binary);
}

/** Strict standard base64: padded, no white space, zero trailing bits (RFC 4648 §3.5). Throws FormatError. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new FormatError('not standard base64');
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  // Stray bits are possible where the text is padded alone.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (padding > 0 && toBase64(out.subarray(padding - 3)) !== text.slice(-4))
    throw new FormatError('base64 with stray trailing bits');
  return out;
}
