// Frozen archives with a governance chain: what it is, and which keys cover it. (FORMAT.md 2.7, 5.20, 6.16)
import { utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../src/format/chain.ts';
import { keyKey } from '../../src/format/paths.ts';
import { encodeVkey, spkiFingerprint } from '../../src/format/vkey.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { ArchiveBuilder, archiveKey, ORIGIN, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import { actLine, actMaker, CHARTER, GOVERNANCE_KEY, governedArchive, sealActs } from '../support/governed-archive.ts';
import type { ArchiveCase, Made } from './archive-cases.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;
const vkey = (of: Signer, origin: string) => encodeVkey(archiveKey(of, origin));
const LOG = () => vkey(signer(), ORIGIN);
const GOVERNANCE = () => vkey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN));
const BOTH = () => [LOG(), GOVERNANCE()];

/** An archive, its governance chain with a charter, and both keys pinned. */
async function governed(change: Partial<Made> = {}): Promise<Made> {
  const { builder } = await governedArchive();
  return { builder, trusted: BOTH(), ...change };
}

/** A first segment of a governance chain that breaks a rule of its own. */
async function badGovernance(words: Parameters<typeof sealActs>[2], options: { readonly partition?: number } = {}) {
  const builder = new ArchiveBuilder();
  await builder.chain().fill(1, 2);
  const chain = builder.chain(GOVERNANCE_CHAIN, options.partition ?? 0);
  await sealActs(chain, [await actMaker()(CHARTER)], words);
  return { builder, trusted: BOTH() };
}

/** The key's file below keys/, under a name. */
async function keyNamed(of: Signer, name: string): Promise<Made> {
  const made = await governed();
  const key = keyKey(spkiFingerprint(of.publicKey, sha256));
  made.builder.archive.remove(key);
  made.builder.archive.put(key, utf8(`${vkey(of, name)}\n`), LOCK);
  return made;
}

const CHAIN: readonly ArchiveCase[] = [
  {
    name: 'good-governance-chain',
    about: 'An archive with a governance chain, and a pinned key for each.',
    codes: [],
    make: () => governed(),
  },
  {
    name: 'bad-governance-source-kafka',
    about: 'A governance chain whose source is a topic of that name (5.20).',
    codes: ['malformed', 'unreferenced-object'],
    make: () =>
      badGovernance({
        isLawless: true,
        source: { kind: 'kafka', cluster: 'cluster-1', topic: GOVERNANCE_CHAIN, topicId: null, partition: 0 },
      }),
  },
  {
    name: 'bad-acts-in-another-chain',
    about: 'A chain of another name says that acts are its source (5.20).',
    codes: ['malformed'],
    make: async () => {
      const builder = new ArchiveBuilder();
      await builder.chain().seal({ isLawless: true, source: { kind: 'acts', partition: 0 } });
      return { builder };
    },
  },
  {
    name: 'bad-governance-partition-1',
    about: 'A governance chain in partition 1 (5.20).',
    codes: ['malformed', 'unreferenced-object'],
    make: () =>
      badGovernance({ isLawless: true, source: { kind: 'acts', partition: 1 } }, { partition: 1 }),
  },
  {
    name: 'bad-governance-gap',
    about: 'A gap in a governance chain: somebody leaves acts out by their word (5.20).',
    codes: ['malformed', 'unreferenced-object'],
    make: async () => {
      const gap = { offset: 1, last: 1, reason: 'accepted', by: 'Mallory', why: 'not needed' } as const;
      return badGovernance({ isLawless: true, lines: [actLine(0, await actMaker()(CHARTER)), gap] });
    },
  },
];

const KEYS: readonly ArchiveCase[] = [
  {
    name: 'bad-governance-without-its-key',
    about: 'The log’s key is pinned for the archive: it covers no governance chain (6.16).',
    codes: ['no-trusted-key'],
    make: () => governed({ trusted: [LOG()] }),
  },
  {
    name: 'bad-governance-by-log-key',
    about: 'The governance chain is sealed with the log’s key, which is pinned for the archive alone (6.16).',
    codes: ['no-trusted-key'],
    make: async () => {
      const { builder } = await governedArchive({ sealer: signer() });
      return { builder, trusted: [LOG()] };
    },
  },
  {
    name: 'bad-governance-by-log-key-beside',
    about: 'The governance chain is sealed with the log’s key, and its own key is pinned beside it.',
    codes: ['unknown-key'],
    make: async () => {
      const { builder } = await governedArchive({ sealer: signer() });
      return { builder, trusted: BOTH() };
    },
  },
  {
    name: 'bad-events-by-governance-key',
    about: 'A chain of events is sealed with the governance key, which covers nothing else (6.16).',
    codes: ['unknown-key'],
    make: async () => {
      const { builder } = await governedArchive();
      await builder.chain('payments').seal({ signers: [GOVERNANCE_KEY()] });
      return { builder, trusted: BOTH() };
    },
  },
  {
    name: 'bad-events-with-governance-key-alone',
    about: 'Only the governance key is pinned: no chain of events is covered (6.16).',
    codes: ['no-trusted-key'],
    make: () => governed({ trusted: [GOVERNANCE()] }),
  },
  {
    name: 'bad-events-below-governance-origin',
    about: 'Events in an archive whose origin is the governance chain’s, signed with the governance key (6.16).',
    codes: ['unknown-key'],
    make: async () => {
      const builder = new ArchiveBuilder({ origin: governanceOrigin(ORIGIN), signers: [GOVERNANCE_KEY()] });
      await builder.chain().fill(1, 2);
      return { builder, trusted: BOTH() };
    },
  },
  {
    name: 'good-key-of-governance-under-keys',
    about: 'A key below keys/ is named with the governance chain’s origin (2.7).',
    codes: [],
    make: () => keyNamed(GOVERNANCE_KEY(), governanceOrigin(ORIGIN)),
  },
  {
    name: 'bad-key-of-other-chain-under-keys',
    about: 'A key below keys/ is named with the origin of a chain of events (2.7).',
    codes: ['malformed'],
    make: () => keyNamed(signer('other'), `${ORIGIN}/orders/0`),
  },
  {
    name: 'bad-key-of-other-governance-under-keys',
    about: 'A key below keys/ is named with the governance chain of another archive (2.7).',
    codes: ['malformed'],
    make: () => keyNamed(signer('other'), governanceOrigin('audit.example.com/test')),
  },
];

export const GOVERNANCE_CASES: readonly ArchiveCase[] = [...CHAIN, ...KEYS];
