// Can a finding be lost, whatever call of the verifier's bucket goes wrong, and whoever else runs at once?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../src/base/error.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { Store } from '../../src/store/store.ts';
import { type Entry, Ledger, type Reported } from '../../src/verifier/findings/ledger.ts';
import { chainScope } from '../../src/verifier/findings/record.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../src/verify/finding.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  FAULT_KINDS,
  type Fault,
  faultyStore,
  type MemoryStore,
  memoryStore,
} from '../support/memory-store.ts';
import { NOTES } from '../support/note-signing.ts';

const SCOPE = chainScope({ chain: 'orders', partition: 0 });
const ALL = { check: 'full-pass', complete: true } as const;

const finding = (code: FindingCode, sequence: number): Finding => ({
  ...{ code, severity: SEVERITY[code], key: `k${sequence}`, versionId: 'v', sequence },
  ...{ expected: null, found: 'x' },
});
const BEFORE = [finding('data-altered', 1), finding('delete-marker', 2), finding('stale-chain', 3)];
/** Of three one stays, two are gone, and two are new. */
const AFTER = [finding('data-altered', 1), finding('fork', 4), finding('unreferenced-object', 5)];

class World {
  readonly clock = new FakeClock({ auto: true });
  readonly store: MemoryStore = memoryStore({ clock: this.clock });
  /** Ids that somebody was told of. */
  readonly heard = new Set<string>();

  ledger(store: Store = this.store): Ledger {
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 } } as const;
    const verifier = { name: 'v', version: '1' };
    const channels = ['sns'];
    return new Ledger({
      ...NOTES,
      store,
      retention,
      clock: this.clock,
      sha256: nodeSha256,
      verifier,
      channels,
    });
  }

  /** A run as the verifier does it: evidence, then the alarm, then a note of it. */
  async run(findings: readonly Finding[], ledger = this.ledger()): Promise<Reported> {
    const reported = await ledger.report(SCOPE, findings, ALL);
    for (const { id } of reported.opened) this.heard.add(id);
    await ledger.notified(SCOPE, reported.opened, 'sns');
    return reported;
  }

  /** Codes of what is open, as the next run sees it; and whether nothing lies there twice. */
  async open(): Promise<FindingCode[]> {
    for (const key of this.store.keys()) expect([key, this.store.versionsOf(key).length]).toEqual([key, 1]);
    const { opened, stillOpen } = await this.ledger().report(SCOPE, [], { ...ALL, complete: false });
    expect(stillOpen).toEqual([]);
    const untold: readonly Entry[] = opened;
    expect(untold.map(({ file }) => file.finding.code)).toEqual([]);
    const ids = new Map<string, FindingCode>();
    for (const key of this.store.keys()) {
      const [, code, id, nth, state] = /\/([a-z-]+)\/([0-9a-f]{32})\/(\d{6})-([a-z]+)/.exec(key) ?? [];
      if (state === 'open') ids.set(`${id}${nth}`, code as FindingCode);
    }
    for (const key of this.store.keys()) {
      const [, id, nth] = /\/([0-9a-f]{32})\/(\d{6})-closed/.exec(key) ?? [];
      ids.delete(`${id}${nth}`);
    }
    return [...ids.values()].sort();
  }
}

/** Calls of a whole run from BEFORE to AFTER: list, puts, reads, closings, notes. */
const CALLS = 15;
const EXPECTED = ['data-altered', 'fork', 'unreferenced-object'];

describe('each call that goes wrong', () => {
  const plans = FAULT_KINDS.flatMap((kind) => Array.from({ length: CALLS }, (_, index) => ({ kind, index })));
  it.each(plans)('$kind at call $index: the next run makes it good', async ({ kind, index }) => {
    const world = new World();
    await world.run(BEFORE);
    const fault = { kind, ms: 5000 } as Fault;
    const plan = (call: { index: number }) => (call.index === index ? fault : undefined);
    const failed = await world
      .run(AFTER, world.ledger(faultyStore(world.store, plan, world.clock)))
      .then(() => null)
      .catch((error: unknown) => error);
    if (failed !== null) expect(failed).toBeInstanceOf(LedgerstoneError);
    await world.run(AFTER);
    await world.run(AFTER);
    expect(await world.open()).toEqual(EXPECTED);
    // Two of the first run; the new fork. The two notices need no telling, and are heard when they are new.
    expect(world.heard.size).toBeGreaterThanOrEqual(3);
  });

  it('covers every call of a run', async () => {
    const world = new World();
    await world.run(BEFORE);
    const faulty = faultyStore(world.store, () => undefined, world.clock);
    await world.run(AFTER, world.ledger(faulty));
    expect(faulty.calls.length).toBeGreaterThan(5);
    expect(faulty.calls.length).toBeLessThanOrEqual(CALLS);
  });

  it('tells in the same run of a finding whose answer was lost', async () => {
    const world = new World();
    const plan = ({ method }: { method: string }) =>
      method === 'putIfAbsent' ? ({ kind: 'twice' } as const) : undefined;
    const { opened } = await world.run(
      [finding('fork', 4)],
      world.ledger(faultyStore(world.store, plan, world.clock)),
    );
    expect(opened.map(({ due }) => due)).toEqual([['sns']]);
  });

  it('a bucket that is away fails the run, so that it is done again', async () => {
    const world = new World();
    const away = faultyStore(world.store, () => ({ kind: 'fails' }), world.clock);
    await expect(world.run(AFTER, world.ledger(away))).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a crash', () => {
  it.each(Array.from({ length: CALLS }, (_, index) => ({ index })))(
    'from call $index on: what was evidence stays, and is told by the next run',
    async ({ index }) => {
      const world = new World();
      await world.run(BEFORE);
      const plan = (call: { index: number }) =>
        call.index >= index ? ({ kind: 'fails' } as const) : undefined;
      const crashing = world.ledger(faultyStore(world.store, plan, world.clock));
      // Nobody hears anything of a process that is gone.
      await crashing
        .report(SCOPE, AFTER, ALL)
        .then(({ opened }) => crashing.notified(SCOPE, opened, 'sns'))
        .catch(() => undefined);
      await world.run(AFTER);
      await world.run(AFTER);
      expect(await world.open()).toEqual(EXPECTED);
    },
  );
});

describe('many runs at once', () => {
  it('open, tell and close each finding once in the bucket', async () => {
    const world = new World();
    await world.run(BEFORE);
    const reports = await Promise.all(Array.from({ length: 12 }, () => world.run(AFTER)));
    expect(await world.open()).toEqual(EXPECTED);
    for (const { opened, stillOpen } of reports) expect(opened.length + stillOpen.length).toBe(3);
    const openings = world.store.keys().filter((key) => key.endsWith('-open.note'));
    expect(openings.every((key) => key.includes('/000000-'))).toBe(true);
  });
});
