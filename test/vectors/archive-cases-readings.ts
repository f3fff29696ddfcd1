// Which frozen archives settle what a reader of FORMAT.md alone could take in two ways?
import { concatBytes, utf8, utf8Text } from '../../src/base/bytes.ts';
import { gzipCompressor, zstdCompressor } from '../../src/base/node/compress.ts';
import { encodeEntry } from '../../src/format/line-writer.ts';
import { dataKey } from '../../src/format/paths.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, entries, NOW_MS, type SegmentWords, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, archiveWith, flip, type Made, spoilt, without, written, zstdFrame } from './archive-cases.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;
const linesOf = (from: number) => concatBytes(...entries(from, 2).flatMap((record) => [encodeEntry(record), utf8('\n')]));
/** The content of block 1 of segment 2: the lines 6 and 7. */
const content = linesOf(6);

/** Block 1 of segment 2 is another, and a byte stands behind it. */
const andByte = (stored: Uint8Array, encoding: 'zstd' | 'gzip') =>
  written({ encoding, block: (own, index) => (index === 1 ? concatBytes(stored, Uint8Array.of(0)) : own) });

/** A member whose content stands in one stored DEFLATE block, behind so many empty ones. */
function gzipBehindEmptyBlocks(count: number): Uint8Array {
  const [low, high] = [content.length & 255, content.length >> 8];
  const empty = Array.from({ length: count }, () => Uint8Array.of(0, 0, 0, 255, 255));
  const last = Uint8Array.of(1, low, high, low ^ 255, high ^ 255);
  return concatBytes(gzipCompressor(6)(content).subarray(0, 10), ...empty, last, content, gzipCompressor(6)(content).subarray(-8));
}

const BLOCKS: readonly ArchiveCase[] = [
  {
    name: 'bad-block-window-and-byte',
    about: 'A zstd frame with a window of 16 MiB, and a byte behind it: the header counts first.',
    codes: ['block-mismatch'],
    make: andByte(zstdFrame(content, (size) => [0x80, 14 << 3, ...size]), 'zstd'),
  },
  {
    name: 'bad-block-gzip-size-and-byte',
    about: 'A gzip member with another ISIZE, and a byte behind it: the size counts first.',
    codes: ['block-mismatch'],
    make: andByte(flip(-4)(gzipCompressor(6)(content)), 'gzip'),
  },
  {
    name: 'bad-block-gzip-many-and-byte',
    about: 'A gzip member with a seventeenth DEFLATE block before any content, and a byte behind it: the blocks count first.',
    codes: ['block-mismatch'],
    make: andByte(gzipBehindEmptyBlocks(16), 'gzip'),
  },
  {
    name: 'bad-block-gzip-checksum-and-byte',
    about: 'A gzip member with another CRC-32, and a byte behind it: nothing more is asked of that block.',
    codes: ['trailing-bytes'],
    make: andByte(flip(-8)(gzipCompressor(6)(content)), 'gzip'),
  },
  {
    name: 'bad-block-other-lines-and-byte',
    about: 'A whole frame of other lines, and a byte behind it: such a block is not open, so its lines and their sums are not asked for.',
    codes: ['trailing-bytes'],
    make: andByte(zstdCompressor(3)(linesOf(3)), 'zstd'),
  },
];

/** The chain has gone over to the next key. Then comes a seal of another archive, by one of the two. */
const underOtherOrigin = (signs: 'old' | 'next') => async (): Promise<Made> => {
  const keys = { old: signer('old'), next: signer('next') };
  const builder = new ArchiveBuilder({ signers: [keys.old, keys.next] });
  const chain = builder.chain();
  for (const signers of [[keys.old], [keys.old, keys.next], [keys.next]]) await chain.seal({ signers });
  const other = Object.assign(chain.copy(), { builder: new ArchiveBuilder({ origin: 'audit.example.com/test' }) });
  const { sealKey } = await other.seal({ signers: [keys[signs]] });
  builder.archive.put(sealKey, other.builder.archive.bytesOf(sealKey) as Uint8Array, LOCK);
  return { builder };
};

/** The chain goes over to the next key, but the seal by both keys names another chain. */
async function rotatedUnderOtherName(): Promise<Made> {
  const keys = { old: signer('old'), next: signer('next') };
  const builder = new ArchiveBuilder({ signers: [keys.old] });
  const chain = builder.chain();
  await chain.seal({ signers: [keys.old] });
  const other = Object.assign(chain.copy(), { builder: new ArchiveBuilder(), name: 'payments' });
  const { sealKey } = await other.seal({ signers: [keys.old, keys.next] });
  const bytes = other.builder.archive.bytesOf(sealKey) as Uint8Array;
  builder.archive.put(sealKey.replace('payments', 'orders'), bytes, LOCK);
  await Object.assign(other.copy(), { builder, name: 'orders' }).seal({ signers: [keys.next] });
  return { builder };
}

const OTHER = 'audit.example.com/test/orders/0';
const firstSeal = (words: SegmentWords) => async (): Promise<Made> => {
  const builder = new ArchiveBuilder();
  await builder.chain().seal(words);
  return { builder };
};

