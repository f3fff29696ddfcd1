// Which frozen archives show a rule that two careful readers could have read in two ways?
import { concatBytes, utf8, utf8Text } from '../../src/base/bytes.ts';
import { encodeEntry } from '../../src/format/line-writer.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, type ChainBuilder, entries, NOW_MS, signer, START_MS, YEAR_MS } from '../support/archive-builder.ts';
import {
  type ArchiveCase, archiveWith, dataOf, handedOver, headOf, type Made, sealOf, spoilSignature, spoilt,
  withoutLastSignature, written, zstdFrame,
} from './archive-cases.ts';

/** The checkpoint of a chain that went another way after `size` segments. */
const forkAt = async (chain: ChainBuilder, size: number, words: Parameters<ChainBuilder['seal']>[0] = {}) => {
  const builder = new ArchiveBuilder({ origin: chain.builder.origin });
  const fork = Object.assign(chain.copy(), { builder, manifests: chain.manifests.slice(0, size) });
  return (await fork.seal({ lines: entries(fork.nextOffset, 3), ...words })).note;
};

const withSpoiltLine = (note: Uint8Array): Uint8Array => {
  const line = utf8Text(spoilSignature(note)).trimEnd().split('\n').at(-1);
  return utf8(`${utf8Text(note)}${line}\n`);
};

const longLines = entries(4, 20);
const longContent = concatBytes(...longLines.flatMap((record) => [encodeEntry(record), utf8('\n')]));

const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;

const CONTINUED_CASES: readonly ArchiveCase[] = [
  {
    name: 'good-continued-file-anew',
    about: 'A chain of a file of the same name that starts before the older one’s end: no id tells it from another.',
    codes: [],
    make: async () => {
      const builder = new ArchiveBuilder();
      const source = { kind: 'file', name: 'login.jsonl', partition: 0 } as const;
      const older = builder.chain('login');
      await older.seal({ source, lines: entries(0, 4) });
      await builder.chain('login-2', 0, 1).seal({ source, continues: headOf(older) });
      return { builder };
    },
  },
  {
    name: 'bad-continued-earlier',
    about: 'A chain of the same topic, by its id, that starts before the older one’s end.',
    codes: ['offset-gap'],
    make: async () => {
      const builder = new ArchiveBuilder();
      const source = { kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: 'AAAAAAAAQACAAAAAAAAAAQ', partition: 0 } as const;
      const older = builder.chain('orders');
      await older.seal({ source, lines: entries(0, 4) });
      await builder.chain('orders-2', 0, 3).seal({ source, continues: headOf(older) });
      return { builder };
    },
  },
  {
    name: 'bad-continued-gone',
    about: 'Nothing is left of the continued chain.',
    codes: ['truncation'],
    make: async () => ({
      builder: (await handedOver({ origin: 'audit.example.com/prod/payments/0', size: 10 ** 12 })).builder,
    }),
  },
  {
    name: 'bad-continued-gone-alone',
    about: 'Nothing is left of the continued chain, and the one that continues it is the only one: the archive is cut, too.',
    codes: ['truncation'],
    make: async () => {
      const older = new ArchiveBuilder().chain('orders');
      await older.fill(1, 2);
      const builder = new ArchiveBuilder();
      await builder.chain('orders-2', 0, older.nextOffset).seal({ continues: headOf(older) });
      return { builder };
    },
  },
  {
    name: 'bad-continued-size-of-no-chain',
    about: 'A chain that continues another at a size that no chain can have.',
    codes: ['truncation'],
    make: async () => ({ builder: (await handedOver({ size: 2 ** 53 - 1 })).builder }),
  },
  {
    name: 'bad-junk-behind-badly-continued-chain',
    about: 'Junk at the next key of a chain, and the first seal of the one that continues it is not rightly signed: its word excuses nothing.',
    codes: ['bad-signature', 'malformed'],
    make: async () => {
      const { builder, older } = await handedOver();
      builder.archive.put(sealKey('orders', 0, older.manifests.length), utf8('junk'), LOCK);
      builder.archive.alter(sealKey('orders-2', 0, 0), spoilSignature);
      return { builder };
    },
  },
  {
    name: 'bad-junk-behind-chain-continued-elsewhere',
    about: 'Junk at the next key of a chain; the seal that continues it lies at a key of another chain than its own.',
    codes: ['malformed'],
    make: async () => {
      const { builder, older } = await handedOver();
      const objects = builder.archive;
      const first = objects.bytesOf(sealKey('orders-2', 0, 0)) as Uint8Array;
      for (const key of objects.keys()) if (key.includes('topic=orders-2/')) objects.remove(key);
      objects.put(sealKey('elsewhere', 0, 0), first, LOCK);
      objects.put(sealKey('orders', 0, older.manifests.length), utf8('junk'), LOCK);
      return { builder };
    },
  },
  {
    name: 'bad-both-chains-go-on',
    about: 'The older chain goes on too, behind the size at which another continues it.',
    codes: ['fork'],
    make: async () => {
      const { builder, older } = await handedOver();
      await older.seal({ lines: entries(4, 1) });
      await older.seal({ lines: entries(5, 1) });
      return { builder };
    },
  },
  {
    name: 'odd-own-seal-behind-continued-chain',
    about: 'A copy of the older chain’s own last seal at its next key.',
    codes: ['foreign-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      const last = builder.archive.bytesOf(sealKey('orders', 0, older.manifests.length - 1)) as Uint8Array;
      builder.archive.put(sealKey('orders', 0, older.manifests.length), last, LOCK);
      return { builder };
    },
  },
  {
    name: 'odd-seal-of-other-chain-behind-continued-chain',
    about: 'A good seal of another chain, of the same sequence and by the same key, at the older chain’s next key.',
    codes: ['foreign-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      const built = await builder.chain('payments').fill(2, 1);
      const other = builder.archive.bytesOf(built[2]?.sealKey ?? '') as Uint8Array;
      builder.archive.put(sealKey('orders', 0, older.manifests.length), other, LOCK);
      return { builder };
    },
  },
  {
    name: 'odd-half-signed-behind-continued-chain',
    about: 'A seal at the older chain’s next key that names two keys, of which one did not sign.',
    codes: ['foreign-object'],
    make: async () => {
      const { builder, older } = await handedOver();
      await older.seal({ signers: [signer(), signer('second')], note: withoutLastSignature });
      return { builder };
    },
  },
  {
    name: 'good-continued-long-ago',
    about: 'The older chain’s last seal is further back than the user allows; the one that continues it has a newer one.',
    codes: [],
    make: async () => {
      const { builder, newer } = await handedOver();
      const source = { kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: null, partition: 0 } as const;
      await newer.seal({ source, sealedMs: NOW_MS - 1000 });
      return { builder, staleAfterMs: 60_000, nowMs: NOW_MS };
    },
  },
  {
    name: 'bad-hole-behind-continued-chain',
    about: 'A good seal of the older chain behind the size at which another continues it, and a hole before it.',
    codes: ['sequence-gap'],
    make: async () => {
      const { builder, older } = await handedOver();
      const { sealKey: hole } = await older.seal();
      await older.seal();
      builder.archive.remove(hole);
      return { builder };
    },
  },
  {
    name: 'bad-root-behind-continued-chain',
    about: 'A trusted key signed another root for the older chain behind the size at which another continues it.',
    codes: ['root-mismatch'],
    make: async () => {
      const { builder, older } = await handedOver();
      await older.seal({ root: (root) => root.map((byte) => byte ^ 1) });
      return { builder };
    },
  },
];

