// Which frozen archives must every reader, of today and of later, call verified?
import { concatBytes, fromHex, utf8 } from '../../src/base/bytes.ts';
import { sealKey } from '../../src/format/paths.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, entries, NOW_MS, START_MS, signer, transactionGap, YEAR_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, archive, archiveWith, dataOf, handedOver, type Made, sealOf, spoilt, written } from './archive-cases.ts';

const record = (offset: number, change: Partial<KafkaRecord>): KafkaRecord => ({
  offset,
  timestamp: BigInt(START_MS + offset),
  timestampType: 'create',
  key: null,
  headers: [],
  value: null,
  ...change,
});

const text = (words: string | null) => (words === null ? null : utf8(words));
const headers = (...pairs: readonly (readonly [string, string | null])[]) =>
  pairs.map(([name, value]) => ({ name: utf8(name), value: text(value) }));

const oddRecords: readonly KafkaRecord[] = [
  record(0, { key: utf8('a tombstone') }),
  record(1, { value: utf8('') }),
  record(2, { value: fromHex('ff000a'), key: fromHex('00ff') }),
  record(3, { headers: headers(['trace', 'a'], ['trace', null], ['', '']), value: utf8('{}') }),
  record(4, { headers: [{ name: fromHex('ff'), value: fromHex('80') }], value: utf8(' [1.0, 1E400, -0] ') }),
  record(5, { timestamp: -(2n ** 63n), value: utf8('{"a":1,"a":2,"\\ud800\\udc00":null}') }),
  record(6, { timestamp: 2n ** 63n - 1n, timestampType: 'append', value: utf8('not "JSON"\n') }),
  record(7, { timestamp: -1n, value: utf8('\ufeff{}') }),
  record(8, { timestamp: 0n, value: utf8('{"gap":{"last":9},"value":1,"offset":3}') }),
  record(9, { value: utf8('{\n}') }),
  record(10, { value: utf8('\u0001\u0002') }),
  record(11, { value: utf8(`${'['.repeat(63)}${']'.repeat(63)}`) }),
  record(12, { value: utf8(`${'['.repeat(64)}${']'.repeat(64)}`) }),
  record(13, { timestamp: 253_402_300_799_999n, value: utf8('a\u2028\u{1f600}') }),
];

const witnessed = (note: Uint8Array): Uint8Array =>
  concatBytes(note, utf8(`— witness.example/w1 ${Buffer.from('0badc0de'.repeat(17), 'hex').toString('base64')}\n`));

