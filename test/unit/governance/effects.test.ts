// Are the objects of the store as the decisions demand, whatever breaks the work off?
import { describe, expect, it } from 'vitest';
import { afterPeriod } from '../../../src/base/period.ts';
import { timeText } from '../../../src/format/time.ts';
import {
  carryOut,
  decisionLock,
  enforceHolds,
  enforceRetention,
  historyNow,
} from '../../../src/governance/carry-out.ts';
import { START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import {
  extend,
  type GovernedArchive,
  governedArchive,
  LOCK,
  place,
  range,
  release,
  released,
} from '../../support/effect-world.ts';

const carried = async (world: GovernedArchive, id: string) => {
  const history = await historyNow(world.tools);
  return carryOut(world.tools, world.people.grace, history.find(id)!, history);
};

describe('a legal hold', () => {
  it('is on seal and data of each segment, on keys and FORMAT, and the act is done', async () => {
    const world = await governedArchive();
    const { effect, isDone, recorded } = await world.decide(world.people.ada, place('C-1', range(1, 3)));
    expect(world.heldSegments(0)).toEqual([1, 2, 3]);
    expect(world.heldSegments(1)).toEqual([]);
    expect(world.held().filter((key) => !key.includes('/topic='))).toHaveLength(2);
    expect([effect, isDone]).toMatchObject([{ objects: 8, changed: 8, held: 8, failed: [] }, true]);
    const now = await historyNow(world.tools);
    expect(now.find(recorded.act.id)?.doneBy?.act.detail).toEqual({ objects: 8, changed: 8 });
  });

  it('of two cases ends with the last one', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 3)));
    await world.decide(world.people.eve, place('C-2', range(2, 5)));
    const one = await carried(world, (await released(world, 'C-1')).act.id);
    expect(world.heldSegments(0)).toEqual([2, 3, 4, 5]);
    expect([one.isDone, one.effect.held, one.effect.changed]).toEqual([true, 6, 4]);
    await carried(world, (await released(world, 'C-2')).act.id);
    expect(world.held()).toEqual([]);
  });

  it('is not taken off by a release that nobody has approved', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    await world.record(world.people.ada, release('C-1'));
    await enforceHolds(world.tools, world.people.ada);
    expect(world.heldSegments(0)).toEqual([0, 1]);
  });

  it('on all segments to come covers those that came', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(4, null), range(0, null, 1)));
    expect([world.heldSegments(0), world.heldSegments(1)]).toEqual([
      [4, 5],
      [0, 1, 2],
    ]);
  });

  it('that somebody took off is on again after enforcing, and one without an act stays and is named', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    await world.decide(world.people.ada, place('C-2', range(3, 3)));
    await carried(world, (await released(world, 'C-2')).act.id);
    const [first, second] = world.held();
    world.store.attacker.setHold(first!, false);
    world.store.attacker.setHold('seals/topic=orders/partition=0/000000000003.tlog-proof', true);
    world.store.attacker.setHold('seals/topic=orders/partition=0/000000000005.tlog-proof', true);
    const { effect } = await enforceHolds(world.tools, world.people.ada);
    expect(world.held()).toContain(first);
    expect(world.held()).toContain(second);
    expect(world.held()).not.toContain('seals/topic=orders/partition=0/000000000003.tlog-proof');
    // Outside of every act it is left to the verifier.
    expect(world.held()).toContain('seals/topic=orders/partition=0/000000000005.tlog-proof');
    expect(effect.changed).toBe(2);
  });

  it('says which objects failed, and stays open', async () => {
    const world = await governedArchive();
    const [gone] = world.store.keys().filter((key) => key.startsWith('data/topic=orders/partition=0/'));
    world.store.attacker.destroy(gone!);
    const first = await world.decide(world.people.ada, place('C-1', range(0, 8)));
    expect(first.isDone).toBe(false);
    expect(first.effect.failed).toEqual([
      'segment 0 of orders/0: its data object is not there',
      'segments 6 to 8 of orders/0: no seal is there',
    ]);
    expect(first.effect.objects).toBe(13);
    const history = await historyNow(world.tools);
    expect(history.isOpen(history.find(first.recorded.act.id)!, world.clock.now())).toBe(true);
  });

  it('holds what a broken seal may have meant', async () => {
    const world = await governedArchive();
    world.store.attacker.tamper('seals/topic=orders/partition=0/000000000002.tlog-proof', (bytes) =>
      bytes.map((byte, at) => (at === 400 ? byte ^ 1 : byte)),
    );
    const { effect, isDone } = await world.decide(world.people.ada, place('C-1', range(2, 2)));
    expect(world.heldSegments(0)).toEqual([2]);
    expect([isDone, effect.doubts.length]).toEqual([true, 1]);
  });

  it('placed while another one is taken off is on in the end', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    const { act } = await released(world, 'C-1');
    const history = await historyNow(world.tools);
    let placed = false;
    const setHold = world.store.setHold;
    // Eve's act stands, and her holds were there already, when the first hold is taken off.
    const store = {
      ...world.store,
      setHold: async (...args: Parameters<typeof setHold>) => {
        if (!placed) {
          placed = true;
          await world.decide(world.people.eve, place('C-2', range(0, 0)));
        }
        await setHold(...args);
      },
    };
    const { isDone } = await carryOut(
      { ...world.tools, store },
      world.people.grace,
      history.find(act.id)!,
      history,
    );
    expect(isDone).toBe(true);
    expect(world.heldSegments(0)).toEqual([0]);
  });
});

