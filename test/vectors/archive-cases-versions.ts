// Which frozen archives were made by a later version of the format, and which only say so?
import { ArchiveBuilder, entries, type SegmentWords, signer } from '../support/archive-builder.ts';
import { type ArchiveCase, archiveWith, flip, type Made } from './archive-cases.ts';

/** A manifest as a later version may have it: of the members of this version nothing is left but the first. */
const later = (version: number | string) => (text: string) =>
  `{"format":"ledgerstone/segment/${version}","words":${JSON.stringify(text)}}`;

const ofLength = (bytes: number): string => {
  const start = '{"format":"ledgerstone/segment/2","x":"';
  return `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
};

const LATER: SegmentWords = { manifestText: later(2) };

const endsWith = (words: SegmentWords) => async (): Promise<Made> => {
  const { builder, chain } = await archiveWith({});
  await chain.seal({ lines: entries(chain.nextOffset, 2), ...words });
  return { builder };
};

export const VERSION_CASES: readonly ArchiveCase[] = [
  {
    name: 'bad-newer-format',
    about: 'The last segment is of version 2, signed by the log’s key: its data is data of a segment, and nobody tampered.',
    codes: ['newer-format'],
    make: endsWith(LATER),
  },
  {
    name: 'bad-newer-format-of-nine-digits',
    about: 'The same with the greatest version that there can be.',
    codes: ['newer-format'],
    make: endsWith({ manifestText: later(999_999_999) }),
  },
  {
    name: 'bad-newer-format-of-24-kib',
    about: 'The same with a manifest as long as one may be.',
    codes: ['newer-format'],
    make: endsWith({ manifestText: () => ofLength(24 * 1024) }),
  },
  {
    name: 'bad-newer-format-longer',
    about: 'A byte more: no later version changes that bound.',
    codes: ['malformed', 'unreferenced-object'],
    make: endsWith({ manifestText: () => ofLength(24 * 1024 + 1) }),
  },
  {
    name: 'bad-newer-format-from-the-start',
    about: 'A whole chain of version 2, beside one that is verified.',
    codes: ['newer-format'],
    make: async () => {
      const { builder } = await archiveWith({});
      const chain = builder.chain('payments');
      await chain.seal(LATER);
      await chain.seal({ ...LATER, lines: entries(0, 2) });
      return { builder };
    },
  },
  {
    name: 'bad-newer-format-of-next-key',
    about: 'Three segments of version 2; the last one is signed by a key that only a reader of version 2 can have met.',
    codes: ['newer-format'],
    make: async () => {
      const [old, next] = [signer(), signer('next')];
      const { builder, chain } = await archiveWith({});
      for (const signers of [[old], [old, next], [next]]) await chain.seal({ ...LATER, signers });
      return { builder };
    },
  },
  {
    name: 'bad-newer-format-in-the-middle',
    about: 'A segment of version 2, and after it one of version 1 again: what is between them can’t be told.',
    codes: ['newer-format'],
    make: async () => ({ builder: (await archiveWith(LATER)).builder }),
  },
  {
    name: 'bad-newer-format-long-ago',
    about: 'A chain that went on in version 2 is not stale by what version 1 can read of it.',
    codes: ['newer-format'],
    make: async () => ({ ...(await endsWith(LATER)()), staleAfterMs: 1 }),
  },
  {
    name: 'bad-newer-format-by-stranger',
    about: 'Anybody may put a seal there that says it is of version 2: without a signature of a trusted key it is junk.',
    codes: ['malformed', 'unreferenced-object'],
    make: endsWith({ ...LATER, signers: [signer('thief')] }),
  },
  {
    name: 'bad-newer-format-of-key-given-up',
    about: 'The same by the pinned key, which the chain has given up before.',
    codes: ['malformed'],
    make: async () => {
      const [old, next] = [signer('old'), signer('next')];
      const builder = new ArchiveBuilder({ signers: [old, next] });
      const chain = builder.chain();
      for (const signers of [[old], [old, next], [next]]) await chain.seal({ signers });
      await chain.seal({ ...LATER, signers: [old] });
      return { builder };
    },
  },
  {
    name: 'bad-newer-format-of-other-root',
    about: 'A manifest of version 2 under a root that it does not lead to.',
    codes: ['malformed', 'unreferenced-object'],
    make: endsWith({ ...LATER, root: flip(0) }),
  },
  {
    name: 'bad-newer-format-of-ten-digits',
    about: 'No version has ten digits.',
    codes: ['malformed', 'unreferenced-object'],
    make: endsWith({ manifestText: later('1000000000') }),
  },
  {
    name: 'bad-newer-format-zero',
    about: 'There was no version before the first.',
    codes: ['malformed', 'unreferenced-object'],
    make: endsWith({ manifestText: later(0) }),
  },
  {
    name: 'bad-newer-format-copied',
    about: 'A signed seal of version 2 at another sequence than its own.',
    codes: ['malformed', 'newer-format', 'sequence-gap'],
    make: async () => {
      const { builder, chain } = await archiveWith({});
      const { sealKey } = await chain.seal(LATER);
      const { archive } = builder;
      const lock = { mode: 'COMPLIANCE', untilMs: Date.parse('2036-01-01T00:00:00Z') } as const;
      archive.put(sealKey.replace('000000000004', '000000000006'), archive.bytesOf(sealKey) as Uint8Array, lock);
      return { builder };
    },
  },
];
