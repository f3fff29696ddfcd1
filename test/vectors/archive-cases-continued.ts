// Which frozen archives have chains that claim the same place in history, or continue what can't be looked at?
import { utf8 } from '../../src/base/bytes.ts';
import { sealKey } from '../../src/format/paths.ts';
import type { Continues, SourceIdentity } from '../../src/format/manifest.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, type ChainBuilder, entries, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, handedOver, headOf, type Made, without } from './archive-cases.ts';

const ORDERS = { kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: null, partition: 0 } as const;
const CERTAIN = { ...ORDERS, topicId: 'AAAAAAAAQACAAAAAAAAAAQ' } as const;
const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;
const FILE = { kind: 'file', name: 'orders', partition: 0 } as const;

/** Chains of the same source, each with its first offset and how many records follow. */
const sameSource = (source: SourceIdentity, ...ranges: readonly [first: number, count: number][]) => async (): Promise<Made> => {
  const builder = new ArchiveBuilder();
  for (const [index, [first, count]] of ranges.entries()) {
    const chain = builder.chain(`orders-${index + 1}`, 0, first);
    await chain.seal({ source });
    if (count > 0) await chain.seal({ source, lines: entries(first, count) });
  }
  return { builder };
};

/** A second chain that goes on from `older`, at the size and root that it has now. */
async function continueAgain(older: ChainBuilder, signers = [signer()]): Promise<void> {
  const chain = older.builder.chain('orders-3', 0, older.nextOffset);
  await chain.seal({ source: ORDERS, continues: headOf(older), signers });
  await chain.seal({ source: ORDERS, lines: entries(chain.nextOffset, 3), signers });
}

/** What lies at the key of the older chain is another archive's, whose key is pinned too. */
async function continuedOfOther(change: Partial<Continues>): Promise<Made> {
  const builder = new ArchiveBuilder();
  const other = new ArchiveBuilder({ origin: 'audit.example.com/test' });
  const older = other.chain('orders');
  for (const { sealKey: key, dataKey } of await older.fill(1, 4)) {
    for (const each of [key, dataKey]) {
      if (each !== null) builder.archive.put(each, other.archive.bytesOf(each) as Uint8Array, LOCK);
    }
  }
  const newer = builder.chain('orders-2', 0, 4);
  const origin = `${builder.origin}/orders/0`;
  await newer.seal({ source: ORDERS, continues: headOf(older, { origin, ...change }) });
  return { builder, trusted: [...builder.trusted, ...other.trusted].map(encodeVkey) };
}

