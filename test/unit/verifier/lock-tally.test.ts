// Are locks that end soon counted right, however a sweep is divided, and not at all where a part was missed?
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import type { StoreReader } from '../../../src/store/store.ts';
import { LockTally } from '../../../src/verifier/tasks/lock-tally.ts';
import { runSweep, type SweepTools } from '../../../src/verifier/tasks/sweep.ts';
import { SweepLog } from '../../../src/verifier/tasks/sweep-cursor.ts';
import { NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

const DAY_MS = 86_400_000;
const dateIn = (days: number) => new Date(NOW_MS + days * DAY_MS).toISOString().slice(0, 10);
const clock: Clock = { ...STILL, now: () => NOW_MS };

/** Four segments, each a seal and data: locked for 1, 1 and 10 days, and a year. */
async function world(daysOf = [1, 1, 10, 365]) {
  const base = new VerifierWorld();
  await base.grow(daysOf.length);
  const archive: MemoryStore = memoryStore({ clock });
  const own = memoryStore({ clock });
  const segmentOf = new Map(
    base.made.flatMap(({ sealKey, dataKey }, index) => [
      [sealKey, index] as const,
      [dataKey ?? '', index] as const,
    ]),
  );
  for (const key of base.builder.archive.keys()) {
    const days = daysOf[segmentOf.get(key) ?? 3] ?? 0;
    const lock = { mode: 'COMPLIANCE', untilMs: NOW_MS + days * DAY_MS } as const;
    const bytes = base.builder.archive.bytesOf(key) as Uint8Array;
    archive.attacker.putVersion(key, bytes, days < 0 ? undefined : lock);
  }
  const locks = new LockTally();
  const { trusted, sha256, checker } = base.tools();
  const tools: SweepTools = { trusted, sha256, checker, clock, archive, own, locks };
  const period = { months: 0, ms: YEAR_MS };
  const log = new SweepLog({ ...NOTES, store: own, retention: { mode: 'COMPLIANCE', period }, clock });
  /** One run, of at most so many keys a slice, and of so many slices. */
  const run = async (words: Partial<SweepTools> = {}, slices = 100, keysPerSlice = 100_000) => {
    let left = slices;
    await runSweep({ ...tools, ...words }, log, {
      ...{ keysPerSlice, mayGoOn: () => left > 0 },
      report: async () => void left--,
    });
  };
  return { tools, locks, run, archive };
}
const ENDING = [
  { date: dateIn(1), chain: 'orders', partition: 0, objects: 4 },
  { date: dateIn(10), chain: 'orders', partition: 0, objects: 2 },
];

describe('what sweeps see of locks', () => {
  it('is nothing before a sweep has ended', async () => {
    expect((await world()).locks.seen).toBeNull();
  });

  it('is by chain and day, the soonest first, and when the next one ends', async () => {
    const { run, locks } = await world();
    await run();
    expect(locks.seen).toMatchObject({
      locks: 8,
      unlocked: 0,
      notRead: 0,
      isWithoutLocks: false,
      ending: ENDING,
    });
    expect(locks.seen?.nextMs).toBe(NOW_MS + 365 * DAY_MS);
  });

  it('is the same where one sweep goes on over many runs', async () => {
    const { run, locks } = await world();
    for (let runs = 0; runs < 12 && locks.seen === null; runs++) await run({}, 1, 2);
    expect(locks.seen).toMatchObject({ locks: 8, ending: ENDING });
  });

  it('is not known where another process did a part of it', async () => {
    const { run, locks } = await world();
    await run({}, 2, 2);
    await run({ locks: undefined }, 1, 2);
    await run();
    expect(locks.seen).toBeNull();
    await run();
    expect(locks.seen).toMatchObject({ locks: 8, ending: ENDING });
  });

  it('counts nothing twice where a run failed half way', async () => {
    const { run, locks, archive } = await world();
    await run({}, 1, 2);
    const failing: StoreReader = {
      ...archive,
      async *listVersions(...args) {
        let keys = 0;
        for await (const version of archive.listVersions(...args)) {
          if (args[0].startsWith('data/') && keys++ > 1) throw new LedgerstoneError('away', 'away');
          yield version;
        }
      },
    };
    await expect(run({ archive: failing })).rejects.toThrow('away');
    await run();
    expect(locks.seen).toBeNull();
    await run();
    expect(locks.seen).toMatchObject({ locks: 8, ending: ENDING });
  });

  it('says what has no lock any more, and what could not be read', async () => {
    const over = await world([-1, 1, 10, 365]);
    await over.run();
    expect(over.locks.seen).toMatchObject({ locks: 6, unlocked: 2, notRead: 0 });
    const hidden = await world();
    await hidden.run({ archive: { ...hidden.archive, lock: async () => ({ kind: 'not-permitted' }) } });
    expect(hidden.locks.seen).toMatchObject({ locks: 0, notRead: 8, ending: [] });
    const failing = { ...hidden.archive, lock: () => Promise.reject(new LedgerstoneError('away', 'away')) };
    await hidden.run({ archive: failing });
    expect(hidden.locks.seen).toMatchObject({ locks: 0, notRead: 8 });
    await hidden.run({ archive: { ...hidden.archive, lock: async () => ({ kind: 'not-applicable' }) } });
    expect(hidden.locks.seen).toMatchObject({ locks: 0, isWithoutLocks: true });
  });
});
