// Are decisions that go on behind many breaks read with few requests, and where does that end? (FORMAT.md 13.7.5)
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { GOVERNANCE_CHAIN } from '../../../src/format/chain.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { historyNow } from '../../../src/governance/carry-out.ts';
import { findBreak, readToContinue, readWithPending } from '../../../src/governance/continue-acts.ts';
import { type Decider, recordAct } from '../../../src/governance/record-act.ts';
import { lookAtActs, readActs, readContinuation } from '../../../src/read/acts.ts';
import { BrokenActsError } from '../../../src/read/broken-acts.ts';
import type { StoreReader } from '../../../src/store/store.ts';
import { holdsInForce } from '../../../src/verify/acts/in-force.ts';
import {
  charterRequest,
  type GovernanceWorld,
  governanceWorld,
  holdRequest,
} from '../../support/governance.ts';

const signal = new AbortController().signal;
let world: GovernanceWorld;

const release = (name: string) => ({
  kind: 'hold.release' as const,
  ...{ of: null, reason: 'Closed', reference: null, detail: { case: name } },
});
const approve = (of: string) => ({
  kind: 'approve' as const,
  ...{ of, reason: 'Agreed', reference: null, detail: {} },
});
const lock = () => ({ mode: 'COMPLIANCE', untilMs: world.clock.now() + 1e12 }) as const;

/** Whoever may put there: at the place of the next seal. */
async function junk(sequence: number, partition = 0): Promise<void> {
  const bytes = new TextEncoder().encode('no seal');
  await world.store.putIfAbsent(sealKey(GOVERNANCE_CHAIN, partition, sequence), bytes, lock());
}
async function propose(who: Decider = world.people.ada) {
  const { detail } = await findBreak(world.tools);
  const read = () => readToContinue(world.tools, 'A foreign object', who.name);
  const request = {
    kind: 'continue' as const,
    of: null,
    reason: 'A foreign object',
    reference: null,
    detail,
  };
  return recordAct(world.tools, who, request, read);
}
const approving = (of: string, who: Decider = world.people.grace) =>
  recordAct(world.tools, who, approve(of), readWithPending);
async function continued() {
  const { recorded } = await propose();
  await approving(recorded.act.id);
  return recorded;
}
const cases = async () => holdsInForce(await historyNow(world.tools)).map((hold) => hold.case);

beforeEach(async () => {
  world = governanceWorld();
  await world.record(world.people.ada, charterRequest(world));
  await world.record(world.people.ada, holdRequest('C-1'));
});

describe('an object at the place of the next seal that is larger than any seal', () => {
  it('is a break like any other: decisions go on behind it', async () => {
    const bytes = new Uint8Array(LIMITS.sealBytesMax + 1);
    await world.store.putIfAbsent(sealKey(GOVERNANCE_CHAIN, 0, 2), bytes, lock());
    expect(await lookAtActs(world.store, [world.key], signal)).toMatchObject({
      ...{ kind: 'read', isVerified: false, broken: true },
    });
    await expect(readActs(world.store, [world.key], signal)).rejects.toThrow(BrokenActsError);
    await continued();
    await world.record(world.people.ada, holdRequest('C-2'));
    expect(await lookAtActs(world.store, [world.key], signal)).toMatchObject({
      ...{ isVerified: true, partitions: [0, 1], problem: null },
    });
    expect(await cases()).toEqual(['C-1', 'C-2']);
  });
});

describe('a store that does not answer where decisions go on', () => {
  /** Nothing of partition 1 can be listed, or read. */
  const silent = (of: 'lists' | 'objects'): StoreReader => {
    const silence = () =>
      new LedgerstoneError('unreachable', 'S3 does not answer', { disposition: 'retriable' });
    const isThere = (key: string) => key.includes('partition=1/');
    return {
      ...{ kind: world.store.kind, description: world.store.description },
      listPrefixes: world.store.listPrefixes.bind(world.store),
      lock: world.store.lock.bind(world.store),
      hold: world.store.hold.bind(world.store),
      listVersions: async function* (...asked) {
        if (of === 'lists' && isThere(asked[0])) throw silence();
        yield* world.store.listVersions(...asked);
      },
      read: async (...asked) => {
        if (of === 'objects' && isThere(asked[0])) throw silence();
        return world.store.read(...asked);
      },
    };
  };

  it.each(['lists', 'objects'] as const)('has %s that are not known, not none', async (of) => {
    await junk(2);
    await continued();
    await world.record(world.people.ada, holdRequest('C-2'));
    expect(await lookAtActs(world.store, [world.key], signal)).toMatchObject({ problem: null });
    expect(await lookAtActs(silent(of), [world.key], signal)).toMatchObject({
      ...{ kind: 'read', isVerified: false, broken: false, problem: 'S3 does not answer' },
    });
    await expect(readActs(silent(of), [world.key], signal)).rejects.toThrow('S3 does not answer');
  });

  it('is not what a foreign object is that no seal could be', async () => {
    await junk(2);
    await continued();
    const bytes = new Uint8Array(LIMITS.sealBytesMax + 1);
    await world.store.putIfAbsent(sealKey(GOVERNANCE_CHAIN, 2, 0), bytes, lock());
    expect(await lookAtActs(world.store, [world.key], signal)).toMatchObject({
      ...{ problem: null, partitions: [0, 1] },
    });
  });

  it('is no place where nothing was proposed', async () => {
    await junk(2);
    await propose();
    await expect(readContinuation(silent('objects'), [world.key], signal)).rejects.toThrow(
      'S3 does not answer',
    );
  });
});

