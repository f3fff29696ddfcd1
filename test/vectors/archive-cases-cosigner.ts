// Which frozen archives show what a cosigner alone reports? (FORMAT.md 9.3.10, 9.4.10)
import { entries, START_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, archiveWith, dataOf, handedOver, written } from './archive-cases.ts';

const WORD = { by: 'J. Doe', why: 'outage of 2026-11-20' } as const;

export const COSIGNER_CASES: readonly ArchiveCase[] = [
  {
    name: 'odd-expired-before-any-cosigner-read-it',
    about: 'Data that is gone after its time. A cosigner that never read it does not attest the chain.',
    codes: ['expired'],
    cosigner: { 'orders/0': ['expired', 'expired-unread'] },
    make: async () => {
      const spoiled = await archiveWith({ lines: entries(4, 4), retentionMs: 60_000 }, false);
      spoiled.builder.archive.remove(dataOf(spoiled, 2));
      return { builder: spoiled.builder, nowMs: START_MS + 3_600_000 };
    },
  },
  {
    name: 'good-records-lost',
    about: 'Two gaps that somebody accepted, of one segment: a cosigner tells people of them once.',
    codes: [],
    cosigner: { 'orders/0': ['records-lost'] },
    make: written({
      lines: [
        ...entries(4, 1),
        { offset: 5, last: 6, reason: 'expired', ...WORD },
        { offset: 7, last: 7, reason: 'accepted', ...WORD },
      ],
    }),
  },
  {
    name: 'good-records-compacted',
    about: 'A gap of compaction is no loss.',
    codes: [],
    cosigner: { 'orders/0': [] },
    make: written({ lines: [...entries(4, 1), { offset: 5, last: 6, reason: 'compacted', ...WORD }] }),
  },
  {
    name: 'good-continued-and-told-once',
    about: 'A chain that continues another: a cosigner tells people of it once.',
    codes: [],
    cosigner: { 'orders/0': [], 'orders-2/0': ['chain-continued'] },
    make: async () => ({ builder: (await handedOver()).builder }),
  },
];