const KEYS: readonly ArchiveCase[] = [
  {
    name: 'bad-other-origin-by-next-key',
    about: 'A seal under another archive’s origin, signed by the key that the chain trusts: under another name it is the same key.',
    codes: ['malformed'],
    make: underOtherOrigin('next'),
  },
  {
    name: 'bad-other-origin-by-key-given-up',
    about: 'The same by the key that the chain has given up, which is pinned for the right origin only.',
    codes: ['malformed', 'no-trusted-key'],
    make: underOtherOrigin('old'),
  },
  {
    name: 'bad-rotation-under-other-name',
    about: 'The seal that brings in the next key names another chain: it is not good, so it moves no trust, and the next key is unknown.',
    codes: ['malformed', 'unknown-key'],
    make: rotatedUnderOtherName,
  },
  {
    name: 'bad-first-checkpoint-of-other-archive',
    about: 'The first seal’s checkpoint is of another archive, its manifest is not: the manifest’s origin decides which pinned key covers it.',
    codes: ['bad-signature', 'malformed'],
    make: firstSeal({ note: (note) => utf8(utf8Text(note).replace('prod', 'test')) }),
  },
  {
    name: 'bad-first-manifest-of-other-archive',
    about: 'The other way round: no pinned key covers the manifest’s origin.',
    codes: ['bad-signature', 'malformed', 'no-trusted-key'],
    make: firstSeal({
      manifest: (m) => ({ ...m, origin: OTHER, keys: [encodeVkey(archiveKey(signer(), OTHER))] }),
    }),
  },
  {
    name: 'bad-key-object-and-its-name',
    about: 'Another key than its name says, named with another archive’s origin: of a key that is not the one, no more is asked.',
    codes: ['data-altered'],
    make: spoilt((s) => {
      const other = utf8(`${encodeVkey(archiveKey(signer('other'), 'audit.example.com/other'))}\n`);
      s.builder.archive.alter(s.builder.archive.keys().find((key) => key.startsWith('keys/')) ?? '', () => other);
    }),
  },
];

/** One segment, sealed on the last day of January, locked until that day; every lock is to be a month at least. */
const lockedFromJanuary = (until: string) => async (): Promise<Made> => {
  const builder = new ArchiveBuilder();
  const sealedMs = Date.parse('2027-01-31T10:00:00.000Z');
  await builder.chain().seal({ sealedMs, retentionMs: Date.parse(until) - sealedMs });
  return { builder, nowMs: sealedMs, leastLock: { months: 1, ms: 0 } };
};

const STORE: readonly ArchiveCase[] = [
  {
    name: 'bad-foreign-objects-with-locks-hidden',
    about: 'A store that hides locks, a chain without any seal, and junk that is named like keys: nothing is there whose lock is asked for.',
    codes: ['foreign-object', 'sequence-gap', 'unreferenced-object'],
    copy: ['foreign-object', 'sequence-gap', 'unreferenced-object'],
    make: async () => {
      const { builder } = await archiveWith({});
      without(/^(seals|keys|FORMAT)/)(builder);
      for (const key of ['keys/readme.txt', 'FORMAT-1.md']) builder.archive.put(key, utf8('x'), LOCK);
      return { builder, locks: 'hidden' };
    },
  },
  {
    name: 'good-promise-of-january',
    about: 'February has no 31st: a month from 31 January ends with February, and a day less is enough.',
    codes: [],
    make: lockedFromJanuary('2027-02-28T00:00:00Z'),
  },
  {
    name: 'bad-promise-of-january',
    about: 'A second less.',
    codes: ['retention-short'],
    copy: ['locks-not-applicable', 'retention-short'],
    make: lockedFromJanuary('2027-02-27T23:59:59Z'),
  },
  {
    name: 'good-key-lock-that-is-over',
    about: 'The lock of a key has ended. No end of it is stated anywhere, and it was a lock.',
    codes: [],
    make: spoilt((s) => {
      const key = s.builder.archive.keys().find((each) => each.startsWith('keys/')) ?? '';
      s.builder.archive.setLock(key, { mode: 'COMPLIANCE', untilMs: NOW_MS - 1000 });
    }),
  },
  {
    name: 'odd-marker-before-version',
    about: 'A delete marker at a key before anything lay there. The first version after it counts, and is no extra one.',
    codes: ['delete-marker'],
    make: async () => {
      const { builder, chain } = await archiveWith({});
      const key = `seals/topic=orders/partition=0/${String(chain.manifests.length).padStart(12, '0')}.tlog-proof`;
      builder.archive.marker(key);
      await chain.seal();
      return { builder };
    },
  },
  {
    name: 'bad-newer-format-and-data-before-it',
    about: 'Behind a seal of version 2 any data may be its own. Data of an earlier sequence that no seal names is not.',
    codes: ['newer-format', 'unreferenced-object'],
    make: async () => {
      const { builder, chain } = await archiveWith({});
      await chain.seal({ manifestText: (text) => `{"format":"ledgerstone/segment/2","words":${JSON.stringify(text)}}` });
      for (const sequence of [3, 4, 5, 6]) {
        const place = { chain: 'orders', partition: 0, sealedMs: START_MS, sequence, sha256: 'a'.repeat(64), encoding: 'zstd' } as const;
        if (sequence !== 4) builder.archive.put(dataKey(place), utf8('x'), LOCK);
      }
      return { builder };
    },
  },
];

export const READING_CASES: readonly ArchiveCase[] = [...BLOCKS, ...KEYS, ...STORE];