export const GOOD_CASES: readonly ArchiveCase[] = [
  {
    name: 'good-empty-segment',
    about: 'One segment without lines, at the offset where the chain starts.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      await builder.chain('orders', 0, 5000).seal();
      return { builder };
    },
  },
  {
    name: 'good-clock-two-minutes-ahead',
    about: 'Sealed two minutes after now: the clocks of writer and reader may each be a minute off.',
    codes: [],
    make: written({ sealedMs: NOW_MS + 120_000 }, false),
  },
  {
    name: 'good-several-chains',
    about: 'Three chains of several segments, one of which has none but an empty segment in its middle.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain('orders', 0);
      await chain.fill(2, 3);
      await chain.seal();
      await chain.seal({ lines: entries(6, 1) });
      await builder.chain('orders', 10).fill(1, 2);
      await builder.chain('a.b_c-D', 2147483647, 2 ** 53 - 3).fill(1, 1);
      return { builder };
    },
  },
  {
    name: 'good-gaps',
    about: 'Gap lines of every reason, one at the start of a segment, one at its end, two of one reason.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain();
      await chain.seal();
      const word = { by: 'J. Doe', why: 'outage of 2026-11-20, "ticket" 4711' };
      const gap = (offset: number, last: number, reason: 'compacted' | 'expired' | 'accepted') => ({ offset, last, reason, ...word });
      await chain.seal({
        lines: [
          transactionGap(0, 4), ...entries(4, 1), gap(5, 5, 'compacted'), gap(6, 99, 'expired'), ...entries(100, 1),
          gap(101, 110, 'accepted'), transactionGap(111, 1), gap(112, 2 ** 40, 'compacted'),
        ],
        linesPerBlock: 3,
      });
      await chain.seal({ lines: [gap(2 ** 40 + 1, 2 ** 40 + 2, 'accepted')] });
      return { builder };
    },
  },
  { name: 'good-gzip', about: 'Blocks of gzip.', codes: [], make: written({ encoding: 'gzip', lines: entries(4, 9) }) },
  {
    name: 'good-zstd-blocks',
    about: 'Eleven blocks of zstd in one data object.',
    codes: [],
    make: written({ lines: entries(4, 21) }),
  },
  {
    name: 'good-p256',
    about: 'ECDSA P-256 signatures.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder({ signers: [signer('p', 'ecdsa-p256')] });
      await builder.chain().fill(3, 2);
      return { builder };
    },
  },
  {
    name: 'good-key-rotation',
    about: 'Trust goes from an Ed25519 key over both to a P-256 key; only the first is pinned.',
    codes: [],
    make: async () => {
      const [old, next] = [signer('old'), signer('next', 'ecdsa-p256')];
      const builder = new ArchiveBuilder({ signers: [old, next] });
      const chain = builder.chain();
      await chain.seal({ signers: [old] });
      await chain.seal({ signers: [old, next], lines: entries(0, 2) });
      await chain.seal({ signers: [next], lines: entries(2, 2) });
      return { builder };
    },
  },
  {
    name: 'good-pinned-for-one-chain',
    about: 'The pinned key is named with the chain’s origin.',
    codes: [],
    make: async () => {
      const { builder, chain } = await archive();
      return { builder, trusted: [encodeVkey(archiveKey(signer(), chain.origin))] };
    },
  },
  {
    name: 'good-witness',
    about: 'A signature of a key that nobody knows, beside the log’s: it is ignored.',
    codes: [],
    make: written({ note: witnessed }),
  },
  {
    name: 'good-anchored-as-before',
    about: 'The source was not confirmed again since the segment before.',
    codes: [],
    make: written({ manifest: (m) => ({ ...m, time: { ...m.time, anchored: '2026-11-22T10:01:59.000Z' } }) }),
  },
  {
    name: 'good-continued-chain',
    about: 'A chain that goes on from another one of the same topic.',
    codes: [],
    make: async () => ({ builder: (await handedOver()).builder }),
  },
  {
    name: 'good-continued-anew',
    about: 'A chain of a topic of the same name and without an id that starts before the older one’s end, as one that was created anew does.',
    codes: [],
    make: async () => ({ builder: (await handedOver({}, 0)).builder }),
  },
  {
    name: 'good-records-of-all-kinds',
    about: 'Tombstones, headers, bytes that are no text, the ends of the timestamps, and text that looks like a line.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain();
      await chain.seal();
      await chain.seal({ lines: oddRecords, linesPerBlock: 5 });
      return { builder };
    },
  },
  {
    name: 'good-file',
    about: 'A chain whose source is a file: offsets are line numbers, the timestamp is -1.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain('login.jsonl');
      const source = { kind: 'file', name: 'login.jsonl', partition: 0 } as const;
      await chain.seal({ source });
      const lines = ['{"a":1}', '', 'plain', '{"a":1}\r'].map((line, i) => record(i, { timestamp: -1n, value: utf8(line) }));
      await chain.seal({ source, lines });
      return { builder };
    },
  },
  {
    name: 'good-longer-locks',
    about: 'A lock that lasts longer than its manifest says.',
    codes: [],
    make: spoilt((s) => s.builder.archive.setLock(dataOf(s, 2), { mode: 'COMPLIANCE', untilMs: START_MS + 20 * YEAR_MS })),
  },
  {
    name: 'good-grown-since',
    about: 'The chain has grown since the checkpoint that the user kept.',
    codes: [],
    make: spoilt((s): Partial<Made> => ({ since: [s.built[1]?.note ?? new Uint8Array(0)] })),
  },
  {
    name: 'good-cut-tail',
    about: 'The last seal and its data are gone: an older state, which nothing in it can show.',
    codes: [],
    make: spoilt((s) => {
      s.builder.archive.remove(sealOf(s, 3));
      s.builder.archive.remove(dataOf(s, 3));
    }),
  },
];

