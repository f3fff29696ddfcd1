// Which frozen archives must no reader call verified? Chains, seals, trust, locks and what lies around them.
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, entries, NOW_MS, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import {
  type ArchiveCase, archiveWith, dataOf, flip, handedOver, type Made, sealOf, spoilSignature, spoilt,
  withoutLastSignature, written,
} from './archive-cases.ts';

const without = (pattern: RegExp) => (builder: ArchiveBuilder) => {
  for (const key of builder.archive.keys()) if (pattern.test(key)) builder.archive.remove(key);
};

export const BAD_CASES: readonly ArchiveCase[] = [
  {
    name: 'bad-signature-altered',
    about: 'One letter of a signature is another.',
    codes: ['bad-signature'],
    make: written({ note: spoilSignature }),
  },
  {
    name: 'bad-signature-missing',
    about: 'Two keys in the manifest, of which one did not sign.',
    codes: ['bad-signature'],
    make: written({ signers: [signer(), signer('second')], note: withoutLastSignature }, false),
  },
  {
    name: 'bad-signature-of-pinned-key',
    about: 'The chain went over to another key; then a signature line of the pinned key, which is not over this checkpoint.',
    codes: ['bad-signature'],
    make: async () => {
      const [old, next] = [signer('old'), signer('next')];
      const builder = new ArchiveBuilder({ signers: [old, next] });
      const chain = builder.chain();
      const first = await chain.seal({ signers: [old] });
      await chain.seal({ signers: [old, next] });
      const line = utf8Text(first.note).trimEnd().split('\n').at(-1);
      await chain.seal({ signers: [next], note: (note) => utf8(`${utf8Text(note)}${line}\n`) });
      return { builder };
    },
  },
  {
    name: 'bad-signed-by-stranger',
    about: 'The last seal names and is signed by a key that nobody introduced.',
    codes: ['unknown-key'],
    make: written({ signers: [signer('thief')] }, false),
  },
  {
    name: 'bad-other-key-pinned',
    about: 'A key of the same name is pinned, which never signed.',
    codes: ['unknown-key'],
    make: spoilt((): Partial<Made> => ({ trusted: [encodeVkey(archiveKey(signer('other')))] })),
  },
  {
    name: 'bad-other-name-pinned',
    about: 'The pinned key is the right one under the name of another archive, of which this one’s is a prefix.',
    codes: ['no-trusted-key'],
    make: spoilt((): Partial<Made> => ({ trusted: [encodeVkey(archiveKey(signer(), 'audit.example.com/production'))] })),
  },
  { name: 'bad-no-key-pinned', about: 'No key is pinned.', codes: ['no-trusted-key'], make: spoilt((): Partial<Made> => ({ trusted: [] })) },
  {
    name: 'bad-root',
    about: 'The signed root is not the root of the manifests.',
    codes: ['root-mismatch'],
    make: written({ root: flip(0) }),
  },
  {
    name: 'bad-path',
    about: 'The path has as many hashes as it must, one of them with another bit.',
    codes: ['root-mismatch'],
    make: async () => {
      const { builder, chain } = await archiveWith({});
      await chain.seal({ path: ([first, ...rest]) => [flip(5)(first as Uint8Array), ...rest] });
      return { builder };
    },
  },
  {
    name: 'bad-path-too-long',
    about: 'The path has one hash too many.',
    codes: ['malformed', 'unreferenced-object'],
    make: written({ path: (path) => [...path, new Uint8Array(32)] }),
  },
  {
    name: 'bad-previous',
    about: 'A manifest that goes on from another than the one before.',
    codes: ['previous-mismatch'],
    make: written({ manifest: (m) => ({ ...m, previous: '0'.repeat(64) }) }),
  },
  {
    name: 'bad-seal-missing',
    about: 'A seal in the middle is gone.',
    codes: ['sequence-gap', 'unreferenced-object'],
    make: spoilt((s) => s.builder.archive.remove(sealOf(s, 2))),
  },
  {
    name: 'bad-first-seal-missing',
    about: 'The first seal is gone.',
    codes: ['sequence-gap'],
    make: spoilt((s) => s.builder.archive.remove(sealOf(s, 0))),
  },
  {
    name: 'bad-all-seals-missing',
    about: 'Data objects without any seal.',
    codes: ['sequence-gap', 'unreferenced-object'],
    // Of no object are the locks asked but of the key's and the specification's, which have none either.
    make: spoilt((s) => without(/^seals/)(s.builder)),
  },
  {
    name: 'bad-seals-swapped',
    about: 'Two seals changed places.',
    codes: ['clock-backwards', 'count-mismatch', 'offset-gap', 'previous-mismatch', 'root-mismatch', 'sequence-gap'],
    make: spoilt((s) => {
      const { archive: objects } = s.builder;
      const [second, third] = [objects.bytesOf(sealOf(s, 2)), objects.bytesOf(sealOf(s, 3))];
      objects.alter(sealOf(s, 2), () => third as Uint8Array);
      objects.alter(sealOf(s, 3), () => second as Uint8Array);
    }),
  },
  {
    name: 'bad-seal-of-other-chain',
    about: 'The last seal is another chain’s of the same sequence.',
    codes: ['malformed', 'previous-mismatch', 'root-mismatch', 'unreferenced-object'],
    make: spoilt(async (s) => {
      const built = await s.builder.chain('others').fill(2, 4);
      const bytes = s.builder.archive.bytesOf(built[2]?.sealKey ?? '') as Uint8Array;
      s.builder.archive.alter(sealOf(s, 2), () => bytes);
    }),
  },
  {
    name: 'bad-chain-of-other-archive',
    about: 'A whole chain of another archive, whose key is pinned too.',
    codes: ['malformed'],
    make: spoilt(async (s): Promise<Partial<Made>> => {
      const other = new ArchiveBuilder({ origin: 'audit.example.com/other' });
      await other.chain('payments').fill(1, 1);
      for (const key of other.archive.keys().filter((each) => each.includes('topic=payments'))) {
        s.builder.archive.put(key, other.archive.bytesOf(key) as Uint8Array, { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
      }
      return { trusted: [...s.builder.trusted, ...other.trusted].map(encodeVkey) };
    }),
  },
  {
    name: 'bad-junk-at-next-seal',
    about: 'Junk where the next seal would be, and no other chain goes on.',
    codes: ['malformed'],
    make: spoilt((s) => s.builder.archive.put(sealKey('orders', 0, 4), utf8('junk'), { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS })),
  },
  {
    name: 'bad-other-source',
    about: 'Another source from the middle of a chain on.',
    codes: ['malformed'],
    make: written({ source: { kind: 'file', name: 'orders', partition: 0 } }, false),
  },
  {
    name: 'bad-clock',
    about: 'Sealed before the seal before.',
    codes: ['clock-backwards'],
    make: written({ sealedMs: START_MS }),
  },
  {
    name: 'bad-manifest-spelling',
    about: 'A space in a manifest. Its data is then data that no manifest speaks of.',
    codes: ['malformed', 'unreferenced-object'],
    make: written({ manifestText: (text) => text.replace('"sequence":2', '"sequence": 2') }),
  },
  {
    name: 'bad-offsets-skipped-between',
    about: 'A segment that starts two offsets after the end of the one before.',
    codes: ['offset-gap'],
    make: written({
      lines: entries(6, 4),
      manifest: (m) => ({ ...m, records: { ...m.records, firstOffset: 6, nextOffset: 10 } }),
    }),
  },
  {
    name: 'bad-records-before',
    about: 'The count of records before is not their sum.',
    codes: ['count-mismatch'],
    make: written({ manifest: (m) => ({ ...m, records: { ...m.records, before: 5 } }) }, false),
  },
  {
    name: 'bad-fork',
    about: 'The chain has another root at the size of the checkpoint that the user kept.',
    codes: ['fork'],
    make: async () => {
      const { builder, chain, built } = await archiveWith({}, false);
      const fork = chain.copy();
      Object.assign(fork, { builder: new ArchiveBuilder(), manifests: chain.manifests.slice(0, 2), nextOffset: 4, records: 4 });
      const { note } = await fork.seal({ lines: entries(4, 3) });
      return { builder, since: [note, built[1]?.note as Uint8Array] };
    },
  },
  {
    name: 'bad-rollback',
    about: 'The chain is shorter than the checkpoint that the user kept, and nothing is left of later segments.',
    codes: ['rollback'],
    make: spoilt((s): Partial<Made> => {
      without(/00000000003[-.]/)(s.builder);
      return { since: [s.built[3]?.note as Uint8Array] };
    }),
  },
  {
    name: 'bad-truncation',
    about: 'The same, with the data object of the seal that was cut off.',
    codes: ['truncation', 'unreferenced-object'],
    make: spoilt((s): Partial<Made> => {
      s.builder.archive.remove(sealOf(s, 3));
      return { since: [s.built[3]?.note as Uint8Array] };
    }),
  },
  {
    name: 'bad-chain-gone',
    about: 'Nothing is left of the chain of a checkpoint that the user kept.',
    codes: ['truncation'],
    make: spoilt(async (s): Promise<Partial<Made>> => {
      await s.builder.chain('payments').fill(1, 1);
      without(/topic=orders\//)(s.builder);
      return { since: [s.built[3]?.note as Uint8Array] };
    }),
  },
  {
    name: 'bad-kept-checkpoint-of-stranger',
    about: 'A checkpoint that no trusted key signed convicts nobody, and proves nothing.',
    codes: ['unknown-key'],
    make: spoilt(async (s): Promise<Partial<Made>> => {
      const thief = new ArchiveBuilder({ signers: [signer('thief')] });
      return { since: [(await thief.chain().fill(5, 1))[5]?.note as Uint8Array], builder: s.builder };
    }),
  },
  {
    name: 'bad-continued-root',
    about: 'A chain that says another root of the one that it continues.',
    codes: ['fork'],
    make: async () => ({ builder: (await handedOver({ root: 'c'.repeat(64) })).builder }),
  },
  {
    name: 'bad-continued-offset',
    about: 'A chain that says another next offset of the one that it continues.',
    codes: ['offset-gap'],
    make: async () => ({ builder: (await handedOver({ nextOffset: 3 }, 3)).builder }),
  },
  {
    name: 'bad-continued-later',
    about: 'A chain of the same topic that says the right next offset, and starts after it.',
    codes: ['offset-gap'],
    make: async () => ({ builder: (await handedOver({}, 6)).builder }),
  },
  {
    name: 'bad-continued-truncated',
    about: 'The continued chain has lost its last segment.',
    codes: ['truncation'],
    make: async () => {
      const { builder } = await handedOver();
      without(/topic=orders\/.*000000000001/)(builder);
      return { builder };
    },
  },
  {
    name: 'bad-continued-elsewhere',
    about: 'The continued chain is in another archive.',
    codes: ['unreadable'],
    make: async () => ({ builder: (await handedOver({ origin: 'audit.example.com/test/orders/0' })).builder }),
  },
  {
    name: 'bad-lock-missing',
    about: 'A data object without a lock.',
    codes: ['lock-missing'],
    make: spoilt((s) => s.builder.archive.setLock(dataOf(s, 2), null)),
  },
  {
    name: 'bad-seal-unlocked',
    about: 'A seal without a lock.',
    codes: ['lock-missing'],
    make: spoilt((s) => s.builder.archive.setLock(sealOf(s, 0), null)),
  },
  {
    name: 'bad-key-unlocked',
    about: 'A key without a lock.',
    codes: ['lock-missing'],
    make: spoilt((s) => s.builder.archive.setLock(s.builder.archive.keys().find((key) => key.startsWith('keys/')) ?? '', null)),
  },
  {
    name: 'bad-lock-mode',
    about: 'A lock that can be bypassed.',
    codes: ['mode-not-compliance'],
    make: spoilt((s) => s.builder.archive.setLock(dataOf(s, 2), { mode: 'GOVERNANCE', untilMs: START_MS + 9 * YEAR_MS })),
  },
  {
    name: 'bad-governance-promised',
    about: 'A manifest that promises no more than governance mode, and a lock that keeps that promise.',
    codes: ['mode-not-compliance'],
    make: async () => {
      const { builder, built } = await archiveWith({ manifest: (m) => ({ ...m, retention: { ...m.retention, mode: 'GOVERNANCE' } }) });
      builder.archive.setLock(built[2]?.dataKey ?? '', { mode: 'GOVERNANCE', untilMs: START_MS + 9 * YEAR_MS });
      return { builder };
    },
  },
  {
    name: 'bad-lock-short',
    about: 'A data object locked for less than its manifest says.',
    codes: ['retention-short'],
    make: spoilt((s) => s.builder.archive.setLock(dataOf(s, 2), { mode: 'COMPLIANCE', untilMs: NOW_MS + 1000 })),
  },
  {
    name: 'bad-locks-hidden',
    about: 'A store that does not show locks.',
    codes: ['locks-not-permitted'],
    make: spoilt((): Partial<Made> => ({ locks: 'hidden' })),
  },
  {
    name: 'bad-unreadable',
    about: 'A seal and a data object that the store lists and does not give.',
    codes: ['unreadable'],
    copy: ['locks-not-applicable'],
    make: spoilt((s): Partial<Made> => ({ unreadable: [sealOf(s, 0), dataOf(s, 2)] })),
  },
  {
    name: 'bad-no-chain',
    about: 'A key and a specification, and no chain.',
    codes: ['unreadable'],
    make: async () => ({ builder: new ArchiveBuilder() }),
  },
  {
    name: 'bad-specification',
    about: 'A specification that is not what its name says.',
    codes: ['data-altered'],
    make: spoilt((s) => s.builder.archive.alter(s.builder.archive.keys().find((key) => key.startsWith('FORMAT-')) ?? '', flip(0))),
  },
  {
    name: 'bad-key-object',
    about: 'Another key than its name says.',
    codes: ['data-altered'],
    make: spoilt((s) => {
      const other = utf8(`${encodeVkey(archiveKey(signer('other')))}\n`);
      s.builder.archive.alter(s.builder.archive.keys().find((key) => key.startsWith('keys/')) ?? '', () => other);
    }),
  },
  {
    name: 'bad-key-object-spelling',
    about: 'A key with a second LF.',
    codes: ['malformed'],
    make: spoilt((s) => {
      const key = s.builder.archive.keys().find((each) => each.startsWith('keys/')) ?? '';
      s.builder.archive.alter(key, (bytes) => new Uint8Array([...bytes, 10]));
    }),
  },
  {
    name: 'bad-key-object-name',
    about: 'The right key, named with the origin of another archive.',
    codes: ['malformed'],
    make: spoilt((s) => {
      const other = utf8(`${encodeVkey(archiveKey(signer(), 'audit.example.com/other'))}\n`);
      s.builder.archive.alter(s.builder.archive.keys().find((key) => key.startsWith('keys/')) ?? '', () => other);
    }),
  },
  {
    name: 'bad-many-things',
    about: 'Nothing stops at the first fault.',
    codes: ['block-mismatch', 'data-altered', 'delete-marker', 'foreign-object', 'lock-missing', 'sequence-gap'],
    make: spoilt((s) => {
      const { archive: objects } = s.builder;
      objects.remove(sealOf(s, 0));
      objects.alter(dataOf(s, 1), flip(-1));
      objects.setLock(dataOf(s, 3), null);
      objects.marker(sealOf(s, 3));
      objects.put('junk', utf8('junk'));
    }),
  },
];