describe('however many partitions there are', () => {
  /** How often each object is read by one look at the decisions. */
  async function readsOf() {
    const reads = new Map<string, number>();
    const store = {
      ...{ kind: world.store.kind, description: world.store.description },
      listVersions: world.store.listVersions.bind(world.store),
      listPrefixes: world.store.listPrefixes.bind(world.store),
      lock: world.store.lock.bind(world.store),
      hold: world.store.hold.bind(world.store),
      read: (...asked: Parameters<typeof world.store.read>) => {
        reads.set(asked[0], (reads.get(asked[0]) ?? 0) + 1);
        return world.store.read(...asked);
      },
    };
    const look = await lookAtActs(store, [world.key], signal);
    return { look, reads };
  }
  /** As many times as asked: a break, and two persons who go on behind it. */
  async function goOn(times: number) {
    for (let partition = 0; partition < times; partition++) {
      await junk(2, partition);
      await continued();
    }
  }

  it('each object of the chain is read once, and what is tried behind its end once more at most', async () => {
    await goOn(6);
    // One person's alone, with a hold's line that counts nothing there: it is read and forgotten.
    await junk(2, 6);
    await propose();
    const { look, reads } = await readsOf();
    expect(look).toMatchObject({ kind: 'read', partitions: [0, 1, 2, 3, 4, 5, 6], broken: true, head: 1 });
    if (look.kind !== 'read') return;
    expect(look.history.acts).toHaveLength(2 + 6 * 2);
    expect(look.history.isContinued).toBe(true);
    expect(look.history.chainOrigin).toMatch(/\/6$/);
    // The object behind each end is read by who comes to it, and by who asks what was lost there.
    const ofPartition = (partition: number) =>
      [...reads].filter(([key]) => key.includes(`partition=${partition}/`));
    for (const partition of [0, 1, 2, 3, 4, 5, 6, 7])
      for (const [key, count] of ofPartition(partition))
        expect([key, count]).toEqual([key, key.includes('000000000002') ? 2 : 1]);
    // The proposal still waits, and its id is not known as one that was used.
    const pending = (await readContinuation(world.store, [world.key], signal))!;
    expect(pending.history.acts).toHaveLength(2 + 6 * 2 + 1);
    expect(pending.history.refused).toEqual([]);
    await approving(pending.history.acts.at(-1)!.act.id);
    expect((await readActs(world.store, [world.key], signal))!.history.acts).toHaveLength(2 + 7 * 2);
  });

  it('99 go on behind the first, and nobody begins one more', async () => {
    await junk(2);
    for (let partition = 1; partition < 99; partition++) await junk(0, partition);
    await continued();
    await world.record(world.people.ada, holdRequest('C-2'));
    expect(await lookAtActs(world.store, [world.key], signal)).toMatchObject({
      ...{ kind: 'read', isVerified: true, partitions: [0, 99], problem: null },
    });
    await junk(3, 99);
    await expect(propose()).rejects.toMatchObject({
      code: 'act-refused',
      message: expect.stringMatching(/in no further partition.*ledgerstone\.governance\/99/),
    });
    expect(world.store.keys().filter((key) => key.includes('partition=100/'))).toEqual([]);
  });

  it('what lies above is not read, and no release is believed any more', async () => {
    await junk(0, 100);
    await junk(0, 250);
    const { look, reads } = await readsOf();
    expect(look).toMatchObject({ kind: 'read', isVerified: false, broken: true, partitions: [0] });
    expect(look).toMatchObject({
      problem: expect.stringMatching(
        /partition 100 of ledgerstone\.governance, and in any above it, was not/,
      ),
    });
    expect([...reads.keys()].filter((key) => /partition=(100|250)/.test(key))).toEqual([]);
    const { recorded } = await world.record(world.people.ada, release('C-1'));
    await world.record(world.people.grace, approve(recorded.act.id));
    expect(await cases()).toEqual(['C-1']);
  });
});