const KEPT_CASES: readonly ArchiveCase[] = [
  {
    name: 'bad-kept-checkpoint-of-earlier-key',
    about: 'The kept checkpoint is signed by a key that the chain trusted once and has given up before that size.',
    codes: ['fork'],
    make: async () => {
      const [old, next, thief] = [signer('old'), signer('next'), signer('thief')];
      const builder = new ArchiveBuilder({ signers: [old, next, thief] });
      const chain = builder.chain();
      await chain.seal({ signers: [old] });
      await chain.seal({ signers: [old, next] });
      await chain.seal({ signers: [next, thief] });
      await chain.seal({ signers: [thief] });
      return { builder, since: [await forkAt(chain, 3, { signers: [next] })] };
    },
  },
  {
    name: 'bad-kept-checkpoint-of-later-key',
    about: 'The kept checkpoint is signed by a key that the chain did not trust before that size.',
    codes: ['unknown-key'],
    make: async () => {
      const [old, next] = [signer('old'), signer('next')];
      const builder = new ArchiveBuilder({ signers: [old, next] });
      const chain = builder.chain();
      for (const signers of [[old], [old], [old, next], [next]]) await chain.seal({ signers });
      return { builder, since: [await forkAt(chain, 1, { signers: [next] })] };
    },
  },
  {
    name: 'bad-kept-checkpoint-with-bad-line',
    about: 'A kept checkpoint that contradicts the chain; of the trusted key’s two signature lines one is not over it.',
    codes: ['unknown-key'],
    make: spoilt(async (s): Promise<Partial<Made>> => ({ since: [await forkAt(s.chain, 2, { note: withSpoiltLine })] })),
  },
  {
    name: 'good-kept-checkpoint-with-bad-line',
    about: 'A kept checkpoint that the chain bears out; whether its signatures are valid is not asked.',
    codes: [],
    make: spoilt((s): Partial<Made> => ({ since: [spoilSignature(s.built[2]?.note as Uint8Array)] })),
  },
  {
    name: 'bad-kept-checkpoint-of-other-archive',
    about: 'A kept checkpoint of another archive’s chain of the same name, by a key that is pinned for that archive.',
    codes: ['truncation'],
    make: spoilt(async (s): Promise<Partial<Made>> => {
      const other = new ArchiveBuilder({ origin: 'audit.example.com/other' });
      const { note } = await other.chain().seal();
      return { since: [note], trusted: [...s.builder.trusted, ...other.trusted].map(encodeVkey) };
    }),
  },
  {
    name: 'bad-kept-checkpoint-of-unpinned-archive',
    about: 'The same, and no key is pinned for that archive.',
    codes: ['unknown-key'],
    make: spoilt(async (): Promise<Partial<Made>> => {
      const other = new ArchiveBuilder({ origin: 'audit.example.com/other' });
      const { note } = await other.chain().seal();
      return { since: [note] };
    }),
  },
  {
    name: 'bad-kept-checkpoint-in-hole',
    about: 'The seal that the kept checkpoint was taken from is missing; the chain is no shorter for that.',
    codes: ['sequence-gap', 'unreferenced-object'],
    make: spoilt((s): Partial<Made> => {
      s.builder.archive.remove(sealOf(s, 2));
      return { since: [s.built[2]?.note as Uint8Array] };
    }),
  },
  {
    name: 'bad-kept-checkpoint-at-malformed-seal',
    about: 'The last seal, which the kept checkpoint was taken from, is malformed; the chain is no shorter for that.',
    codes: ['malformed', 'unreferenced-object'],
    make: spoilt((s): Partial<Made> => {
      s.builder.archive.alter(sealOf(s, 3), () => utf8('junk'));
      return { since: [s.built[3]?.note as Uint8Array] };
    }),
  },
];

