// Does this word stand anywhere in a record, however it is written?
import { utf8 } from '../../base/bytes.ts';
import { decodedString, hasEscape, quoteEnd } from '../../base/json/json-skip.ts';
import { looseJson } from '../../base/json/loose-json.ts';
import type { LinePart, LineParts } from './line-parts.ts';

/** JSON text, perhaps with what strict readers refuse. */
export type JsonSpan = { readonly bytes: Uint8Array; readonly start: number; readonly end: number };

type Word = {
  readonly text: string;
  readonly bytes: Buffer;
  /** In values that are no UTF-8. */
  readonly wide: readonly Buffer[];
};

/** A string may hold JSON text that holds such a string again. */
const NESTED_MAX = 8;

/**
 * Words are looked for in the bytes of key, headers and value as they were sent (of a value that is no UTF-8
 * in UTF-16 too), and in what the strings and names of JSON say.
 */
export class TextSearch {
  readonly #words: readonly Word[];

  constructor(words: readonly string[]) {
    this.#words = words.map((text) => ({
      text,
      bytes: Buffer.from(text, 'utf8'),
      wide: [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()],
    }));
  }

  /** True if each word is in it. */
  areIn(parts: LineParts, json: JsonSpan | null): boolean {
    return this.#words.every((word) => isInRecord(word, parts, json));
  }
}

function isInRecord(word: Word, parts: LineParts, json: JsonSpan | null): boolean {
  const isIn = (part: LinePart | null): boolean =>
    part !== null && isInBytes(word, parts.bytesOf(part), part.isBase64);
  if (isIn(parts.key)) return true;
  if (parts.headers().some(({ name, value }) => isIn(name) || isIn(value))) return true;
  if (parts.form === 'none') return false;
  if (parts.form === 'value') {
    if (isInBytes(word, parts.bytes.subarray(parts.start, parts.end), false)) return true;
  } else if (isIn(parts.looseValue)) return true;
  return json !== null && isInStrings(word.text, json, 0);
}

function isInBytes({ bytes, wide }: Word, where: Uint8Array, isBinary: boolean): boolean {
  const buffer = Buffer.from(where.buffer, where.byteOffset, where.byteLength);
  return buffer.includes(bytes) || (isBinary && wide.some((one) => buffer.includes(one)));
}

/** In what strings with escapes say. The others were searched as bytes. */
function isInStrings(text: string, { bytes, start, end }: JsonSpan, depth: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0x22) continue;
    const quote = quoteEnd(bytes, at + 1, end);
    if (quote < 0) return false;
    if (hasEscape(bytes, at + 1, quote)) {
      const said = decodedString(bytes, at + 1, quote);
      if (said.includes(text)) return true;
      if (depth < NESTED_MAX && said.includes('\\') && isInNested(text, said, depth)) return true;
    }
    at = quote;
  }
  return false;
}

function isInNested(text: string, said: string, depth: number): boolean {
  const json = looseJson(utf8(said));
  return json !== null && isInStrings(text, { bytes: json, start: 0, end: json.length }, depth + 1);
}
