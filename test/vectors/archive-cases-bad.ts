// Which frozen archives have chains, seals or keys that no reader may call verified?
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, entries, NOW_MS, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import {
  type ArchiveCase, archiveWith, flip, type Made, sealOf, spoilSignature, spoilt, without,
  withoutLastSignature, written,
} from './archive-cases.ts';

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
    name: 'bad-clock-of-the-day-before',
    about: 'Sealed on the day before that of the seal before. Its data lies under that day, and is named by it all the same.',
    codes: ['clock-backwards'],
    make: written({ sealedMs: START_MS - 86_400_000 }),
  },
  {
    name: 'bad-anchored-backwards',
    about: 'Sealed in turn; its source was confirmed a millisecond before that of the segment before it.',
    codes: ['clock-backwards'],
    make: written({ manifest: (m) => ({ ...m, time: { ...m.time, anchored: '2026-11-22T10:01:58.999Z' } }) }),
  },
  {
    name: 'bad-anchored-after-seal',
    about: 'Its source was confirmed in the year 9999: the seal is malformed, and names no data.',
    codes: ['malformed', 'unreferenced-object'],
    make: written({ manifestText: (text) => text.replace(/"anchored":"[^"]+"/, '"anchored":"9999-12-31T23:59:59.999Z"') }),
  },
  {
    name: 'bad-checkpoint-of-no-chain',
    about: 'The first line of the checkpoint is no chain’s origin: the seal is malformed, and names no data.',
    codes: ['malformed', 'unreferenced-object'],
    make: written({
      seal: (bytes) => utf8(utf8Text(bytes).replace('\n\naudit.example.com/prod/orders/0\n', '\n\naudit.example.com\n')),
    }, false),
  },
  {
    name: 'bad-clock-ahead',
    about: 'Sealed a millisecond more than two minutes after now.',
    codes: ['clock-ahead'],
    make: written({ sealedMs: NOW_MS + 120_001 }),
  },
  {
    name: 'bad-clock-of-the-year-8000',
    about: 'Sealed in the year 8000, and the next segment behind it too.',
    codes: ['clock-ahead'],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain();
      await chain.seal();
      await chain.seal({ lines: entries(0, 1), sealedMs: Date.UTC(8000, 0) });
      await chain.seal({ lines: entries(1, 1), sealedMs: Date.UTC(8000, 0) });
      return { builder };
    },
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
];
