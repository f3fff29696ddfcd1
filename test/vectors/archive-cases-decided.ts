// Frozen archives that are, or are not, as people decided. (FORMAT.md 13.5, 13.6)
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { type Continues, untilText } from '../../src/format/manifest.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../src/format/chain.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { archiveKey, type BuiltSegment, entries, ORIGIN, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import {
  actMaker,
  APPROVER,
  type Asked,
  CHARTER,
  GOVERNANCE_KEY,
  type Governed,
  governedArchive,
  junkAct,
  OFFICER,
  person,
  sealActs,
} from '../support/governed-archive.ts';
import { type ArchiveCase, headOf, type Made } from './archive-cases.ts';

const HOUR_MS = 3_600_000;
const LATER_MS = START_MS + 3 * HOUR_MS;
const TWO_DAYS_MS = START_MS + 48 * HOUR_MS;
const LOG = encodeVkey(archiveKey(signer()));
const TRUSTED = [LOG, encodeVkey(archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN)))];
const ALL = [{ chain: 'orders', partition: 0, from: 0, to: null }];

const PLACE = { kind: 'hold.place', detail: { case: 'C-1', segments: ALL } } as const satisfies Asked;
const RELEASE = { kind: 'hold.release', detail: { case: 'C-1' } } as const satisfies Asked;
const extend = (untilMs: number) =>
  ({ kind: 'retention.extend', detail: { segments: ALL, until: untilText(untilMs) } }) as const satisfies Asked;
const RETIRE = { kind: 'key.retire', detail: { use: 'log', key: LOG } } as const satisfies Asked;
const policy = (period: string) =>
  ({
    kind: 'policy',
    detail: {
      policies: [{ name: 'pci-12m', mode: 'COMPLIANCE', period }, { name: 'short', mode: 'COMPLIANCE', period: '1d' }],
      chains: [{ chain: 'orders', policy: 'pci-12m' }],
    },
  }) as const satisfies Asked;

/** The approver stays; these are the others. */
const charterWith = (...others: ReturnType<typeof person>[]) =>
  ({
    kind: 'charter',
    detail: { people: [...others, person(APPROVER, 'approver')], approval: { hours: 72 } },
  }) as const satisfies Asked;

type World = Governed & {
  /** Decided, and said to be done. */
  readonly done: (asked: Asked) => Promise<string>;
  readonly approved: (asked: Asked) => Promise<string>;
  readonly objects: readonly string[];
};

const objectsOf = (segments: readonly BuiltSegment[]): string[] =>
  segments.flatMap(({ sealKey, dataKey }) => [sealKey, ...(dataKey === null ? [] : [dataKey])]);

/** `change` decides, and does or does not what was decided. */
const decided =
  (change: (world: World) => Promise<Partial<Made> | void>, nowMs = LATER_MS) =>
  async (): Promise<Made> => {
    const governed = await governedArchive();
    const { decide } = governed;
    const done = async (asked: Asked) => {
      const id = await decide(asked);
      await decide({ kind: 'done', of: id, detail: { objects: 5, changed: 5 } });
      return id;
    };
    const approved = async (asked: Asked) => {
      const id = await decide(asked);
      await decide({ kind: 'approve', of: id, by: APPROVER, detail: {} });
      return id;
    };
    const objects = objectsOf(governed.segments);
    const more = await change({ ...governed, done, approved, objects });
    return { builder: governed.builder, trusted: TRUSTED, nowMs, ...more };
  };

const hold = ({ builder }: Governed, keys: readonly string[], held = true) => {
  for (const key of keys) builder.archive.setHold(key, held);
};
/** Decided so long after the archive began, approved where it takes two persons, and said to be done. */
const doneAt = async ({ decide }: World, asked: Asked, ms: number) => {
  const at = { sealedMs: START_MS + ms };
  const of = await decide(asked, at);
  if (asked.kind === 'hold.release') await decide({ kind: 'approve', of, by: APPROVER, detail: {} }, at);
  await decide({ kind: 'done', of, detail: { objects: 5, changed: 5 } }, at);
};
/** Keys of the data of all acts, the first one first. */
const actData = ({ builder }: Governed) =>
  builder.archive.keys().filter((key) => key.startsWith(`data/topic=${GOVERNANCE_CHAIN}/`));
