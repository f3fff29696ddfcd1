// Do new segments come under the holds of their chains, by somebody who can take none off?
import { describe, expect, it } from 'vitest';
import { effectLines } from '../../../src/apps/cli/governance-text.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { historyNow } from '../../../src/governance/carry-out.ts';
import { keepHolds } from '../../../src/governance/keep-holds.ts';
import { archiveKey, signer } from '../../support/archive-builder.ts';
import { type GovernedArchive, governedArchive, place, range, released } from '../../support/effect-world.ts';
import { memorySigner } from '../../support/memory-signer.ts';

/** With a store that refuses to take a hold off, and counts what it is asked. */
function keeperOf(world: GovernedArchive) {
  let asked = 0;
  const store = {
    ...world.store,
    setHold: (...args: Parameters<typeof world.store.setHold>) => {
      if (!args[2]) throw new Error('a hold was to be taken off');
      return world.store.setHold(...args);
    },
    hold: (...args: Parameters<typeof world.store.hold>) => {
      asked++;
      return world.store.hold(...args);
    },
  };
  const tools = { store, clock: world.clock, trusted: world.tools.logKeys, signal: world.tools.signal };
  const read = () => historyNow(world.tools);
  return {
    keep: async (sinceMs: number | null, reread = read) => {
      asked = 0;
      return keepHolds(tools, await read(), sinceMs, reread);
    },
    asked: () => asked,
  };
}

describe('holds are kept', () => {
  it('on what came since, and only that is asked for', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(4, null), range(0, 1, 1)));
    const { keep, asked } = keeperOf(world);
    await world.clock.sleep(3_600_000);
    const sinceMs = world.clock.now();
    await world.sealMore(0);
    await world.sealMore(1);
    const effect = await keep(sinceMs);
    expect([world.heldSegments(0), world.heldSegments(1)]).toEqual([
      [4, 5, 6],
      [0, 1],
    ]);
    expect([effect.changed, effect.failed]).toEqual([2, []]);
    // Seal and data, each twice since it was set; the key and FORMAT.
    expect(asked()).toBe(2 * 2 + 2);
    expect((await keep(sinceMs)).changed).toBe(0);
  });

  it('on segments of a key that people decided on, without a doubt', async () => {
    const world = await governedArchive();
    const next = memorySigner({ seed: 'next' });
    await world.record(world.people.ada, {
      ...{ kind: 'key.rotate', of: null, reason: 'Each year', reference: null },
      detail: { use: 'log', key: encodeVkey(archiveKey(next)), signer: 'next.pem' },
    });
    await world.decide(world.people.ada, place('C-1', range(4, null)));
    await world.sealMore(0, undefined, [signer(), next]);
    await world.sealMore(0, undefined, [next]);
    const { changed, doubts, failed } = await keeperOf(world).keep(null);
    expect([changed, doubts, failed]).toEqual([4, [], []]);
    // Of another one they are taken by their names.
    await world.sealMore(0, undefined, [next, memorySigner({ seed: 'stranger' })]);
    await world.sealMore(0, undefined, [memorySigner({ seed: 'stranger' })]);
    const effect = await keeperOf(world).keep(null);
    expect(effect.doubts).toEqual([expect.stringMatching(/^segment 9 of orders\/0: unknown-key/)]);
    expect(effectLines(effect, 'held').join()).toContain('archive.trusted of governance.yaml');
  });

  it('on each partition that a whole topic got later', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, null, null)));
    const sinceMs = world.clock.now();
    await world.sealMore(1);
    await keeperOf(world).keep(sinceMs);
    expect(world.heldSegments(1)).toEqual([0, 1, 2, 3]);
  });

  it('on what somebody took off, where everything is looked at', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    const first = world.held().find((key) => key.startsWith('data/'));
    world.store.attacker.setHold(first!, false);
    const { keep } = keeperOf(world);
    expect((await keep(world.clock.now() + 1)).changed).toBe(0);
    expect((await keep(null)).changed).toBe(1);
    expect(world.heldSegments(0)).toEqual([0, 1]);
  });

  it('and none is taken off that a release let go', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    await world.decide(world.people.ada, place('C-2', range(1, 2)));
    await released(world, 'C-1');
    expect(await keeperOf(world).keep(null)).toMatchObject({ failed: [], changed: 0, withoutAct: [] });
    expect(world.heldSegments(0)).toEqual([0, 1, 2]);
  });

  it('what was released while it was put on is named', async () => {
    const world = await governedArchive();
    const { act } = (await world.record(world.people.ada, place('C-1', range(0, 0)))).recorded;
    const effect = await keeperOf(world).keep(null, async () => {
      await released(world, 'C-1');
      return historyNow(world.tools);
    });
    expect((await historyNow(world.tools)).find(act.id)).not.toBeNull();
    expect(effect.withoutAct).toHaveLength(4);
  });

  it('and no release is believed of a chain of decisions that is broken', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    await released(world, 'C-1');
    const history = await historyNow(world.tools);
    for (const key of world.held()) world.store.attacker.setHold(key, false);
    const { store, clock, logKeys: trusted, signal } = world.tools;
    const keep = (isVerified: boolean) =>
      keepHolds({ store, clock, trusted, signal, isVerified }, history, null, async () => history);
    expect([(await keep(true)).changed, world.heldSegments(0)]).toEqual([0, []]);
    expect((await keep(false)).withoutAct).toEqual([]);
    expect(world.heldSegments(0)).toEqual([0, 1]);
  });
});