export const CONTINUED_CASES: readonly ArchiveCase[] = [
  {
    name: 'bad-continued-twice',
    about: 'Two chains continue the same chain at the same size and root.',
    codes: ['fork'],
    make: async () => {
      const { builder, older } = await handedOver();
      await continueAgain(older);
      return { builder };
    },
  },
  {
    name: 'bad-continued-twice-at-two-sizes',
    about: 'Two chains continue the same chain, one of them before its end: the older chain’s last seal lies behind that.',
    codes: ['fork'],
    make: async () => {
      const builder = new ArchiveBuilder();
      const older = builder.chain('orders');
      await older.fill(1, 4);
      await continueAgain(older);
      await older.seal({ lines: entries(4, 1) });
      const newer = builder.chain('orders-2', 0, 5);
      await newer.seal({ source: ORDERS, continues: headOf(older) });
      return { builder };
    },
  },
  {
    name: 'bad-junk-between-two-continuations',
    about: 'Two chains continue the same chain at two sizes. Junk lies behind the lesser one: as if the key were free, so that the chain is shorter than the other one says.',
    codes: ['foreign-object', 'fork', 'truncation', 'unreadable'],
    make: async () => {
      const builder = new ArchiveBuilder();
      const older = builder.chain('orders');
      await older.fill(1, 4);
      await continueAgain(older);
      const { sealKey: key } = await older.seal();
      const newer = builder.chain('orders-2', 0, 4);
      await newer.seal({ source: ORDERS, continues: headOf(older) });
      builder.archive.alter(key, () => utf8('junk'));
      return { builder };
    },
  },
  {
    name: 'bad-continued-of-other-origin',
    about: 'A chain says that it continues a chain of its archive, with the root of what lies there: a chain of another archive.',
    codes: ['malformed', 'truncation'],
    make: () => continuedOfOther({}),
  },
  {
    name: 'bad-continued-of-other-origin-and-root',
    about: 'The same with another root.',
    codes: ['malformed', 'truncation'],
    make: () => continuedOfOther({ root: 'ab'.repeat(32) }),
  },
  {
    name: 'bad-continued-at-other-seal',
    about: 'At the sequence that a chain says it goes on from lies a copy of an earlier seal: its word can’t be checked.',
    codes: ['sequence-gap', 'unreadable'],
    mayAlso: ['clock-backwards', 'count-mismatch', 'offset-gap', 'previous-mismatch', 'root-mismatch', 'malformed'],
    make: async () => {
      const builder = new ArchiveBuilder();
      const older = builder.chain('orders');
      const first = await older.seal();
      const { sealKey: key } = await older.seal();
      await builder.chain('orders-2').seal({ source: ORDERS, continues: headOf(older) });
      builder.archive.alter(key, () => builder.archive.bytesOf(first.sealKey) as Uint8Array);
      return { builder };
    },
  },
  {
    name: 'bad-first-seal-unreadable',
    about: 'The first seal of one of two chains can’t be read: nobody knows whether it continues the other. The fault is that chain’s alone.',
    codes: ['unreadable'],
    copy: null,
    make: async () => {
      const { builder } = await handedOver();
      return { builder, unreadable: [sealKey('orders-2', 0, 0)] };
    },
  },
  {
    name: 'bad-continued-by-stranger-too',
    about: 'Besides the chain that continues another, one that nobody trusts says the same: it has no say.',
    codes: ['unknown-key'],
    make: async () => {
      const { builder, older } = await handedOver();
      await continueAgain(older, [signer('thief')]);
      return { builder };
    },
  },
  {
    name: 'bad-continued-at-malformed-seal',
    about: 'The seal that a chain says it goes on from is malformed: that is the older chain’s fault, and the newer one’s word can’t be checked.',
    codes: ['malformed', 'unreadable', 'unreferenced-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      builder.archive.alter(sealKey('orders', 0, older.manifests.length - 1), () => utf8('junk'));
      return { builder };
    },
  },
  {
    name: 'bad-continued-at-hole',
    about: 'The seal that a chain says it goes on from is missing, and a good one lies behind it.',
    codes: ['sequence-gap', 'truncation', 'unreferenced-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      await older.seal();
      builder.archive.remove(sealKey('orders', 0, 1));
      return { builder };
    },
  },
  {
    name: 'bad-continued-without-seals',
    about: 'Of the chain that another continues only a data object is left.',
    codes: ['sequence-gap', 'truncation', 'unreferenced-object'],
    make: async () => {
      const { builder } = await handedOver();
      without(/^seals\/topic=orders\//)(builder);
      return { builder };
    },
  },
  {
    name: 'bad-same-source-twice',
    about: 'Two chains hold the same offsets of one topic, by its id, and neither continues the other.',
    codes: ['source-overlap'],
    make: sameSource(CERTAIN, [0, 4], [3, 4]),
  },
  {
    name: 'bad-same-source-thrice',
    about: 'One chain of a topic covers what two others hold.',
    codes: ['source-overlap'],
    make: sameSource(CERTAIN, [0, 9], [2, 2], [5, 2]),
  },
  {
    name: 'good-same-source-in-turn',
    about: 'Two chains of one topic whose offsets meet, and one without any: nothing is held twice.',
    codes: [],
    make: sameSource(CERTAIN, [0, 4], [4, 4], [2, 0]),
  },
  {
    name: 'good-same-name-without-id',
    about: 'Two chains of a topic of one name and no id: it may have been created anew.',
    codes: [],
    make: sameSource(ORDERS, [0, 4], [0, 4]),
  },
  {
    name: 'good-same-file-name',
    about: 'Two files of one name.',
    codes: [],
    make: sameSource(FILE, [0, 4], [0, 4]),
  },
  {
    name: 'good-same-topic-of-other-id',
    about: 'A topic that was created anew, by its id.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      for (const [name, topicId] of [['orders-1', CERTAIN.topicId], ['orders-2', 'AAAAAAAAQACAAAAAAAAAAg']] as const) {
        const chain = builder.chain(name);
        await chain.seal({ source: { ...ORDERS, topicId }, lines: entries(0, 3) });
      }
      return { builder };
    },
  },
];
