// Is each segment held and locked as was decided, and which calls does that take? (FORMAT.md 13.6.1 to 13.6.3)
import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/base/concurrency.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import type { HeldTo } from '../../../src/verify/acts/held-to.ts';
import { ActsCheck, holdProblem } from '../../../src/verify/acts-check.ts';
import type { ArchiveHold } from '../../../src/verify/archive-reader.ts';
import { ChainTally } from '../../../src/verify/chain-tally.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import type { OpenedSeal } from '../../../src/verify/open-seal.ts';
import type { Run } from '../../../src/verify/run.ts';

const UNTIL = '2030-01-01T00:00:00Z';
const UNTIL_MS = Date.parse(UNTIL);
const SEALED = '2026-11-22T10:00:00.000Z';
const manifest = {
  sequence: 7,
  retention: { until: UNTIL },
  time: { sealed: SEALED },
} as unknown as Manifest;
const seal = { manifest } as OpenedSeal;
const version = { key: 'seals/x', versionId: 'v1', marker: false, size: 1 };

describe('a hold', () => {
  const WITHOUT = {
    ...{ code: 'hold-without-act', expected: 'no legal hold, or a decision for it', found: 'a legal hold' },
  };
  const MISSING = { code: 'legal-hold-missing', expected: 'a legal hold for C-1, C-2', found: 'none' };
  const HIDDEN = {
    ...{
      code: 'locks-not-permitted',
      expected: 'permission to read legal holds',
      found: 'hidden by the store',
    },
  };
  const NO_LOCKS = { code: 'locks-not-applicable', expected: null, found: 'a store without locks' };
  it.each<[ArchiveHold, string[], boolean, unknown]>([
    ['held', [], true, null],
    ['held', ['C-1'], true, null],
    ['held', [], false, WITHOUT],
    ['none', [], false, null],
    ['none', ['C-1', 'C-2'], true, MISSING],
    ['not-permitted', [], false, HIDDEN],
    ['not-permitted', ['C-1'], true, HIDDEN],
    ['not-applicable', [], false, null],
    ['not-applicable', ['C-1'], true, NO_LOCKS],
  ])('%s, for %j, and it may be there: %s', (state, cases, mayBeHeld, problem) => {
    expect(holdProblem(state, cases, mayBeHeld)).toEqual(problem);
  });
});

type World = {
  readonly cases?: string[];
  readonly mayBeHeld?: boolean;
  readonly lockedUntilMs?: number;
  readonly isHoldToCome?: boolean;
  readonly heldTo?: null;
  readonly hold?: ((key: string, versionId: string) => ArchiveHold) | null;
  readonly signal?: AbortSignal;
};

function world({
  cases = ['C-1'],
  mayBeHeld = true,
  lockedUntilMs = 0,
  hold = () => 'held',
  ...more
}: World) {
  const [asked, segments, findings] = [[] as string[], [] as unknown[], new FindingList()];
  const held = {
    casesOf: (segment, storedMs) => {
      segments.push([segment, storedMs]);
      return cases;
    },
    isHoldToCome: () => more.isHoldToCome ?? false,
    mayBeHeld: () => mayBeHeld,
    lockedUntilMs: () => lockedUntilMs,
    sealProblems: (of, segment) => [
      { code: 'key-retired', expected: of.time.sealed, found: JSON.stringify(segment) },
    ],
  } as Partial<HeldTo> as HeldTo;
  const reader = {
    ...(hold !== null && {
      hold: async (key: string, versionId: string) => {
        asked.push(`${key} ${versionId}`);
        return hold(key, versionId);
      },
    }),
  };
  const heldTo = more.heldTo === null ? null : held;
  const run = { reader, heldTo, reads: new Semaphore(1), signal: more.signal } as unknown as Run;
  const tally = new ChainTally();
  const check = new ActsCheck({ chain: 'orders', partition: 3 }, run, findings, tally);
  return { check, tally, asked, segments, found: () => findings.list() };
}