const RETENTION_CASES: readonly ArchiveCase[] = [
  {
    name: 'bad-until-before-sealed',
    about: 'A data object that is gone, and by its manifest was never kept: the retention ended a second before the seal.',
    codes: ['malformed'],
    make: async () => {
      const manifestText = (text: string) => text.replace(/"until":"[^"]+"/, '"until":"2026-11-22T10:02:59Z"');
      const spoiled = await archiveWith({ manifestText });
      spoiled.builder.archive.remove(dataOf(spoiled, 2));
      return { builder: spoiled.builder };
    },
  },
];

const KEY_AND_BLOCK_CASES: readonly ArchiveCase[] = [
  {
    name: 'odd-foreign-year',
    about: 'A data object’s key with a day before 1970.',
    codes: ['foreign-object'],
    make: spoilt((s) => {
      s.builder.archive.put(`data/topic=orders/partition=0/date=1969-12-31/000000000002-${'b'.repeat(64)}.jsonl.zst`, utf8('anything'));
    }),
  },
  {
    name: 'odd-write-not-ended',
    about: 'What a directory’s writer leaves when it stops in the middle: in a bucket a foreign key, in a directory no object.',
    codes: ['foreign-object'],
    copy: ['locks-not-applicable'],
    make: spoilt((s) => {
      s.builder.archive.put(`.partial/4711-${'0f'.repeat(16)}.partial`, utf8('half'));
    }),
  },
  {
    name: 'odd-partial-of-other-name',
    about: 'Other names in that folder are foreign in a directory too.',
    codes: ['foreign-object'],
    make: spoilt((s) => {
      s.builder.archive.put('.partial/half', utf8('half'));
    }),
  },
  {
    name: 'bad-block-longer-than-window',
    about: 'A zstd frame with a window of 1 KiB and a stored block of more.',
    codes: ['block-mismatch'],
    make: written({
      lines: longLines,
      linesPerBlock: longLines.length,
      block: () => zstdFrame(longContent, (size) => [0x80, 0, ...size]),
    }),
  },
];

export const RULE_CASES: readonly ArchiveCase[] = [
  ...CONTINUED_CASES, ...KEPT_CASES, ...RETENTION_CASES, ...KEY_AND_BLOCK_CASES,
];