const lockAll = ({ builder, objects }: World) => {
  for (const key of objects) builder.archive.setLock(key, { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
};
/** A last segment of the governance chain that lacks one of its signatures. */
const broken = ({ decide }: World) =>
  decide(
    { kind: 'hold.reaffirm', detail: { case: 'C-3' } },
    {
      signers: [GOVERNANCE_KEY(), signer('thief')],
      note: (note) => note.subarray(0, note.lastIndexOf(0x0a, note.length - 2) + 1),
    },
  );
/** A segment of events that is sealed so long after the first one. */
const sealedAfter = (ms: number) => ({ lines: entries(6, 2), sealedMs: START_MS + ms });

const HOLDS: readonly ArchiveCase[] = [
  {
    name: 'good-hold',
    about: 'All objects of the segments are under the legal hold that was decided.',
    codes: [],
    make: decided(async (world) => {
      await world.done(PLACE);
      hold(world, world.objects);
    }),
  },
  {
    name: 'odd-hold-missing-on-data',
    about: 'A legal hold is decided and said to be done, and one data object is under none (13.6.2).',
    codes: ['legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      hold(world, world.objects);
      hold(world, world.objects.slice(-1), false);
    }),
  },
  {
    name: 'odd-hold-missing-on-seal',
    about: 'The same of a seal (13.6.2).',
    codes: ['legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      hold(world, world.objects);
      hold(world, world.objects.slice(0, 1), false);
    }),
  },
  {
    name: 'bad-held-data-gone',
    about: 'Data that has been under a hold since it was locked is gone after the end of its retention (13.6.2).',
    codes: ['data-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      hold(world, world.objects);
      world.builder.archive.remove(world.segments[1]!.dataKey!);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'odd-held-data-gone-before',
    about: 'A hold was placed when the retention of data was over and that data had gone: it is expired (13.6.2).',
    codes: ['expired'],
    make: decided(async (world) => {
      const late = { sealedMs: START_MS + 1.5 * YEAR_MS };
      const id = await world.decide(PLACE, late);
      await world.decide({ kind: 'done', of: id, detail: { objects: 5, changed: 5 } }, late);
      hold(world, world.objects);
      world.builder.archive.remove(world.segments[1]!.dataKey!);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'good-hold-under-way',
    about: 'A legal hold was decided three hours ago, and its command is not done (13.6.7).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(PLACE);
      hold(world, world.objects.slice(0, 2));
    }),
  },
  {
    name: 'odd-hold-open',
    about: 'A legal hold was decided two days ago, and its command was never done (13.6.7).',
    codes: ['act-open', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.decide(PLACE);
    }, TWO_DAYS_MS),
  },
  {
    name: 'good-hold-open-and-released',
    about: 'A legal hold was decided two days ago, was never done, and its release came into force: it is over (13.5.4).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(PLACE);
      const release = await world.approved(RELEASE);
      await world.decide({ kind: 'done', of: release, detail: { objects: 5, changed: 0 } });
    }, TWO_DAYS_MS),
  },
  {
    name: 'good-hold-of-a-new-segment',
    about: 'A segment came half an hour ago into a chain that is held as it grows (13.6.2).',
    codes: [],
    make: decided(async (world) => {
      await world.done(PLACE);
      hold(world, world.objects);
      await world.events.seal(sealedAfter(2.5 * HOUR_MS));
    }),
  },
  {
    name: 'odd-hold-of-a-segment-of-two-hours',
    about: 'A segment came two hours ago into a chain that is held as it grows, and is not held (13.6.2).',
    codes: ['legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      hold(world, world.objects);
      await world.events.seal(sealedAfter(HOUR_MS));
    }),
  },
  {
    name: 'odd-hold-without-act',
    about: 'An object is under a legal hold that nobody decided (13.6.3).',
    codes: ['hold-without-act'],
    make: decided(async (world) => hold(world, world.objects.slice(-1))),
  },
  {
    name: 'odd-hold-released-and-still-there',
    about: 'A release is in force and said to be done, and one object is still held (13.6.3).',
    codes: ['hold-without-act'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const release = await world.approved(RELEASE);
      await world.decide({ kind: 'done', of: release, detail: { objects: 5, changed: 5 } });
      hold(world, world.objects.slice(0, 1));
    }),
  },
  {
    name: 'good-release-under-way',
    about: 'A release came into force three hours ago, and some objects are still held (13.6.7).',
    codes: [],
    make: decided(async (world) => {
      await world.done(PLACE);
      await world.approved(RELEASE);
      hold(world, world.objects.slice(0, 2));
    }),
  },
  {
    name: 'odd-release-by-one',
    about: 'The officer who proposes a release approves it too: the holds stand, and are gone (13.5.2).',
    codes: ['act-refused', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const release = await world.decide(RELEASE);
      await world.decide({ kind: 'approve', of: release, detail: {} });
    }),
  },
  {
    name: 'odd-release-by-a-former-officer',
    about: 'A release is approved when its proposer is no officer any more: the holds stand, and are gone (13.5.2).',
    codes: ['act-refused', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const release = await world.decide(RELEASE);
      await world.approved(charterWith(person(OFFICER, 'approver'), person('Eve Mallory', 'officer')));
      await world.decide({ kind: 'approve', of: release, by: APPROVER, detail: {} });
    }),
  },
  {
    name: 'good-release-before-its-officer-left',
    about: 'The same, approved before the charter: it is in force, whatever became of its proposer (13.5.2).',
    codes: [],
    make: decided(async (world) => {
      await world.done(PLACE);
      const release = await world.approved(RELEASE);
      await world.decide({ kind: 'done', of: release, detail: { objects: 5, changed: 5 } });
      await world.approved(charterWith(person(OFFICER, 'approver'), person('Eve Mallory', 'officer')));
    }),
  },
  {
    name: 'good-hold-of-two-cases',
    about: 'One of two cases is released: the segments are held for the other (13.5.5).',
    codes: [],
    make: decided(async (world) => {
      await world.done(PLACE);
      await world.done({ kind: 'hold.place', detail: { case: 'C-2', segments: ALL } });
      await world.approved(RELEASE);
      hold(world, world.objects);
    }),
  },
  {
    name: 'bad-release-in-a-broken-chain',
    about: 'A release stands in a governance chain that is broken behind it: it is not believed (13.6.6).',
    codes: ['bad-signature', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      await world.approved(RELEASE);
      await broken(world);
    }),
  },
  {
    name: 'bad-release-in-an-unlocked-chain',
    about: 'A release stands in a governance chain of which a seal is not locked: it is not believed (13.6.6).',
    codes: ['legal-hold-missing', 'lock-missing'],
    // Of a copy neither shows.
    copy: ['locks-not-applicable'],
    make: decided(async (world) => {
      await world.done(PLACE);
      await world.approved(RELEASE);
      world.builder.archive.setLock(sealKey(GOVERNANCE_CHAIN, 0, 0), null);
    }),
  },
  {
    name: 'odd-hold-decided-by-the-next-key',
    about: 'The governance chain has gone over to another key, by which a hold is decided that is not there (6.14).',
    codes: ['legal-hold-missing'],
    make: decided(async (world) => {
      const next = signer('next governance key');
      await world.decide({ kind: 'hold.reaffirm', detail: { case: 'C-3' } }, { signers: [GOVERNANCE_KEY(), next] });
      const id = await world.decide(PLACE, { signers: [next] });
      await world.decide({ kind: 'done', of: id, detail: { objects: 5, changed: 5 } }, { signers: [next] });
    }),
  },
  {
    name: 'bad-holds-beside-a-broken-chain',
    about: 'Holds that nobody decided, beside a governance chain that is broken: nobody knows (13.6.6).',
    codes: ['bad-signature'],
    make: decided(async (world) => {
      hold(world, world.objects);
      await broken(world);
    }),
  },
  {
    name: 'bad-key-retired-in-a-broken-chain',
    about: 'A key is retired in a governance chain that is broken behind it: it is not believed (13.6.6).',
    codes: ['bad-signature'],
    make: decided(async (world) => {
      await world.approved(RETIRE);
      await world.decide(policy('366d'));
      await broken(world);
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
];

const LOCKS: readonly ArchiveCase[] = [
  {
    name: 'good-extended',
    about: 'All objects are locked until the date that was decided.',
    codes: [],
    make: decided(async (world) => {
      await world.done(extend(START_MS + 3 * YEAR_MS));
      for (const key of world.objects)
        world.builder.archive.setLock(key, { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
    }),
  },
  {
    name: 'bad-extended-and-short',
    about: 'A longer lock was decided and said to be done, and the data is locked as before (13.6.1).',
    codes: ['retention-short'],
    make: decided(async (world) => {
      await world.done(extend(START_MS + 3 * YEAR_MS));
    }),
  },
  {
    name: 'bad-extended-seal-short',
    about: 'The same of a seal alone (13.6.1).',
    codes: ['retention-short'],
    make: decided(async (world) => {
      await world.done(extend(START_MS + 3 * YEAR_MS));
      for (const key of world.objects)
        world.builder.archive.setLock(key, { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
      world.builder.archive.setLock(world.objects[0] as string, { mode: 'COMPLIANCE', untilMs: START_MS + 2 * YEAR_MS });
    }),
  },
  {
    name: 'bad-extended-and-gone',
    about: 'Data is gone after its seal’s own date and before the one that was decided (13.6.1).',
    codes: ['data-missing'],
    make: decided(async (world) => {
      await world.done(extend(START_MS + 3 * YEAR_MS));
      for (const key of world.objects)
        world.builder.archive.setLock(key, { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });
      world.builder.archive.remove(world.objects.at(-1) as string);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'odd-extended-after-the-data-went',
    about: 'A longer lock was decided when the retention of data was over and that data had gone: it is expired (13.6.9).',
    codes: ['expired'],
    make: decided(async (world) => {
      await doneAt(world, extend(START_MS + 3 * YEAR_MS), 1.5 * YEAR_MS);
      lockAll(world);
      world.builder.archive.remove(world.segments[1]!.dataKey!);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'bad-extended-late-and-short',
    about: 'The same of data that is there: it is locked as before (13.6.1).',
    codes: ['retention-short'],
    make: decided(async (world) => {
      await doneAt(world, extend(START_MS + 3 * YEAR_MS), 1.5 * YEAR_MS);
      lockAll(world);
      world.builder.archive.setLock(world.segments[1]!.dataKey!, { mode: 'COMPLIANCE', untilMs: START_MS + 1.2 * YEAR_MS });
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'bad-extended-in-turn-and-gone',
    about: 'A lock was made longer before its end, and again before that end: the data is gone before the last one (13.6.9).',
    codes: ['data-missing'],
    make: decided(async (world) => {
      await world.done(extend(START_MS + 3 * YEAR_MS));
      await doneAt(world, extend(START_MS + 5 * YEAR_MS), 2 * YEAR_MS);
      lockAll(world);
      world.builder.archive.remove(world.segments[1]!.dataKey!);
    }, START_MS + 4 * YEAR_MS),
  },
  {
    name: 'bad-extended-while-held-and-gone',
    about: 'A longer lock was decided while a hold kept the data, and then the hold was released: the data is gone (13.6.9).',
    codes: ['data-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      await doneAt(world, extend(START_MS + 3 * YEAR_MS), 1.5 * YEAR_MS);
      await doneAt(world, RELEASE, 1.6 * YEAR_MS);
      lockAll(world);
      world.builder.archive.remove(world.segments[1]!.dataKey!);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'odd-extended-after-the-hold-and-gone',
    about: 'The same, decided after the release: the data may have gone in between, and is expired (13.6.9).',
    codes: ['expired'],
    make: decided(async (world) => {
      await world.done(PLACE);
      await doneAt(world, RELEASE, 1.5 * YEAR_MS);
      await doneAt(world, extend(START_MS + 3 * YEAR_MS), 1.6 * YEAR_MS);
      lockAll(world);
      world.builder.archive.remove(world.segments[1]!.dataKey!);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'good-extension-under-way',
    about: 'A longer lock was decided three hours ago, and its command is not done (13.6.7).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(extend(START_MS + 3 * YEAR_MS));
    }),
  },
  {
    name: 'good-extension-open-and-over',
    about: 'A longer lock was decided and never done, and its date has passed: it is over (13.5.4).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(extend(START_MS + 2 * YEAR_MS));
    }, START_MS + 3 * YEAR_MS),
  },
  {
    name: 'good-extended-to-less',
    about: 'An extension until a date before that of the seals shortens nothing (13.6.1).',
    codes: [],
    make: decided(async (world) => {
      await world.done(extend(START_MS + 24 * HOUR_MS));
    }),
  },
];

const SEALS: readonly ArchiveCase[] = [
  {
    name: 'good-policy',
    about: 'A segment is sealed hours after its policy was decided, and keeps it.',
    codes: [],
    make: decided(async (world) => {
      await world.decide(policy('365d'));
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
  {
    name: 'odd-policy-short',
    about: 'A segment promises less than the policy of its name that was decided (13.6.4).',
    codes: ['policy-without-act'],
    make: decided(async (world) => {
      await world.decide(policy('366d'));
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
  {
    name: 'odd-policy-of-another-mode',
    about: 'A segment says that its lock can be lifted, and compliance was decided (13.6.4).',
    codes: ['policy-without-act'],
    make: decided(async (world) => {
      await world.decide(policy('365d'));
      await world.events.seal({
        ...sealedAfter(2 * HOUR_MS),
        manifest: (manifest) => ({ ...manifest, retention: { ...manifest.retention, mode: 'GOVERNANCE' } }),
      });
    }),
  },
  {
    name: 'odd-policy-of-another-chain',
    about: 'A segment keeps a policy that is in force, and another one is decided for its chain (13.6.4).',
    codes: ['policy-without-act'],
    make: decided(async (world) => {
      await world.decide(policy('365d'));
      await world.events.seal({
        ...sealedAfter(2 * HOUR_MS),
        manifest: (manifest) => ({ ...manifest, retention: { ...manifest.retention, policy: 'short' } }),
      });
    }),
  },
  {
    name: 'odd-policy-unknown',
    about: 'A segment of a chain that no act names has a policy that nobody decided (13.6.4).',
    codes: ['policy-without-act'],
    make: decided(async (world) => {
      await world.decide(policy('365d'));
      await world.builder.chain('payments').seal({
        sealedMs: START_MS + 2 * HOUR_MS,
        manifest: (manifest) => ({ ...manifest, retention: { ...manifest.retention, policy: 'mine' } }),
      });
    }),
  },
  {
    name: 'odd-policy-further-by-one',
    about: 'One person alone adds a policy shorter than each before, and a chain that no act names is sealed by it (13.4.3).',
    codes: ['policy-without-act'],
    make: decided(async (world) => {
      await world.decide(policy('365d'));
      const { kind, detail } = policy('365d');
      const hour = { name: 'hour', mode: 'COMPLIANCE', period: '1h' } as const;
      await world.decide({ kind, detail: { ...detail, policies: [hour, ...detail.policies] } });
      await world.builder.chain('payments').seal({
        ...{ sealedMs: START_MS + 2 * HOUR_MS, retentionMs: HOUR_MS },
        manifest: (manifest) => ({ ...manifest, retention: { ...manifest.retention, policy: 'hour' } }),
      });
    }),
  },
  {
    name: 'good-policy-half-an-hour-old',
    about: 'A segment promises less than the policy that was decided half an hour before (13.6.4).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(policy('366d'));
      await world.events.seal(sealedAfter(0.5 * HOUR_MS));
    }),
  },
  {
    name: 'good-policy-in-turn',
    about: 'A segment is sealed half an hour after a longer policy was decided, and keeps the one before (13.6.4).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(policy('365d'));
      world.governance.sealedMs = START_MS + 1.5 * HOUR_MS;
      await world.decide(policy('366d'));
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
  {
    name: 'odd-key-retired',
    about: 'A segment is sealed hours after its key was retired (13.6.5).',
    codes: ['key-retired'],
    make: decided(async (world) => {
      await world.approved(RETIRE);
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
  {
    name: 'good-key-retired-half-an-hour-ago',
    about: 'A segment is sealed half an hour after its key was retired (13.6.5).',
    codes: [],
    make: decided(async (world) => {
      await world.approved(RETIRE);
      await world.events.seal(sealedAfter(0.5 * HOUR_MS));
    }),
  },
  {
    name: 'good-key-retired-beside-another',
    about: 'A segment is sealed by a retired key and by another one: the handover of 6.14 (13.6.5).',
    codes: [],
    make: decided(async (world) => {
      await world.approved(RETIRE);
      await world.events.seal({ ...sealedAfter(2 * HOUR_MS), signers: [signer(), signer('next key')] });
    }),
  },
  {
    name: 'good-key-proposed-to-retire',
    about: 'Nobody has approved that the key is retired.',
    codes: [],
    make: decided(async (world) => {
      await world.decide(RETIRE);
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
];

/** One segment of acts, of which one is wrong. */
const refused = (name: string, about: string, make: (world: World) => Promise<unknown>): ArchiveCase => ({
  ...{ name, about, codes: ['act-refused'] },
  make: decided(async (world) => {
    await make(world);
  }),
});

const COPY = {
  kind: 'copy',
  detail: {
    ...{ from: 's3://acme-audit/prod/', to: 's3://acme-copy/prod/', verdict: 'verified', until: null },
    ...{ objects: 7, bytes: 4096, list: 'a'.repeat(64), chains: 1, heads: 'b'.repeat(64) },
  },
} as const satisfies Asked;
const copySaid = (from: string, to: string) => async ({ governance }: World) => {
  const { value, timeMs } = await actMaker()(COPY);
  await sealActs(governance, [{ value: utf8(utf8Text(value).replace(from, to)), timeMs }]);
};

const ACTS: readonly ArchiveCase[] = [
  {
    name: 'good-act-copy',
    about: 'A copy is recorded: it demands nothing of the store (13.4.5).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(COPY);
      await world.decide({ ...COPY, detail: { ...COPY.detail, verdict: 'broken', until: untilText(LATER_MS + YEAR_MS) } });
    }),
  },
  refused('odd-act-copy-verdict', 'A copy whose source was called what no verdict is (13.4.5).', copySaid('verified', 'perfect!')),
  refused('odd-act-copy-digest', 'A copy whose list has a digest of another length (13.4.5).', copySaid('a'.repeat(64), 'a'.repeat(62))),
  refused('odd-act-junk', 'A line of the governance chain is no act (13.5.1).', ({ governance }) =>
    sealActs(governance, [junkAct('{"hello":1}')]),
  ),
  refused('odd-act-of-stranger', 'An act by a person who is not in the charter (13.5.1).', ({ decide }) =>
    decide({ ...PLACE, by: 'Eve Mallory' }),
  ),
  refused('odd-act-in-name-of-another', 'An act in the name and by the key of an officer, whom somebody else signs for (13.5.1).', ({ decide }) =>
    decide({ ...PLACE, by: OFFICER, signedBy: 'Eve Mallory' }),
  ),
  refused('odd-act-by-approver', 'A hold that an approver places (13.5.1).', ({ decide }) => decide({ ...PLACE, by: APPROVER })),
  refused('odd-act-of-other-archive', 'An act that was signed for another archive’s governance chain (13.2.1).', async ({ governance }) =>
    sealActs(governance, [await actMaker(governanceOrigin('audit.example.com/test'))(PLACE)]),
  ),
  refused('odd-act-twice', 'The same act once more: its id is taken (13.5.1).', async ({ governance }) => {
    const act = await actMaker()({ kind: 'export', detail: { case: 'C', package: 'a'.repeat(64), events: 1 } });
    // The id of the charter, too, is its maker's first.
    await sealActs(governance, [act]);
  }),
  refused('odd-charter-by-stranger', 'A charter of his own that a stranger signs (13.5.1).', ({ decide }) =>
    decide({ ...CHARTER, by: 'Eve Mallory' }),
  ),
];

const NEXT = () => signer('next key');
const RETIRED_NEXT = { kind: 'key.retire', detail: { use: 'log', key: encodeVkey(archiveKey(NEXT())) } } as const;
const keyOf = (kind: 'key.introduce' | 'key.rotate', key = encodeVkey(archiveKey(NEXT()))) =>
  ({ kind, detail: { use: 'log', key, ...(kind === 'key.rotate' && { signer: 'next.pem' }) } }) as Asked;
/** The key of a person, and of the segment that the charter stands in. */
const SEALING_OFFICER = signer(`person ${OFFICER}`);
const CHARTER_WITH_SEALER = {
  ...CHARTER,
  detail: {
    ...CHARTER.detail,
    people: [
      ...CHARTER.detail.people,
      {
        name: 'The machine',
        key: encodeCosignerVkey(cosignerKey('person', GOVERNANCE_KEY().publicKey, nodeSha256)),
        roles: ['approver'],
      },
    ],
  },
} as const satisfies Asked;

/** Another key of the governance chain itself. */
const SEALING = () => signer('next governance key', 'ecdsa-p256');
const BOTH = () => [GOVERNANCE_KEY(), SEALING()];
const sealingBy = (key = SEALING(), origin = governanceOrigin(ORIGIN)) =>
  ({
    kind: 'key.rotate',
    detail: { use: 'governance', key: encodeVkey(archiveKey(key, origin)), signer: 'next.pem' },
  }) as const satisfies Asked;
const doneOf = (of: string) => ({ kind: 'done', of, detail: { objects: 1, changed: 1 } }) as const satisfies Asked;

/** Two persons decided, a segment without a line is by both, and `done` is by the new key alone. */
async function sealedByAnother({ approved, governance, decide }: World): Promise<void> {
  const id = await approved(sealingBy());
  await sealActs(governance, [], { signers: BOTH() });
  await decide(doneOf(id), { signers: [SEALING()] });
}

/** One seal by both keys, and one by the next alone. */
async function changeOver({ events }: World): Promise<void> {
  await events.seal({ ...sealedAfter(1.5 * HOUR_MS), signers: [signer(), NEXT()] });
  await events.seal({ lines: [], sealedMs: START_MS + 1.6 * HOUR_MS, signers: [NEXT()] });
}

/** At the place of the next decision lies what nobody can read as one. */
const junkNext = ({ builder }: World, sequence: number) =>
  builder.archive.put(sealKey(GOVERNANCE_CHAIN, 0, sequence), utf8('no seal\n'), { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS });

/** Partition 1 goes on behind that many segments. `answers`: another person approves it. */
async function goesOn({ builder }: World, from: Continues, isApproved: boolean) {
  const { origin, size, root, nextOffset } = from;
  const chain = builder.chain(GOVERNANCE_CHAIN, 1, nextOffset);
  const make = actMaker(governanceOrigin(ORIGIN, 1), 50);
  const source = { kind: 'acts', partition: 1 } as const;
  const act = await make({ kind: 'continue', detail: { origin, size, root } });
  await sealActs(chain, [act], { source, continues: from });
  const approval = await make({ kind: 'approve', of: act.id, by: APPROVER, detail: {} });
  if (isApproved) await sealActs(chain, [approval], { source });
  return async (asked: Asked) => {
    const made = await make(asked);
    await sealActs(chain, [made], { source });
    return made.id;
  };
}

const KEYS: readonly ArchiveCase[] = [
  {
    name: 'good-key-rotated',
    about: 'A chain changes its key as 6.14 says and as was decided, and the earlier key is retired (13.5.6).',
    codes: [],
    make: decided(async (world) => {
      const id = await world.decide(keyOf('key.rotate'));
      await changeOver(world);
      await world.decide({ kind: 'done', of: id, detail: { objects: 1, changed: 1 } });
      await world.approved(RETIRE);
    }),
  },
  {
    name: 'good-key-rotation-under-way',
    about: 'Another key was decided hours ago, and no chain has changed over yet: nothing is demanded of them (13.5.6).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(keyOf('key.rotate'));
      await world.events.seal(sealedAfter(2 * HOUR_MS));
    }),
  },
  {
    name: 'odd-key-rotation-open',
    about: 'Another key was decided two days ago, and nobody has said that all chains changed over (13.6.7).',
    codes: ['act-open'],
    make: decided(async (world) => {
      await world.decide(keyOf('key.rotate'));
      await changeOver(world);
    }, TWO_DAYS_MS),
  },
  {
    name: 'good-key-rotation-over',
    about: 'Two keys were decided two days ago, one after the other: the first change is over, though nobody said that it was done (13.5.4).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(keyOf('key.rotate', encodeVkey(archiveKey(signer('another key')))));
      await changeOver(world);
      const id = await world.decide(keyOf('key.rotate'));
      await world.decide({ kind: 'done', of: id, detail: { objects: 1, changed: 1 } });
    }, TWO_DAYS_MS),
  },
  {
    name: 'good-key-rotation-ended-by-retiring',
    about: 'The key that was decided two days ago was retired before all chains had changed: the change is over (13.5.4).',
    codes: [],
    make: decided(async (world) => {
      await world.decide(keyOf('key.rotate'));
      await world.approved(RETIRED_NEXT);
    }, TWO_DAYS_MS),
  },
  {
    name: 'odd-key-signs-after-rotation',
    about: 'After the handover the earlier key was retired, and a new chain is begun by it alone (13.6.5).',
    codes: ['key-retired'],
    make: decided(async (world) => {
      const id = await world.decide(keyOf('key.rotate'));
      await changeOver(world);
      await world.decide({ kind: 'done', of: id, detail: { objects: 1, changed: 1 } });
      await world.approved(RETIRE);
      const other = world.builder.chain('orders', 1);
      await other.seal({ lines: entries(0, 2), sealedMs: START_MS + 2.5 * HOUR_MS });
    }),
  },
  refused('odd-key-introduced-again', 'A key is introduced that was retired (13.5.1).', async (world) => {
    await world.approved(RETIRED_NEXT);
    await world.decide(keyOf('key.introduce'));
  }),
  refused('odd-key-rotated-to-retired', 'The chains are to be signed by a key that was retired (13.5.1).', async (world) => {
    await world.approved(RETIRED_NEXT);
    await world.decide(keyOf('key.rotate'));
  }),
  refused('odd-key-rotated-to-none', 'The chains are to be signed by a key of another archive (13.4.5).', ({ decide }) =>
    decide(keyOf('key.rotate', encodeVkey(archiveKey(NEXT(), 'audit.example.com/test')))),
  ),
  {
    name: 'good-governance-key-rotated',
    about: 'Two persons decide on another key for decisions, the chain goes over to it, and the earlier one is retired (13.5.7).',
    codes: [],
    make: decided(async (world) => {
      await sealedByAnother(world);
      const retire = { ...RETIRE, detail: { use: 'governance', key: TRUSTED[1] as string } } as const;
      const id = await world.decide(retire, { signers: [SEALING()] });
      await world.decide({ kind: 'approve', of: id, by: APPROVER, detail: {} }, { signers: [SEALING()] });
    }),
  },
  {
    name: 'bad-governance-earlier-key',
    about: 'Behind the change to another key a decision is sealed by the earlier one alone (6.14).',
    codes: ['unknown-key'],
    make: decided(async (world) => {
      await sealedByAnother(world);
      await world.decide({ kind: 'export', detail: { case: 'C', package: 'a'.repeat(64), events: 1 } });
    }),
  },
  {
    name: 'odd-key-rotation-beside-another-use',
    about: 'Another key for the log was decided two days ago and is open: one for decisions does not end that change (13.5.4).',
    codes: ['act-open'],
    make: decided(async (world) => {
      await world.decide(keyOf('key.rotate'));
      await sealedByAnother(world);
    }, TWO_DAYS_MS),
  },
  refused('odd-governance-key-by-one', 'Nobody approved another key for decisions, and a `done` of it stands there (13.5.4).', async (world) => {
    const id = await world.decide(sealingBy());
    await sealActs(world.governance, [], { signers: BOTH() });
    await world.decide(doneOf(id), { signers: [SEALING()] });
  }),
  refused('odd-governance-key-done-early', 'That decisions are sealed by another key is said in a segment by both (13.5.4).', async (world) => {
    const id = await world.approved(sealingBy());
    await world.decide(doneOf(id), { signers: BOTH() });
  }),
  refused('odd-governance-key-of-a-person', 'A person’s key is to seal decisions (13.5.1).', ({ decide }) =>
    decide(sealingBy(SEALING_OFFICER)),
  ),
  refused('odd-governance-key-of-the-log', 'A key by the log’s name is to seal decisions (13.4.4).', ({ decide }) =>
    decide(sealingBy(SEALING(), ORIGIN)),
  ),
  {
    name: 'odd-governance-continued',
    about: 'Junk lies at the place of the next decision, two persons went on in partition 1, and a hold of before is released there (13.7).',
    codes: ['foreign-object'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const from = headOf(world.governance);
      junkNext(world, from.size);
      const decide = await goesOn(world, from, true);
      const id = await decide(RELEASE);
      await decide({ kind: 'approve', of: id, by: APPROVER, detail: {} });
      await decide({ kind: 'done', of: id, detail: { objects: 5, changed: 5 } });
    }),
  },
  {
    name: 'odd-governance-continued-and-open',
    about: 'A line that is no act lies in partition 0, and in partition 1 a hold that was decided two days ago and never done (13.6.7).',
    codes: ['act-open', 'act-refused', 'foreign-object', 'legal-hold-missing'],
    make: decided(async (world) => {
      await sealActs(world.governance, [junkAct('{}')]);
      const from = headOf(world.governance);
      junkNext(world, from.size);
      const decide = await goesOn(world, from, true);
      await decide(PLACE);
    }, TWO_DAYS_MS),
  },
  {
    name: 'odd-governance-continued-by-one',
    about: 'The same by one person: the release behind it decides nothing, and the hold is missing (13.7.2).',
    codes: ['foreign-object', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const from = headOf(world.governance);
      junkNext(world, from.size);
      const decide = await goesOn(world, from, false);
      const id = await decide(RELEASE);
      await decide({ kind: 'approve', of: id, by: APPROVER, detail: {} });
    }),
  },
  {
    name: 'bad-governance-continued-earlier',
    about: 'Two persons go on before a hold that was decided: the chain can be read on, and the hold is demanded (13.7.3).',
    codes: ['fork', 'legal-hold-missing'],
    make: decided(async (world) => {
      const from = headOf(world.governance);
      await world.done(PLACE);
      await goesOn(world, from, true);
    }),
  },
  {
    name: 'bad-governance-continued-over-lost-acts',
    about: 'The data of a decision is gone, and two persons went on before it: it may have been a hold, and no release is believed (13.7.4).',
    codes: ['data-missing', 'fork', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const from = headOf(world.governance);
      await world.decide({ ...PLACE, detail: { ...PLACE.detail, case: 'C-2' } });
      world.builder.archive.remove(actData(world).at(-1) as string);
      const decide = await goesOn(world, from, true);
      const id = await decide(RELEASE);
      await decide({ kind: 'approve', of: id, by: APPROVER, detail: {} });
      await decide({ kind: 'done', of: id, detail: { objects: 5, changed: 5 } });
    }),
  },
  {
    name: 'bad-governance-data-expired',
    about: 'The data of a release has expired and is gone: what was decided there is not known, and no release is believed (13.6.10).',
    codes: ['expired', 'expired-unread', 'legal-hold-missing'],
    make: decided(async (world) => {
      await world.done(PLACE);
      const before = actData(world);
      await world.approved(RELEASE);
      for (const key of actData(world).slice(before.length)) world.builder.archive.remove(key);
    }, START_MS + 2 * YEAR_MS),
  },
  {
    name: 'bad-governance-last-data-expired',
    about: 'The same of the last act, and nothing of what can be read is missing: the archive is not verified all the same (13.6.10).',
    codes: ['expired', 'expired-unread'],
    make: decided(async (world) => {
      await world.decide(PLACE);
      world.builder.archive.remove(actData(world).at(-1) as string);
    }, START_MS + 2 * YEAR_MS),
  },
  refused('odd-charter-with-sealer', 'A charter in which the key that seals it is a person’s (13.5.1).', ({ decide }) =>
    decide(CHARTER_WITH_SEALER),
  ),
  refused('odd-act-by-sealer', 'A segment of acts that is also signed by the key of the person who decides (13.5.1).', ({ decide }) =>
    decide(keyOf('key.introduce'), { signers: [GOVERNANCE_KEY(), SEALING_OFFICER] }),
  ),
];

export const DECIDED_CASES: readonly ArchiveCase[] = [...HOLDS, ...LOCKS, ...SEALS, ...ACTS, ...KEYS];
