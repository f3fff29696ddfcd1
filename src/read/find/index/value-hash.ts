// How does an index name a value, so that the index alone does not tell which one it is? (FORMAT.md 9.9.2)
import { fromHex, toHex, utf8 } from '../../../base/bytes.ts';
import { parseDecimal } from '../../../base/decimal-order.ts';
import type { FoundKind } from '../../../base/json/json-walk.ts';
import { nodeSha256, nodeSha256Into } from '../../../base/node/hash.ts';

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

export const HASH_BYTES = 8;
const SHA256_BYTES = 32;
/** Texts up to so many UTF-16 units are hashed without memory of their own. */
const SHORT_MAX = 1000;

/** Hashes of the values of one field: each is eight bytes. */
export class ValueHasher {
  readonly #prefixBytes: number;
  /** The prefix, and room for a short text. */
  readonly #message: Buffer;
  readonly #hash = new Uint8Array(SHA256_BYTES);

  constructor(key: Uint8Array, field: string) {
    const prefix = joined(key, utf8(`${field}\0`));
    this.#prefixBytes = prefix.length;
    this.#message = Buffer.alloc(prefix.length + 3 * SHORT_MAX);
    this.#message.set(prefix);
  }

  /** Of what valueText gave. Good until the next call. */
  of(text: string): Uint8Array {
    nodeSha256Into(this.#messageOf(text), this.#hash, 0);
    return this.#hash.subarray(0, HASH_BYTES);
  }

  #messageOf(text: string): Uint8Array {
    const prefix = this.#message.subarray(0, this.#prefixBytes);
    if (text.length > SHORT_MAX) return joined(prefix, utf8(text));
    return this.#message.subarray(0, prefix.length + this.#message.write(text, prefix.length));
  }
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};

/** False: it is no such text. */
export const isSegmentId = (text: string): boolean => text.length === 64 && fromHex(text).length === 32;