describe('a longer lock', () => {
  it('asked for again, the lock of the decision is the one that it has', async () => {
    const world = await governedArchive();
    const request = extend(START_MS + 20 * YEAR_MS, range(0, 1));
    const { recorded } = await world.decide(world.people.ada, request);
    const first = await decisionLock(world.tools, recorded.place);
    await world.clock.sleep(3_600_000);
    const again = await world.decide(world.people.ada, request);
    expect(again.recorded.act.id).toBe(recorded.act.id);
    expect(await decisionLock(world.tools, again.recorded.place)).toBe(first);
    expect(first).toBe(
      Math.ceil(afterPeriod(recorded.place.sealedMs, world.tools.retention.period) / 1000) * 1000,
    );
    expect(await decisionLock(world.tools, { offset: 99, sequence: 99, sealedMs: 0 })).toBeNull();
  });

  const untilMs = START_MS + 3 * YEAR_MS;
  /** The data of segment 0 has gone, at a time at which its lock was over. */
  const worldBehindTheEnd = async () => {
    const world = await governedArchive();
    await world.clock.sleep(START_MS + 1.1 * YEAR_MS - world.clock.now());
    const [gone] = world.store.keys().filter((key) => key.startsWith('data/topic=orders/partition=0/'));
    world.store.attacker.destroy(gone!);
    return world;
  };
  const GONE = `segment 0 of orders/0: its data was kept until ${timeText(LOCK.untilMs + 60_000).replace('.000Z', 'Z')}, and has gone`;

  it('demands nothing of data that might go and had gone, names it, and is done', async () => {
    const world = await worldBehindTheEnd();
    const longer = await world.decide(world.people.ada, extend(untilMs, range(0, 1)));
    expect([longer.isDone, longer.effect]).toMatchObject([
      true,
      { objects: 5, changed: 5, gone: [GONE], failed: [] },
    ]);
    const held = await world.decide(world.people.ada, place('C-1', range(0, 1)));
    expect([held.isDone, held.effect]).toMatchObject([
      true,
      { objects: 5, changed: 5, gone: [GONE], failed: [] },
    ]);
    expect((await enforceRetention(world.tools, world.people.ada)).effect).toMatchObject({
      gone: [GONE],
      failed: [],
    });
  });

  it('that was decided in time fails of data that is not there', async () => {
    const world = await governedArchive();
    await world.record(world.people.ada, extend(untilMs, range(0, 1)));
    await world.clock.sleep(START_MS + 1.1 * YEAR_MS - world.clock.now());
    const [gone] = world.store.keys().filter((key) => key.startsWith('data/topic=orders/partition=0/'));
    world.store.attacker.destroy(gone!);
    const { effect, closed } = await enforceRetention(world.tools, world.people.ada);
    expect([effect.failed, effect.gone, closed]).toEqual([
      ['segment 0 of orders/0: its data object is not there'],
      [],
      [],
    ]);
  });

  it('is on seal, data, keys and FORMAT, and no lock becomes shorter', async () => {
    const world = await governedArchive();
    const longer = 'seals/topic=orders/partition=0/000000000001.tlog-proof';
    world.store.attacker.setLock(longer, { mode: 'COMPLIANCE', untilMs: untilMs + 5000 });
    const { effect, isDone } = await world.decide(world.people.ada, extend(untilMs, range(1, 2)));
    expect([effect, isDone]).toMatchObject([{ objects: 6, changed: 5, failed: [] }, true]);
    const locks = Object.fromEntries(
      world.store.keys().map((key) => [key, world.store.versionsOf(key)[0]!.lock]),
    );
    expect(locks[longer]?.untilMs).toBe(untilMs + 5000);
    const long = Object.entries(locks).filter(
      ([key, lock]) => !key.includes('ledgerstone.governance') && lock!.untilMs >= untilMs,
    );
    expect(long.map(([key]) => key.split('/')[0]).toSorted()).toEqual(
      ['FORMAT', 'data', 'data', 'keys', 'seals', 'seals'].map((root) => expect.stringContaining(root)),
    );
    expect(locks['seals/topic=orders/partition=0/000000000003.tlog-proof']).toEqual(LOCK);
  });
});
