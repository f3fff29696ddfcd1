// Is this value one of a field's in a segment? While they are few a list of hashes says it, else a Bloom
// filter.
import { toBase64 } from '../../../base/bytes.ts';
import { FormatError } from '../../../base/error.ts';
import { HASH_BYTES } from './value-hash.ts';

/** In base64, as it stands in the index (FORMAT.md 9.9.6). `hashes` is exact but for two in 2^64. */
export type ValueSet = { readonly kind: 'hashes' | 'bloom'; readonly base64: string };

/** More distinct values are a filter. */
const HASHES_MAX = 4096;
/** Of more distinct values nothing is said. */
const VALUES_MAX = 524_288;
/** With so many bits for a value, and so many of them set, 1 of 2,000 other values seems to be in it. */
const BYTES_PER_VALUE = 2;
const PROBES = 11;

const ROOM_MIN = 1024;

/** Hashes of values, each as often as it comes. At most twice VALUES_MAX of them are held. */
export class HashCollector {
  #hashes = new BigUint64Array(ROOM_MIN);
  #length = 0;
  #isTooMany = false;

  get isTooMany(): boolean {
    return this.#isTooMany;
  }

  add(hash: Uint8Array): void {
    if (this.#isTooMany) return;
    if (this.#length === this.#hashes.length) this.#makeRoom();
    if (this.#isTooMany) return;
    this.#hashes[this.#length++] = viewOf(hash).getBigUint64(0);
  }

  /** Null: too many of them. */
  finish(): ValueSet | null {
    if (!this.#isTooMany) this.#sort();
    if (this.#isTooMany) return null;
    const all = this.#hashes.subarray(0, this.#length);
    return all.length <= HASHES_MAX ? listOf(all) : filterOf(all);
  }

  #makeRoom(): void {
    this.#sort();
    if (this.#isTooMany || this.#length * 2 <= this.#hashes.length) return;
    const more = new BigUint64Array(this.#hashes.length * 2);
    more.set(this.#hashes);
    this.#hashes = more;
  }

  #sort(): void {
    const sorted = this.#hashes.subarray(0, this.#length).sort();
    let kept = 0;
    for (let at = 0; at < sorted.length; at++) {
      if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[kept++] = sorted[at] as bigint;
    }
    this.#length = kept;
    if (kept <= VALUES_MAX) return;
    this.#isTooMany = true;
    this.#hashes = new BigUint64Array(0);
  }
}

function listOf(hashes: BigUint64Array): ValueSet {
  const out = new Uint8Array(hashes.length * HASH_BYTES);
  const view = viewOf(out);
  for (const [at, hash] of hashes.entries()) view.setBigUint64(at * HASH_BYTES, hash);
  return { kind: 'hashes', base64: toBase64(out) };
}

function filterOf(hashes: BigUint64Array): ValueSet {
  const bits = new Uint8Array(hashes.length * BYTES_PER_VALUE);
  const one = new Uint8Array(HASH_BYTES);
  for (const hash of hashes) {
    viewOf(one).setBigUint64(0, hash);
    for (const bit of probesOf(one, bits.length * 8)) {
      bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
    }
  }
  return { kind: 'bloom', base64: toBase64(bits) };
}

function* probesOf(hash: Uint8Array, bits: number): Generator<number> {
  const view = viewOf(hash);
  const [first, step] = [view.getUint32(0), view.getUint32(4)];
  for (let probe = 0; probe < PROBES; probe++) yield (first + probe * step) % bits;
}

/** Throws FormatError if it can be none, by its length. */
export function requireSet({ kind, base64 }: ValueSet): void {
  const bytes = Math.floor(base64.length / 4) * 3 - (/=*$/.exec(base64)?.[0].length ?? 0);
  const [unit, least, most] =
    kind === 'hashes' ? [HASH_BYTES, 0, HASHES_MAX] : [BYTES_PER_VALUE, HASHES_MAX + 1, VALUES_MAX];
  const count = bytes / unit;
  if (base64.length % 4 === 0 && Number.isInteger(count) && count >= least && count <= most) return;
  throw new FormatError(`${base64.length} characters are no set of values (${kind})`);
}

/** Null: it is no base64, though requireSet took it. */
export function setBytes({ base64 }: ValueSet): Uint8Array | null {
  // Strict decoding takes ten times as long, and a thousand indexes are read for one search.
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : null;
}

/** False: it is not in the set. True: it is, or it seems so. `bytes`: of setBytes. */
export function mayHold({ kind }: ValueSet, bytes: Uint8Array, hash: Uint8Array): boolean {
  if (kind === 'bloom') {
    for (const bit of probesOf(hash, bytes.length * 8)) {
      if (((bytes[bit >> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
  // Not by halves: nobody has checked that the list is sorted, and a list out of order must hide nothing.
  const [view, wanted] = [viewOf(bytes), viewOf(hash).getBigUint64(0)];
  for (let at = 0; at < bytes.length; at += HASH_BYTES) if (view.getBigUint64(at) === wanted) return true;
  return false;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
