// In which order do keys stand, and how does a file name that is not UTF-8 become one?
import { utf8 } from '../base/bytes.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Order of the keys' UTF-8 bytes, as S3 lists them. JavaScript's own order of strings compares UTF-16 units,
 * which puts U+10000 and above before U+E000–U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    return x < 0xd800 && y < 0xd800 ? x - y : Buffer.compare(keyBytes(a), keyBytes(b));
  }
  return a.length - b.length;
}

/** The bytes of a key: UTF-8, and the inverse of `keyText` for the rest. */
export function keyBytes(key: string): Uint8Array {
  if (key.isWellFormed()) return utf8(key);
  const parts: Uint8Array[] = [];
  for (const character of key) {
    const unit = character.charCodeAt(0);
    const escaped = character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff;
    parts.push(escaped ? Uint8Array.of(unit - 0xdc00) : utf8(character));
  }
  return Buffer.concat(parts);
}

/**
 * The text of any bytes, without loss: each byte that is no part of valid UTF-8 becomes the lone surrogate
 * U+DC00 + byte (Python's surrogateescape, PEP 383), which valid UTF-8 never yields. So a hostile file name
 * can be listed, named in a finding and read back.
 */
export function keyText(bytes: Uint8Array): string {
  const whole = decode(bytes);
  if (whole !== null) return whole;
  let out = '';
  let at = 0;
  while (at < bytes.length) {
    const character = characterAt(bytes, at);
    out += character?.text ?? String.fromCharCode(0xdc00 + (bytes[at] as number));
    at += character?.length ?? 1;
  }
  return out;
}

/** The one character that starts there, and its bytes; null where none does. */
function characterAt(bytes: Uint8Array, at: number): { text: string; length: number } | null {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const text = decode(bytes.subarray(at, at + length));
    if (text !== null) return { text, length };
  }
  return null;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
