// Do the keys of objects stay what they are?
import { describe, expect, it } from 'vitest';
import {
  dataKey,
  dataPrefix,
  formatKey,
  keyKey,
  parseKey,
  sealKey,
  sealPrefix,
} from '../../../src/format/paths.ts';

const sha256 = '0123456789abcdef'.repeat(4);
const parts = {
  chain: 'audit.orders',
  partition: 3,
  sealedMs: 1_795_305_600_000,
  sequence: 41,
  sha256,
  encoding: 'zstd',
} as const;

describe('keys', () => {
  it('are these', () => {
    const folder = 'topic=audit.orders/partition=3/';
    expect(dataKey(parts)).toBe(`data/${folder}date=2026-11-22/000000000041-${sha256}.jsonl.zst`);
    expect(dataKey({ ...parts, encoding: 'gzip' })).toBe(
      `data/${folder}date=2026-11-22/000000000041-${sha256}.jsonl.gz`,
    );
    expect(sealKey('audit.orders', 3, 999_999_999_999)).toBe(`seals/${folder}999999999999.tlog-proof`);
    expect(sealPrefix('audit.orders', 3)).toBe(`seals/${folder}`);
    expect(dataPrefix('audit.orders', 3)).toBe(`data/${folder}`);
    expect(keyKey(sha256)).toBe(`keys/${sha256}.vkey`);
    expect(formatKey(sha256)).toBe(`FORMAT-${sha256}.md`);
  });

  it('are of the UTC day of sealing', () => {
    const midnight = Date.parse('2026-11-22T00:00:00Z');
    expect(dataKey({ ...parts, sealedMs: midnight })).toContain('date=2026-11-22/');
    expect(dataKey({ ...parts, sealedMs: midnight - 1 })).toContain('date=2026-11-21/');
  });

  it('sort seals by sequence', () => {
    const keys = [9, 10, 99, 100, 1_000_000].map((sequence) => sealKey('a', 0, sequence));
    expect(keys.toSorted()).toEqual(keys);
  });

  it('come back as what they were made of', () => {
    const { sealedMs: _, ...rest } = parts;
    expect(parseKey(dataKey(parts))).toEqual({ kind: 'data', ...rest, date: '2026-11-22' });
    expect(parseKey(dataKey({ ...parts, encoding: 'gzip' }))).toMatchObject({ encoding: 'gzip' });
    expect(parseKey(sealKey('a', 2147483647, 0))).toEqual({
      kind: 'seal',
      chain: 'a',
      partition: 2147483647,
      sequence: 0,
    });
    expect(parseKey(keyKey(sha256))).toEqual({ kind: 'key', spkiSha256: sha256 });
    expect(parseKey(formatKey(sha256))).toEqual({ kind: 'format', sha256 });
  });

  it.each([
    '',
    'data/',
    'seals/topic=a/partition=0/000000000000.tlog-proof/',
    'seals/topic=a/partition=00/000000000000.tlog-proof',
    'seals/topic=a/partition=2147483648/000000000000.tlog-proof',
    'seals/topic=../partition=0/000000000000.tlog-proof',
    'seals/topic=a/b/partition=0/000000000000.tlog-proof',
    'seals/topic=é/partition=0/000000000000.tlog-proof',
    'seals/topic=a/partition=0/00000000000.tlog-proof',
    'seals/topic=a/partition=0/0000000000000.tlog-proof',
    'seals/topic=a/partition=0/000000000000.tlog-proof\n',
    `data/topic=a/partition=0/date=2026-02-30/000000000000-${sha256}.jsonl.zst`,
    `data/topic=a/partition=0/date=2026-11-22/000000000000-${sha256.toUpperCase()}.jsonl.zst`,
    `data/topic=a/partition=0/date=2026-11-22/000000000000-${sha256}.jsonl`,
    `keys/${sha256.slice(1)}.vkey`,
    `x/keys/${sha256}.vkey`,
    `FORMAT-${sha256}.md.bak`,
  ])('are foreign: %j', (key) => {
    expect(parseKey(key)).toBeNull();
  });

  it('are never made of what they must not be made of', () => {
    expect(() => sealKey('..', 0, 0)).toThrow('internal rule broken: a key of chain ".."');
    expect(() => sealKey('a/b', 0, 0)).toThrow('internal rule broken');
    expect(() => sealKey('a', -1, 0)).toThrow('internal rule broken: a key of partition -1');
    expect(() => sealKey('a', 0, 1_000_000_000_000)).toThrow('internal rule broken');
    expect(() => sealKey('a', 0, 0.5)).toThrow('internal rule broken');
    expect(() => dataKey({ ...parts, sha256: 'x' })).toThrow('internal rule broken');
    expect(() => keyKey('../x')).toThrow('internal rule broken');
    expect(() => formatKey(sha256.toUpperCase())).toThrow('internal rule broken');
  });
});
