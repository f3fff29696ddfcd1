// Under which keys do the objects of an archive lie? All of them, here and nowhere else. (FORMAT.md: object
// keys)
import { assert } from '../base/assert.ts';
import { LIMITS } from '../base/limits.ts';
import { isChainName, isPartition } from './chain.ts';
import { isHash } from './scalar.ts';
import { timeText } from './time.ts';

export type Encoding = 'zstd' | 'gzip';

export type DataKeyParts = {
  readonly chain: string;
  readonly partition: number;
  /** The manifest's `time.sealed`; its UTC day is in the key. */
  readonly sealedMs: number;
  readonly sequence: number;
  /** 64 hex digits: of the stored bytes. */
  readonly sha256: string;
  readonly encoding: Encoding;
};

export type ParsedKey =
  | {
      readonly kind: 'data';
      readonly chain: string;
      readonly partition: number;
      /** YYYY-MM-DD */
      readonly date: string;
      readonly sequence: number;
      readonly sha256: string;
      readonly encoding: Encoding;
    }
  | { readonly kind: 'seal'; readonly chain: string; readonly partition: number; readonly sequence: number }
  | { readonly kind: 'key'; readonly spkiSha256: string }
  | { readonly kind: 'format'; readonly sha256: string };

export const sealsRoot = 'seals/';
const dataRoot = 'data/';

const SUFFIX = { zstd: 'zst', gzip: 'gz' } as const;

/**
 * The Hive layout, by which query engines prune. The content's hash keeps writers that race for a sequence
 * apart.
 */
export function dataKey(parts: DataKeyParts): string {
  const { chain, partition, sealedMs, sequence, sha256, encoding } = parts;
  assert(isHash(sha256), `a data key with hash ${sha256}`);
  const date = timeText(sealedMs).slice(0, 10);
  return `${dataPrefix(chain, partition)}date=${date}/${digits(sequence)}-${sha256}.jsonl.${SUFFIX[encoding]}`;
}

/**
 * Greater than the key of every data object up to that sequence, less than those of later ones. `sealed`: of
 * that segment.
 */
export const afterDataOf = (chain: string, partition: number, sealed: string, sequence: number): string =>
  `${dataPrefix(chain, partition)}date=${sealed.slice(0, 10)}/${digits(sequence)}~`;

/**
 * Chain, partition and sequence alone, never time, offset or instance: the seal's key is the fence between
 * writers.
 */
export const sealKey = (chain: string, partition: number, sequence: number): string =>
  `${sealPrefix(chain, partition)}${digits(sequence)}.tlog-proof`;

export const sealPrefix = (chain: string, partition: number): string =>
  `${sealsRoot}${folder(chain, partition)}`;

export const dataPrefix = (chain: string, partition: number): string =>
  `${dataRoot}${folder(chain, partition)}`;

export function keyKey(spkiSha256Hex: string): string {
  assert(isHash(spkiSha256Hex), `a key's key with hash ${spkiSha256Hex}`);
  return `keys/${spkiSha256Hex}.vkey`;
}

export function formatKey(sha256Hex: string): string {
  assert(isHash(sha256Hex), `a format's key with hash ${sha256Hex}`);
  return `FORMAT-${sha256Hex}.md`;
}

/** null: foreign, which is every key that the functions above would not give. */
export function parseKey(key: string): ParsedKey | null {
  const seal = /^seals\/topic=([^/]+)\/partition=(\d{1,10})\/(\d{12})\.tlog-proof$/.exec(key);
  if (seal !== null) {
    const [, chain = '', partition = '', sequence = ''] = seal;
    return isChainAndPartition(chain, partition)
      ? { kind: 'seal', chain, partition: Number(partition), sequence: Number(sequence) }
      : null;
  }
  const data =
    /^data\/topic=([^/]+)\/partition=(\d{1,10})\/date=([\d-]{10})\/(\d{12})-([0-9a-f]{64})\.jsonl\.(zst|gz)$/.exec(
      key,
    );
  if (data !== null) {
    const [, chain = '', partition = '', date = '', sequence = '', sha256 = '', suffix] = data;
    if (!isChainAndPartition(chain, partition) || !isDate(date)) return null;
    const encoding = suffix === 'zst' ? 'zstd' : 'gzip';
    return {
      kind: 'data',
      chain,
      partition: Number(partition),
      date,
      sequence: Number(sequence),
      sha256,
      encoding,
    };
  }
  const spkiSha256 = /^keys\/([0-9a-f]{64})\.vkey$/.exec(key)?.[1];
  if (spkiSha256 !== undefined) return { kind: 'key', spkiSha256 };
  const sha256 = /^FORMAT-([0-9a-f]{64})\.md$/.exec(key)?.[1];
  return sha256 === undefined ? null : { kind: 'format', sha256 };
}

/** Of one chain, in every root. */
export function folder(chain: string, partition: number): string {
  assert(isChainName(chain), `a key of chain ${JSON.stringify(chain)}`);
  assert(isPartition(partition), `a key of partition ${partition}`);
  return `topic=${chain}/partition=${partition}/`;
}

/** Of a sequence or a size, in the order of numbers. */
export function digits(sequence: number): string {
  const valid = Number.isInteger(sequence) && sequence >= 0 && sequence <= LIMITS.sequenceMax;
  assert(valid, `a key of sequence ${sequence}`);
  return String(sequence).padStart(12, '0');
}

/** Whether `folder` would have written it so. */
export const isChainAndPartition = (chain: string, partition: string): boolean =>
  isChainName(chain) && isPartition(Number(partition)) && String(Number(partition)) === partition;

function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  return ms >= 0 && new Date(ms).toISOString().startsWith(text);
}
