// Which frozen archives have chains that go on from another archive's, which is shown beside them? (FORMAT.md 9.5.7)
import { utf8 } from '../../src/base/bytes.ts';
import type { Continues, SourceIdentity } from '../../src/format/manifest.ts';
import { ArchiveBuilder, type ChainBuilder, entries, signer } from '../support/archive-builder.ts';
import { type ArchiveCase, flip, headOf } from './archive-cases.ts';

const TOPIC = { kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: 'AAAAAAAAQACAAAAAAAAAAQ', partition: 0 } as const;
const NEW_ORIGIN = 'new.example.com/prod';
const newBuilder = (origin = NEW_ORIGIN, seed = 'new key') => new ArchiveBuilder({ origin, signers: [signer(seed)] });

/** `orders` with four records of that topic. */
async function older(builder = new ArchiveBuilder(), source: SourceIdentity = TOPIC): Promise<ChainBuilder> {
  const chain = builder.chain('orders');
  await chain.seal({ source });
  await chain.seal({ source, lines: entries(0, 4) });
  return chain;
}

type Adoption = {
  readonly builder?: ArchiveBuilder;
  readonly change?: Partial<Continues>;
  readonly firstOffset?: number;
  readonly source?: SourceIdentity;
};

/** `orders` of the new archive goes on from it, with two records. */
async function adopted(from: ChainBuilder, { builder = newBuilder(), change, firstOffset = from.nextOffset, source = TOPIC }: Adoption = {}) {
  const chain = builder.chain('orders', 0, firstOffset);
  await chain.seal({ source, continues: headOf(from, { reason: 'the company was sold', ...change }) });
  await chain.seal({ source, lines: entries(firstOffset, 2) });
  return { builder, chain };
}

