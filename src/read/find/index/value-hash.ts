// How does an index name a value, so that the index alone does not tell which one it is? (FORMAT.md 9.9.2)
import { fromHex, toHex, utf8 } from '../../../base/bytes.ts';
import { nodeSha256 } from '../../../base/node/hash.ts';
import { parseDecimal } from '../decimal-order.ts';
import type { FoundKind } from '../json-walk.ts';

const FORMAT = 'ledgerstone/index/1';
const SEGMENT = 'segment';

/**
 * 32 bytes that only somebody knows who can read the segment's seal: its manifest has the SHA-256 of the data
 * object, and an index does not.
 */
export const indexKey = (dataSha256: string, root: Uint8Array): Uint8Array =>
  nodeSha256(utf8(`${FORMAT}\n${dataSha256}\n${toHex(root)}\n`));

/** Shows of which segment's bytes an index is, to who knows its key. Hex. */
export const segmentId = (key: Uint8Array): string => toHex(nodeSha256(joined(key, utf8(SEGMENT))));

/** What an index counts as the same value: equal texts, or numbers that are equal in any spelling. */
export function valueText(text: string, kind: FoundKind): string {
  const number = kind === 'number' ? parseDecimal(text) : null;
  if (number === null) return `t${text}`;
  return `n${number.sign < 0 ? '-' : ''}${number.digits}e${number.exponent}`;
}

/** What `=` with this value finds: a text, and where it is a number also that number. */
export const wantedTexts = (value: string): readonly string[] =>
  parseDecimal(value) === null ? [`t${value}`] : [`t${value}`, valueText(value, 'number')];

/** Hashes of the values of one field: each is eight bytes. */
export class ValueHasher {
  readonly #prefix: Uint8Array;

  constructor(key: Uint8Array, field: string) {
    this.#prefix = joined(key, utf8(`${field}\0`));
  }

  /** Of what valueText gave. */
  of(text: string): Uint8Array {
    return nodeSha256(joined(this.#prefix, utf8(text))).subarray(0, HASH_BYTES);
  }
}

export const HASH_BYTES = 8;

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};

/** False: it is no such text. */
export const isSegmentId = (text: string): boolean => text.length === 64 && fromHex(text).length === 32;
