// What does FORMAT.md 9.9 say that an index of these values is? By its text alone, apart from the product.
import { createHash } from 'node:crypto';

const sha256 = (...parts: readonly (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Of one field, written down by hand: each value's text of 9.9.5, and the members that are counts and bounds. */
export type NaiveField = {
  readonly field: string;
  readonly without: number;
  readonly undated: number;
  readonly numbers: object | null;
  readonly times: object | null;
  readonly texts: readonly string[];
};

export type NaiveIndex = {
  readonly dataSha256: string;
  /** Hex. */
  readonly root: string;
  readonly records: number;
  readonly tombstones: number;
  readonly notJson: number;
  readonly fields: readonly NaiveField[];
};

/** The content of the note. */
export function naiveIndex({ dataSha256, root, fields, ...counts }: NaiveIndex): string {
  const key = sha256(`ledgerstone/index/1\n${dataSha256}\n${root}\n`);
  const { records, tombstones, notJson } = counts;
  const said = fields.map(({ field, without, undated, numbers, times, texts }) => {
    const hashes = texts.map((text) => sha256(key, field, '\0', text).subarray(0, 8));
    return { field, without, undated, numbers, times, values: setOf(hashes) };
  });
  const segment = sha256(key, 'segment').toString('hex');
  const format = 'ledgerstone/index/1';
  return `${JSON.stringify({ format, segment, records, tombstones, notJson, fields: said })}\n`;
}

function setOf(hashes: readonly Buffer[]): object | null {
  const distinct = [...new Map(hashes.map((hash) => [hash.toString('hex'), hash])).entries()];
  const sorted = distinct.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hash]) => hash);
  if (sorted.length <= 4096) return { hashes: Buffer.concat(sorted).toString('base64') };
  if (sorted.length > 524_288) return null;
  const filter = Buffer.alloc(2 * sorted.length);
  const bits = BigInt(filter.length * 8);
  for (const hash of sorted) {
    const [a, b] = [BigInt(hash.readUInt32BE(0)), BigInt(hash.readUInt32BE(4))];
    for (let i = 0n; i <= 10n; i++) {
      const bit = Number((a + i * b) % bits);
      filter.writeUInt8(filter.readUInt8(bit >> 3) | (1 << (bit % 8)), bit >> 3);
    }
  }
  return { bloom: filter.toString('base64') };
}