export const SHOWN_CASES: readonly ArchiveCase[] = [
  {
    name: 'good-adopted',
    about: 'A chain goes on from one of another archive, which is shown, under another key and origin.',
    codes: [],
    make: async () => {
      const from = await older();
      return { builder: (await adopted(from)).builder, shown: [{ builder: from.builder, codes: [] }] };
    },
  },
  {
    name: 'good-adopted-twice-in-turn',
    about: 'A chain goes on from one of a second archive, and that one from one of a third: both are shown.',
    codes: [],
    make: async () => {
      const first = await older();
      const second = await adopted(first, { builder: newBuilder('second.example.com', 'second key') });
      const third = await adopted(second.chain);
      return { builder: third.builder, shown: [first.builder, second.builder].map((builder) => ({ builder, codes: [] })) };
    },
  },
  {
    name: 'good-adopted-and-told-once',
    about: 'A cosigner that is shown the older archive holds the new chain to it, and tells people once.',
    codes: [],
    cosigner: { 'orders/0': ['chain-continued'] },
    make: async () => {
      const from = await older();
      return { builder: (await adopted(from)).builder, shown: [{ builder: from.builder, codes: [] }] };
    },
  },
  {
    name: 'bad-adopted-root-cosigned',
    about: 'A cosigner that is shown the older archive finds that the new chain says another root of it.',
    codes: ['fork'],
    cosigner: { 'orders/0': ['fork'] },
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from, { change: { root: 'ab'.repeat(32) } });
      return { builder, shown: [{ builder: from.builder, codes: ['fork'] }] };
    },
  },
  {
    name: 'good-adopted-other-cluster',
    about: 'The topic lives in another cluster under the new owner: its offsets begin anew.',
    codes: [],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from, { firstOffset: 0, source: { ...TOPIC, cluster: 'cluster-2' } });
      return { builder, shown: [{ builder: from.builder, codes: [] }] };
    },
  },
  {
    name: 'odd-adopted-junk-behind',
    about: 'Junk at the key behind the end of the older chain, which another archive’s chain continues: it is foreign.',
    codes: [],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      const { sealKey } = await from.seal({ source: TOPIC });
      from.builder.archive.alter(sealKey, () => utf8('junk'));
      return { builder, shown: [{ builder: from.builder, codes: ['foreign-object'] }] };
    },
  },
  {
    name: 'bad-adopted-not-the-one-shown',
    about: 'The archive that is shown is a third one’s.',
    codes: ['unreadable'],
    make: async () => {
      const other = await older(newBuilder('other.example.com', 'other key'));
      const { builder } = await adopted(await older());
      return { builder, shown: [{ builder: other.builder, codes: [] }] };
    },
  },
  {
    name: 'bad-adopted-older-goes-on',
    about: 'The older owner’s archiver was not stopped: its chain went on behind the size at which the new one goes on.',
    codes: [],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      await from.seal({ source: TOPIC, lines: entries(4, 2) });
      return { builder, shown: [{ builder: from.builder, codes: ['fork'] }] };
    },
  },
  {
    name: 'bad-adopted-older-cut',
    about: 'The newest segment of the older chain was taken away since.',
    codes: ['truncation'],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      for (const key of from.builder.archive.keys()) if (key.includes('000000000001')) from.builder.archive.remove(key);
      return { builder, shown: [{ builder: from.builder, codes: ['truncation'] }] };
    },
  },
  {
    name: 'bad-adopted-root',
    about: 'The new chain says another root of the older one.',
    codes: ['fork'],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from, { change: { root: 'ab'.repeat(32) } });
      return { builder, shown: [{ builder: from.builder, codes: ['fork'] }] };
    },
  },
  {
    name: 'bad-adopted-offset-left-out',
    about: 'Of the same topic, the new chain begins behind the older one’s next offset.',
    codes: ['offset-gap'],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from, { firstOffset: 5 });
      return { builder, shown: [{ builder: from.builder, codes: [] }] };
    },
  },
  {
    name: 'bad-adopted-and-continued-there',
    about: 'Both a chain of its own archive and one of another continue one chain.',
    codes: ['fork'],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      await from.builder.chain('orders-2', 0, 4).seal({ source: TOPIC, continues: headOf(from) });
      return { builder, shown: [{ builder: from.builder, codes: ['fork'] }] };
    },
  },
  {
    name: 'bad-adopted-older-altered',
    about: 'In the older archive a byte was changed. The new one is whole.',
    codes: [],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      const key = from.builder.archive.keys().find((one) => one.startsWith('data/')) ?? '';
      from.builder.archive.alter(key, flip(20));
      return { builder, shown: [{ builder: from.builder, codes: ['data-altered', 'block-mismatch'] }] };
    },
  },
  {
    name: 'bad-adopted-signed-by-older-key',
    about: 'The new archive’s origin begins with the older one’s, whose key signs the new chain: that key is pinned for the older archive alone.',
    codes: ['unknown-key'],
    make: async () => {
      const from = await older();
      const builder = newBuilder(`${from.builder.origin}/emea`);
      const chain = builder.chain('orders', 0, from.nextOffset);
      await chain.seal({ source: TOPIC, continues: headOf(from), signers: [...from.builder.signers] });
      return { builder, shown: [{ builder: from.builder, codes: [] }] };
    },
  },
  {
    name: 'bad-adopted-older-signed-by-new-key',
    about: 'The older archive’s origin begins with the new one’s, whose key signed the older chain: that key is pinned for the new archive alone.',
    codes: [],
    make: async () => {
      const from = await older();
      const builder = newBuilder('audit.example.com');
      const stranger = from.builder.chain('payments');
      await stranger.seal({ signers: [...builder.signers] });
      await adopted(from, { builder });
      return { builder, shown: [{ builder: from.builder, codes: ['unknown-key'] }] };
    },
  },
  {
    name: 'bad-adopted-older-checkpoint-kept',
    about: 'A checkpoint of the older chain that the user kept is of more segments than the older archive has: it is compared there.',
    codes: [],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      const { note, sealKey } = await from.seal({ source: TOPIC });
      from.builder.archive.remove(sealKey);
      return { builder, since: [note], shown: [{ builder: from.builder, codes: ['rollback'] }] };
    },
  },
  {
    name: 'bad-adopted-from-newer-seen-as-older',
    about: 'The older archive is given, and the new one shown: its chain has ended, and has gone on all the same.',
    codes: ['fork'],
    make: async () => {
      const from = await older();
      const { builder } = await adopted(from);
      await from.seal({ source: TOPIC, lines: entries(4, 2) });
      return { builder: from.builder, shown: [{ builder, codes: [] }] };
    },
  },
];
