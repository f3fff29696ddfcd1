// Is each thing that can be wrong with an archive found, and called by its name?
import { describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { zstdCompressor } from '../../../src/base/node/compress.ts';
import { encodeEntry } from '../../../src/format/line-writer.ts';
import { dataKey, sealKey } from '../../../src/format/paths.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../../src/verify/finding.ts';
import {
  ArchiveBuilder,
  archiveKey,
  type BuiltSegment,
  type ChainBuilder,
  entries,
  NOW_MS,
  type SegmentWords,
  START_MS,
  signer,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { allFindings, codesOf, findingsOf, verify, verifyBuilt } from './run-verify.ts';

type Spoiled = {
  readonly builder: ArchiveBuilder;
  readonly chain: ChainBuilder;
  readonly built: BuiltSegment[];
};

/** Segments 0 to 4, of which 2 is as `words` say. */
async function archiveWith(words: SegmentWords, after = true): Promise<Spoiled> {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  const built = await chain.fill(1, 6);
  built.push(await chain.seal({ lines: entries(6, 6), linesPerBlock: 2, ...words }));
  if (after) built.push(await chain.seal({ lines: entries(chain.nextOffset, 6) }), await chain.seal());
  return { builder, chain, built };
}

const archive = (): Promise<Spoiled> => archiveWith({});
const sealOf = (spoiled: Spoiled, sequence: number): string => spoiled.built[sequence]?.sealKey ?? '';
const dataOf = (spoiled: Spoiled, sequence: number): string => spoiled.built[sequence]?.dataKey ?? '';

const flip =
  (at: number) =>
  (bytes: Uint8Array): Uint8Array => {
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] as number) ^ 0x01;
    return bytes;
  };

const wordsOf = ({ code, sequence, expected, found }: Finding): string =>
  `${code} at ${sequence}: ${found}, expected ${expected}`;

