// Which frozen archives have hand-overs, locks or objects around the chains that no reader may call verified?
import { utf8 } from '../../src/base/bytes.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, NOW_MS, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, archiveWith, dataOf, flip, handedOver, type Made, sealOf, spoilt, without } from './archive-cases.ts';

export const STORE_CASES: readonly ArchiveCase[] = [
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
