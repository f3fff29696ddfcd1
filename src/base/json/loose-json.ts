// Which JSON text do these bytes hold, though they are no `value` of a line? (FORMAT.md 3.5)
import { WALK_DEPTH_MAX } from './json-skip.ts';

const BOM = '\ufeff';

/**
 * The JSON text in UTF-8, or null. Lines carry as `text` or `base64` what strict readers might refuse: line
 * feeds between values, a byte order mark, UTF-16, halves of characters, deep nesting, long numbers. For a
 * person that is JSON all the same, and an event must not hide in it. Deeper than WALK_DEPTH_MAX is not read.
 */
export function looseJson(bytes: Uint8Array): Uint8Array | null {
  const text = textOf(bytes);
  if (text === null) return null;
  const plain = text.startsWith(BOM) ? text.slice(1) : text;
  if (!/^[\s]*[[{"0-9tfn-]/.test(plain)) return null;
  try {
    JSON.parse(plain);
  } catch {
    return null;
  }
  if (depthOf(plain) > WALK_DEPTH_MAX) return null;
  return new TextEncoder().encode(plain);
}

/** UTF-8, or UTF-16 by its byte order mark or by every second byte of its first two characters. */
export function textOf(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  const isLittle = (a === 0xff && b === 0xfe) || (b === 0 && d === 0 && a !== 0 && c !== 0);
  const isBig = (a === 0xfe && b === 0xff) || (a === 0 && c === 0 && b !== 0 && d !== 0);
  const encoding = bytes.length < 2 || !(isLittle || isBig) ? 'utf-8' : isLittle ? 'utf-16le' : 'utf-16be';
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Of well-formed JSON. */
function depthOf(json: string): number {
  let [depth, greatest, inString] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (inString) {
      if (char === '\\') at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') greatest = Math.max(greatest, ++depth);
    else if (char === '}' || char === ']') depth--;
  }
  return greatest;
}