/** Things to know, and alarms, that leave the verdict as it is. */
export const ODD_CASES: readonly ArchiveCase[] = [
  {
    name: 'odd-expired-after-a-second',
    about: 'A data object that is gone after its time, which ended a second after the seal.',
    codes: ['expired'],
    make: async () => {
      const spoiled = await archiveWith({ retentionMs: 1000 });
      spoiled.builder.archive.remove(dataOf(spoiled, 2));
      return { builder: spoiled.builder };
    },
  },
  {
    name: 'odd-delete-marker-after-the-end',
    about: 'A delete marker over data whose time is over, and one over data whose time is not.',
    codes: ['delete-marker'],
    make: async () => {
      const spoiled = await archiveWith({ retentionMs: 1000 });
      for (const sequence of [1, 2]) spoiled.builder.archive.marker(dataOf(spoiled, sequence));
      return { builder: spoiled.builder };
    },
  },
  {
    name: 'odd-delete-marker-where-expired-data-was',
    about: 'A delete marker where data is gone after its time.',
    codes: ['expired'],
    make: async () => {
      const spoiled = await archiveWith({ retentionMs: 1000 });
      spoiled.builder.archive.remove(dataOf(spoiled, 2));
      spoiled.builder.archive.marker(dataOf(spoiled, 2));
      return { builder: spoiled.builder };
    },
  },
  {
    name: 'odd-no-locks',
    about: 'A store without locks.',
    codes: ['locks-not-applicable'],
    make: spoilt((): Partial<Made> => ({ locks: 'none-at-all' })),
  },
  {
    name: 'odd-delete-markers',
    about: 'Delete markers over a seal, over data, over a key and where the next seal will be.',
    codes: ['delete-marker'],
    make: spoilt((s) => {
      const { archive: objects } = s.builder;
      const key = objects.keys().find((each) => each.startsWith('keys/')) ?? '';
      for (const each of [sealOf(s, 1), dataOf(s, 2), key, sealKey('orders', 0, 4)]) objects.marker(each);
    }),
  },
  {
    name: 'odd-extra-versions',
    about: 'Later versions of a seal and of data: junk, and a copy of itself.',
    codes: ['extra-version'],
    make: spoilt((s) => {
      const { archive: objects } = s.builder;
      objects.put(sealOf(s, 2), utf8('not a seal'));
      objects.put(dataOf(s, 2), objects.bytesOf(dataOf(s, 2)) ?? new Uint8Array(0));
    }),
  },
  {
    name: 'odd-foreign-objects',
    about: 'Objects at keys that are none of the format’s.',
    codes: ['foreign-object'],
    make: spoilt((s) => {
      const keys = [
        'readme.txt', 'seals/readme.txt', 'seals/topic=orders/partition=00/000000000000.tlog-proof',
        'seals/topic=orders/partition=0/2.tlog-proof', 'data/topic=orders/partition=0/date=2026-13-01/x',
        `data/topic=orders/partition=0/date=2026-11-22/000000000002-${'b'.repeat(64)}.jsonl`,
        'keys/spare.vkey', 'FORMAT.md', 'seals/topic=junk/partition=0/junk',
      ];
      for (const key of keys) s.builder.archive.put(key, utf8('anything'));
    }),
  },
  {
    name: 'odd-foreign-day',
    about: 'A data object’s key with a day that no calendar has.',
    codes: ['foreign-object'],
    make: spoilt((s) => {
      s.builder.archive.put(`data/topic=orders/partition=0/date=2026-02-30/000000000002-${'b'.repeat(64)}.jsonl.zst`, utf8('anything'));
    }),
  },
  {
    name: 'odd-lost-race',
    about: 'A data object of a writer that lost its race.',
    codes: ['unreferenced-object'],
    make: spoilt((s) => {
      s.builder.archive.put(`data/topic=orders/partition=0/date=2026-11-22/000000000002-${'b'.repeat(64)}.jsonl.zst`, utf8('anything'));
    }),
  },
  {
    name: 'good-imported',
    about: 'Imported history: a segment without lines, a statement, records with times of their own, and no seal for long (3.16, 9.4.6).',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain('import.old');
      const source = { kind: 'file', name: 'import.old', partition: 0 } as const;
      await chain.seal({ source, lines: [] });
      const header = { name: utf8('ledgerstone'), value: utf8('import') };
      const of = (offset: number, timestamp: bigint, value: string) => ({
        ...{ offset, timestamp, timestampType: 'create' as const, key: null, headers: [], value: utf8(value) },
      });
      const lines = [
        { ...of(0, BigInt(START_MS), '{"format":"ledgerstone/import/1"}'), headers: [header] },
        of(1, 1_577_934_245_000n, '{"t":"2020-01-02T03:04:05Z"}'),
        of(2, -1n, 'no time'),
      ];
      await chain.seal({ source, lines });
      return { builder, staleAfterMs: 60_000, nowMs: NOW_MS };
    },
  },
  {
    name: 'odd-stale-import-of-kafka',
    about: 'A topic of Kafka whose name begins as that of imported history goes stale like any other (9.4.6).',
    codes: ['stale-chain'],
    make: async () => {
      const builder = new ArchiveBuilder();
      await builder.chain('import.old').fill(1, 2);
      return { builder, staleAfterMs: 60_000, nowMs: NOW_MS };
    },
  },
  {
    name: 'odd-stale',
    about: 'A chain without a seal for longer than the user allows.',
    codes: ['stale-chain'],
    make: spoilt((): Partial<Made> => ({ staleAfterMs: 60_000, nowMs: NOW_MS })),
  },
  {
    name: 'odd-junk-behind-continued-chain',
    about: 'What stopped the older chain: junk at its next seal’s key.',
    codes: ['foreign-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      builder.archive.put(sealKey('orders', 0, older.manifests.length), utf8('junk'));
      return { builder };
    },
  },
  {
    name: 'odd-untrusted-seal-behind-continued-chain',
    about: 'A well-made seal at the older chain’s next key, by a key that nobody trusts.',
    codes: ['foreign-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      const stolen = Object.assign(older.copy(), { builder: new ArchiveBuilder({ signers: [signer('thief')] }) });
      const { sealKey: key } = await stolen.seal();
      builder.archive.put(key, stolen.builder.archive.bytesOf(key) as Uint8Array);
      return { builder };
    },
  },
];