/** Each gives an archive with exactly these findings. */
const CASES: readonly {
  readonly name: string;
  readonly codes: readonly FindingCode[];
  readonly make: () => Promise<Spoiled>;
}[] = [
  {
    name: 'a seal signed by a key that is not the one it names',
    codes: ['bad-signature'],
    make: () =>
      archiveWith({
        note: (note) => {
          const text = utf8Text(note);
          const at = text.length - 20;
          const other = text[at] === 'A' ? 'B' : 'A';
          return utf8(text.slice(0, at) + other + text.slice(at + 1));
        },
      }),
  },
  {
    name: 'a signed root that is not the root of the manifests',
    codes: ['root-mismatch'],
    make: () => archiveWith({ root: flip(0) }),
  },
  {
    name: 'a chain that goes on from another manifest',
    codes: ['previous-mismatch'],
    make: () => archiveWith({ manifest: (m) => ({ ...m, previous: '0'.repeat(64) }) }),
  },
  {
    name: 'a seal that is gone',
    codes: ['sequence-gap', 'unreferenced-object'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.remove(sealOf(spoiled, 2));
      return spoiled;
    },
  },
  {
    name: 'the first seal gone',
    codes: ['sequence-gap'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.remove(sealOf(spoiled, 0));
      return spoiled;
    },
  },
  {
    name: 'data left of a chain without any seal',
    codes: ['sequence-gap', 'unreferenced-object'],
    make: async () => {
      const spoiled = await archive();
      for (const { sealKey: key } of spoiled.built) spoiled.builder.archive.remove(key);
      return spoiled;
    },
  },
  {
    name: 'offsets that a segment skips silently',
    codes: ['offset-gap'],
    make: () =>
      archiveWith({
        lines: entries(8, 4),
        manifest: (m) => ({ ...m, records: { ...m.records, firstOffset: 8, nextOffset: 12 } }),
      }),
  },
  {
    name: 'lines that skip an offset within a segment',
    codes: ['offset-gap'],
    make: () => {
      const [line] = entries(9, 1) as [KafkaRecord];
      return archiveWith({ encodedLines: (lines) => lines.with(3, encodeEntry({ ...line, offset: 77 })) });
    },
  },
  {
    name: 'a count of records before that is not their sum',
    codes: ['count-mismatch'],
    make: () => archiveWith({ manifest: (m) => ({ ...m, records: { ...m.records, before: 5 } }) }, false),
  },
  {
    name: 'more records than lines of records',
    codes: ['count-mismatch'],
    make: () => {
      const gap = '{"offset":8,"gap":{"last":8,"reason":"transaction","control":1,"aborted":0}}';
      return archiveWith({ encodedLines: (lines) => lines.with(2, utf8(gap)) });
    },
  },
  {
    name: 'a last time that no record has',
    codes: ['count-mismatch'],
    make: () =>
      archiveWith({ manifest: (m) => ({ ...m, time: { ...m.time, last: '2027-01-01T00:00:00.000Z' } }) }),
  },
  {
    name: 'a first time that no record has',
    codes: ['count-mismatch'],
    make: () =>
      archiveWith({ manifest: (m) => ({ ...m, time: { ...m.time, first: '2020-01-01T00:00:00.000Z' } }) }),
  },
  {
    name: 'lines of another root than the sealed one',
    codes: ['entry-root-mismatch'],
    make: () => archiveWith({ manifest: (m) => ({ ...m, entries: { ...m.entries, root: 'a'.repeat(64) } }) }),
  },
  {
    name: 'a data object that is gone',
    codes: ['data-missing'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.remove(dataOf(spoiled, 2));
      return spoiled;
    },
  },
  {
    name: 'a data object with one bit changed',
    codes: ['block-mismatch', 'data-altered'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.alter(dataOf(spoiled, 2), flip(3));
      return spoiled;
    },
  },
  {
    name: 'a data object with a byte more',
    codes: ['data-altered'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.alter(dataOf(spoiled, 2), (bytes) => new Uint8Array([...bytes, 0]));
      return spoiled;
    },
  },
  {
    name: 'a block that is not zstd, truly described',
    codes: ['block-mismatch'],
    make: () => archiveWith({ block: (stored, index) => (index === 1 ? flip(0)(stored) : stored) }),
  },
  {
    name: 'a block with a second frame, truly described',
    codes: ['trailing-bytes'],
    make: () =>
      archiveWith({
        block: (stored, index) => (index === 1 ? new Uint8Array([...stored, ...hiddenFrame()]) : stored),
      }),
  },
  {
    name: 'a block with a second gzip member, truly described',
    codes: ['trailing-bytes'],
    make: () =>
      archiveWith({
        encoding: 'gzip',
        block: (stored, index) => (index === 1 ? new Uint8Array([...stored, ...stored]) : stored),
      }),
  },
  {
    name: 'a line that is none',
    codes: ['malformed'],
    make: () => archiveWith({ encodedLines: (lines) => lines.with(2, utf8('{"offset": 8,"timestamp":0}')) }),
  },
  {
    name: 'a value that is no JSON',
    codes: ['malformed'],
    make: () =>
      archiveWith({
        encodedLines: (lines) => lines.with(2, utf8('{"offset":8,"timestamp":0,"value":1,"value":2}')),
      }),
  },
  {
    name: 'a manifest with an odd spelling, and so data that no manifest speaks of',
    codes: ['malformed', 'unreferenced-object'],
    make: () => archiveWith({ manifestText: (text) => text.replace('"sequence":2', '"sequence": 2') }),
  },
  {
    name: 'a seal of another chain in this chain',
    codes: ['malformed', 'previous-mismatch', 'root-mismatch', 'unreferenced-object'],
    make: async () => {
      const spoiled = await archive();
      const other = spoiled.builder.chain('others', 0);
      const built = await other.fill(2, 6);
      const bytes = spoiled.builder.archive.bytesOf(built[2]?.sealKey ?? '') ?? new Uint8Array(0);
      spoiled.builder.archive.alter(sealOf(spoiled, 2), () => bytes);
      return spoiled;
    },
  },
  {
    name: 'a chain that lies in the folder of another',
    codes: ['malformed', 'sequence-gap', 'unreferenced-object'],
    make: async () => {
      const spoiled = await archive();
      const { archive: objects } = spoiled.builder;
      for (const key of objects.keys().filter((each) => each.includes('topic=orders'))) {
        const bytes = objects.bytesOf(key) as Uint8Array;
        const lock = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;
        objects.put(key.replace('topic=orders', 'topic=refunds'), bytes, lock);
        if (key.startsWith('seals/')) objects.remove(key);
      }
      return spoiled;
    },
  },
  {
    name: 'another archive of the same key in the middle of a chain',
    codes: ['malformed'],
    make: async () => {
      const spoiled = await archiveWith({}, false);
      const other = spoiled.chain.copy();
      Object.assign(other, { builder: new ArchiveBuilder({ origin: 'audit.example.com/test' }) });
      const { sealKey: key } = await other.seal();
      const bytes = other.builder.archive.bytesOf(key) as Uint8Array;
      spoiled.builder.archive.put(key, bytes, { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
      return spoiled;
    },
  },
  {
    name: 'two seals that changed places',
    codes: [
      'clock-backwards',
      'count-mismatch',
      'offset-gap',
      'previous-mismatch',
      'root-mismatch',
      'sequence-gap',
    ],
    make: async () => {
      const spoiled = await archive();
      const { archive: objects } = spoiled.builder;
      const [second, third] = [objects.bytesOf(sealOf(spoiled, 2)), objects.bytesOf(sealOf(spoiled, 3))];
      objects.alter(sealOf(spoiled, 2), () => third as Uint8Array);
      objects.alter(sealOf(spoiled, 3), () => second as Uint8Array);
      return spoiled;
    },
  },
  {
    name: 'another source in the middle of a chain',
    codes: ['malformed'],
    make: () => archiveWith({ source: { kind: 'file', name: 'orders', partition: 0 } }, false),
  },
  {
    name: 'a time of sealing before the one before',
    codes: ['clock-backwards'],
    make: () => archiveWith({ sealedMs: START_MS }),
  },
  {
    name: 'a data object without a lock',
    codes: ['lock-missing'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.setLock(dataOf(spoiled, 2), null);
      return spoiled;
    },
  },
  {
    name: 'a seal without a lock',
    codes: ['lock-missing'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.setLock(sealOf(spoiled, 0), null);
      return spoiled;
    },
  },
  {
    name: 'a lock that can be bypassed',
    codes: ['mode-not-compliance'],
    make: async () => {
      const spoiled = await archive();
      const lock = { mode: 'GOVERNANCE', untilMs: START_MS + 9 * YEAR_MS } as const;
      spoiled.builder.archive.setLock(dataOf(spoiled, 2), lock);
      return spoiled;
    },
  },
  {
    name: 'a data object locked for less than its manifest says',
    codes: ['retention-short'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.setLock(dataOf(spoiled, 2), { mode: 'COMPLIANCE', untilMs: NOW_MS + 1000 });
      return spoiled;
    },
  },
  {
    name: 'a seal locked for less than its data',
    codes: ['retention-short'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.setLock(sealOf(spoiled, 2), { mode: 'COMPLIANCE', untilMs: NOW_MS + 1000 });
      return spoiled;
    },
  },
  {
    name: 'a seal of a key that nobody introduced',
    codes: ['unknown-key'],
    make: () => archiveWith({ signers: [signer('thief')] }, false),
  },
  {
    name: 'a store that fails at one seal',
    codes: ['unreadable', 'unreferenced-object'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.failures.set(sealOf(spoiled, 4), new Error('the disk is on fire'));
      spoiled.builder.archive.failures.set(sealOf(spoiled, 2), new Error('the disk is on fire'));
      return spoiled;
    },
  },
  {
    name: 'a store that fails at a key whose lock is gone',
    codes: ['lock-missing', 'unreadable'],
    make: async () => {
      const spoiled = await archive();
      const { archive: store } = spoiled.builder;
      const key = [...store.keys()].find((name) => name.startsWith('keys/')) as string;
      store.failures.set(key, new Error('the disk is on fire'));
      store.setLock(key, null);
      return spoiled;
    },
  },
  {
    name: 'a store that fails at one data object',
    codes: ['unreadable'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.failures.set(dataOf(spoiled, 2), new Error('the disk is on fire'));
      return spoiled;
    },
  },
  {
    name: 'locks that the store does not show',
    codes: ['locks-not-permitted'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.locks = 'hidden';
      return spoiled;
    },
  },
  {
    name: 'locks that the store has not',
    codes: ['locks-not-applicable'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.locks = 'none-at-all';
      return spoiled;
    },
  },
  {
    name: 'delete markers on a seal and on data',
    codes: ['delete-marker'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.marker(sealOf(spoiled, 2));
      spoiled.builder.archive.marker(dataOf(spoiled, 2));
      return spoiled;
    },
  },
  {
    name: 'newer versions of a seal and of data',
    codes: ['extra-version'],
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.put(sealOf(spoiled, 2), utf8('not a seal'));
      spoiled.builder.archive.put(dataOf(spoiled, 2), utf8('not data'));
      return spoiled;
    },
  },
  {
    name: 'a data object of a writer that lost its race',
    codes: ['unreferenced-object'],
    make: async () => {
      const spoiled = await archive();
      const [chain, partition, sealedMs, sequence] = ['orders', 0, START_MS, 2];
      const sha256 = 'b'.repeat(64);
      const key = dataKey({ chain, partition, sealedMs, sequence, sha256, encoding: 'zstd' });
      spoiled.builder.archive.put(key, utf8('anything'));
      return spoiled;
    },
  },
  {
    name: 'data that expired',
    codes: ['expired'],
    make: async () => {
      const spoiled = await archiveWith({ retentionMs: 1000 });
      spoiled.builder.archive.remove(dataOf(spoiled, 2));
      return spoiled;
    },
  },
  ...[
    'readme.txt',
    'seals/readme.txt',
    'seals/topic=orders/partition=00/000000000000.tlog-proof',
    'seals/topic=orders/partition=0/2.tlog-proof',
    'seals/topic=orders/partition=0/ÿ',
    'data/topic=orders/partition=0/',
    'data/topic=orders/partition=0/date=2026-13-01/x',
    'data/topic=or ders/partition=0/date=2026-11-22/x',
    'keys/spare.vkey',
    'zzz/\u{1f600}',
    '\u0001',
  ].map((key) => ({
    name: `a foreign object at ${JSON.stringify(key)}`,
    codes: ['foreign-object'] as const,
    make: async () => {
      const spoiled = await archive();
      spoiled.builder.archive.put(key, utf8('anything'));
      return spoiled;
    },
  })),
  {
    name: 'a specification that is not what its name says',
    codes: ['data-altered'],
    make: async () => {
      const spoiled = await archive();
      const { archive: objects } = spoiled.builder;
      objects.alter(objects.keys().find((key) => key.startsWith('FORMAT-')) ?? '', flip(0));
      return spoiled;
    },
  },
  {
    name: 'another key than its name says',
    codes: ['data-altered'],
    make: async () => {
      const spoiled = await archive();
      const { archive: objects } = spoiled.builder;
      const other = utf8(`${encodeVkey(archiveKey(signer('other')))}\n`);
      objects.alter(objects.keys().find((key) => key.startsWith('keys/')) ?? '', () => other);
      return spoiled;
    },
  },
  {
    name: 'a key with an odd spelling',
    codes: ['malformed'],
    make: async () => {
      const spoiled = await archive();
      const { archive: objects } = spoiled.builder;
      const key = objects.keys().find((each) => each.startsWith('keys/')) ?? '';
      objects.alter(key, (bytes) => new Uint8Array([...bytes, 10]));
      return spoiled;
    },
  },
  {
    name: 'a key that is none',
    codes: ['malformed'],
    make: async () => {
      const spoiled = await archive();
      const { archive: objects } = spoiled.builder;
      objects.alter(objects.keys().find((key) => key.startsWith('keys/')) ?? '', flip(-3));
      return spoiled;
    },
  },
];

/** A frame of a line that only readers of all frames would see. */
const hiddenFrame = (): Uint8Array => zstdCompressor(3)(utf8('{"offset":99,"timestamp":0}\n'));

const verdictFor = (codes: readonly FindingCode[]) => {
  const severities = codes.map((code) => SEVERITY[code]);
  if (severities.includes('broken')) return 'broken';
  return severities.includes('unverifiable') ? 'unverifiable' : 'verified';
};

describe('what is wrong is found', () => {
  it.each(CASES)('$name: $codes', async ({ codes, make }) => {
    const { builder } = await make();
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual([...codes].sort());
    expect(allFindings(report).map(wordsOf)).toMatchSnapshot();
    expect(report.verdict).toBe(verdictFor(codes));
    const [chain] = report.chains;
    if (report.verdict !== 'verified' && report.chains.length === 1 && report.findings.length === 0) {
      expect(chain?.checkpoint).toBeNull();
    }
  });

  it('with its place', async () => {
    const spoiled = await archive();
    const key = dataOf(spoiled, 2);
    spoiled.builder.archive.remove(key);
    const [finding] = findingsOf(await verifyBuilt(spoiled.builder), 'data-missing');
    expect(finding).toEqual({
      code: 'data-missing',
      severity: 'broken',
      key,
      versionId: null,
      sequence: 2,
      expected: `kept until ${spoiled.built[2]?.manifest.retention.until}`,
      found: 'no object',
    });
  });

  it('and nothing is said of a gap at the end, which cannot be seen from the archive alone', async () => {
    const spoiled = await archive();
    spoiled.builder.archive.remove(sealOf(spoiled, 4));
    const report = await verifyBuilt(spoiled.builder);
    expect(report).toMatchObject({ verdict: 'verified', chains: [{ size: 4 }] });
  });

  it('in what a listing tells, without reading any data', async () => {
    const spoiled = await archive();
    spoiled.builder.archive.alter(dataOf(spoiled, 2), (bytes) => bytes.subarray(1));
    const report = await verifyBuilt(spoiled.builder, { depth: 'seals' });
    expect(codesOf(report)).toEqual(['data-altered']);
  });

  it('whatever else is wrong: nothing stops at the first', async () => {
    const spoiled = await archive();
    const { archive: objects } = spoiled.builder;
    objects.remove(sealOf(spoiled, 0));
    objects.alter(dataOf(spoiled, 1), flip(-1));
    objects.setLock(dataOf(spoiled, 3), null);
    objects.marker(sealOf(spoiled, 4));
    objects.put('junk', utf8('junk'));
    expect(codesOf(await verifyBuilt(spoiled.builder))).toEqual(
      [
        'block-mismatch',
        'data-altered',
        'delete-marker',
        'foreign-object',
        'lock-missing',
        'sequence-gap',
      ].sort(),
    );
  });

  it('says nothing of a marker where no seal is yet', async () => {
    const spoiled = await archive();
    spoiled.builder.archive.marker(sealKey('orders', 0, 5));
    const report = await verifyBuilt(spoiled.builder);
    expect(report.verdict).toBe('verified');
    expect(codesOf(report)).toEqual(['delete-marker']);
  });

  it('does not take a delete marker for data of a later segment', async () => {
    const spoiled = await archive();
    const later = { chain: 'orders', partition: 0, sealedMs: START_MS, sequence: 9 };
    const key = dataKey({ ...later, sha256: 'ab'.repeat(32), encoding: 'zstd' });
    const { size, root } = (await verifyBuilt(spoiled.builder)).chains[0] as { size: number; root: string };
    spoiled.builder.archive.marker(key);
    const report = await verifyBuilt(spoiled.builder);
    expect(codesOf(report)).toEqual(['delete-marker']);
    expect(report.chains[0]).toMatchObject({ size, root, verdict: 'verified' });
  });
});

describe('trust', () => {
  it('is never found where no key is given', async () => {
    const { builder } = await archive();
    const report = await verify(builder.archive, { trusted: [] });
    expect(report.verdict).toBe('unverifiable');
    expect(codesOf(report)).toEqual(['no-trusted-key']);
    expect(report.findings.map(({ code }) => code)).toEqual(['no-trusted-key']);
    expect(report.chains[0]).toMatchObject({ verdict: 'unverifiable', checkpoint: null, size: 5 });
  });

  it('is not lent to another archive', async () => {
    const { builder } = await archive();
    const other = new ArchiveBuilder({ origin: 'audit.example.com/production' });
    expect(codesOf(await verify(builder.archive, { trusted: other.trusted }))).toEqual(['no-trusted-key']);
  });

  it('is not lent to another key of the same name', async () => {
    const { builder } = await archive();
    const other = new ArchiveBuilder({ signers: [signer('other')] });
    const report = await verify(builder.archive, { trusted: other.trusted });
    expect(codesOf(report)).toEqual(['unknown-key']);
    // Once, not once per seal.
    expect(findingsOf(report, 'unknown-key')).toHaveLength(1);
  });

  it('needs every listed key to sign', async () => {
    const [first, second] = [signer('log key'), signer('second')];
    const spoiled = await archiveWith({
      signers: [first, second],
      note: (note) => utf8(`${utf8Text(note).trimEnd().split('\n').slice(0, -1).join('\n')}\n`),
    });
    const report = await verifyBuilt(spoiled.builder);
    expect(codesOf(report)).toEqual(['bad-signature']);
  });

  it('finds no archive in nothing', async () => {
    const builder = new ArchiveBuilder();
    const report = await verifyBuilt(builder);
    expect(report).toMatchObject({ verdict: 'unverifiable', chains: [] });
    expect(codesOf(report)).toEqual(['unreadable']);
  });

  it('finds no chain in junk', async () => {
    const { builder } = await archive();
    builder.archive.put('seals/topic=junk/partition=0/junk', utf8('junk'));
    builder.archive.marker('seals/topic=ghost/partition=0/000000000000.tlog-proof');
    const report = await verifyBuilt(builder);
    expect(report.chains.map(({ chain }) => chain)).toEqual(['orders']);
    expect(codesOf(report)).toEqual(['delete-marker', 'foreign-object']);
    expect(report.verdict).toBe('verified');
  });

  it('does not take a chain of another archive for one of this', async () => {
    const { builder } = await archive();
    const other = new ArchiveBuilder({ origin: 'audit.example.com/other' });
    await other.chain('payments').fill(1, 1);
    for (const key of other.archive.keys()) {
      if (!key.includes('topic=payments')) continue;
      builder.archive.put(key, other.archive.bytesOf(key) as Uint8Array, {
        mode: 'COMPLIANCE',
        untilMs: START_MS + 9 * YEAR_MS,
      });
    }
    const report = await verify(builder.archive, { trusted: [...builder.trusted, ...other.trusted] });
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toEqual(['malformed']);
  });
});