describe('the check of a chain', () => {
  it('asks for the hold of the version that counts', async () => {
    const { check, asked, segments, found } = world({ hold: () => 'none' });
    await check.hold(version, seal);
    expect(asked).toEqual(['seals/x v1']);
    expect(segments).toEqual([[{ chain: 'orders', partition: 3, sequence: 7 }, Date.parse(SEALED)]]);
    expect(found()).toMatchObject([
      { code: 'legal-hold-missing', key: 'seals/x', versionId: 'v1', sequence: 7 },
    ]);
    await check.hold(version, seal);
    expect([asked.length, found().length]).toEqual([2, 2]);
  });

  it.each<[string, World, number]>([
    ['nobody demands one and one may be there', { cases: [], mayBeHeld: true }, 0],
    ['nobody demands one and none may be there', { cases: [], mayBeHeld: false, hold: () => 'none' }, 1],
    ['one is demanded', { mayBeHeld: true }, 1],
    ['one is demanded of what may not be held', { mayBeHeld: false, hold: () => 'none' }, 1],
    ['nobody looks at decisions', { heldTo: null }, 0],
    ['the store knows no holds', { hold: null }, 0],
  ])('where %s, it takes %#', async (_, words, calls) => {
    const { check, asked, found } = world(words);
    await check.hold(version, seal);
    expect(asked).toHaveLength(calls);
    if (calls === 0) expect(found()).toEqual([]);
  });

  it.each<[ArchiveHold, string, string[]]>([
    ['not-permitted', 'locks-not-permitted', ['C-1']],
    ['not-applicable', 'locks-not-applicable', ['C-1']],
  ])('once the store says %s, it is said once and not asked again', async (state, code, cases) => {
    const { check, asked, found } = world({ cases, hold: () => state });
    await Promise.all([check.hold(version, seal), check.hold(version, seal)]);
    await check.hold(version, seal);
    expect(found()).toMatchObject([{ code, key: null, versionId: null, sequence: null }]);
    expect(asked).toHaveLength(2);
  });

  it('a store without locks is no finding where no hold is demanded', async () => {
    const { check, asked, found } = world({ cases: [], mayBeHeld: false, hold: () => 'not-applicable' });
    await check.hold(version, seal);
    await check.hold(version, seal);
    expect([asked.length, found()]).toEqual([1, []]);
  });

  it('counts a segment whose hold is still to come once, by its seal, and asks nothing', async () => {
    const { check, asked, tally } = world({ cases: [], isHoldToCome: true });
    await check.hold(version, seal);
    await check.hold({ ...version, key: 'data/x' }, seal);
    await check.hold(version, { manifest: { ...manifest, sequence: 8 } } as OpenedSeal);
    // Data is looked at later than seals.
    await check.hold({ ...version, key: 'data/x' }, seal);
    expect([asked.length, tally.report().holdsToCome]).toEqual([0, 2]);
    const none = world({ cases: [] });
    await none.check.hold(version, seal);
    expect(none.tally.report().holdsToCome).toBe(0);
  });

  it('says that it could not ask, and goes on', async () => {
    const broken = world({
      hold: () => {
        throw new Error('the store is gone');
      },
    });
    await broken.check.hold(version, seal);
    await broken.check.hold(version, seal);
    expect(broken.found()).toMatchObject([
      { code: 'unreadable', key: 'seals/x', versionId: 'v1', sequence: 7 },
      { code: 'unreadable' },
    ]);
  });

  it('ends where the run was aborted', async () => {
    const stop = new AbortController();
    const { check, found } = world({
      signal: stop.signal,
      hold: () => {
        stop.abort(new Error('stopped'));
        throw new Error('the store is gone');
      },
    });
    await expect(check.hold(version, seal)).rejects.toThrow('stopped');
    expect(found()).toEqual([]);
  });

  it('the later one of both dates is promised', () => {
    for (const more of [-1, 0, 1])
      expect(world({ lockedUntilMs: UNTIL_MS + more }).check.promisedMs(seal)).toBe(
        UNTIL_MS + Math.max(0, more),
      );
    expect(world({ heldTo: null }).check.promisedMs(seal)).toBe(UNTIL_MS);
    const first = { ...manifest, retention: { until: '1970-01-01T00:00:00Z' } };
    expect(world({ heldTo: null }).check.promisedMs({ manifest: first } as OpenedSeal)).toBe(0);
  });

  it('the problems of a seal are those of its segment', () => {
    const segment = { chain: 'orders', partition: 3, sequence: 7 };
    expect(world({}).check.problems(seal)).toEqual([
      { code: 'key-retired', expected: SEALED, found: JSON.stringify(segment) },
    ]);
    expect(world({ heldTo: null }).check.problems(seal)).toEqual([]);
  });
});
