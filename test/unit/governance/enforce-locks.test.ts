// Is each lock as long as was decided, after what broke off and what an archiver sealed too early?
import { describe, expect, it } from 'vitest';
import { sealKey } from '../../../src/format/paths.ts';
import { enforceRetention, historyNow } from '../../../src/governance/carry-out.ts';
import { START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { extend, type GovernedArchive, governedArchive, LOCK, range } from '../../support/effect-world.ts';

const untilOf = (world: GovernedArchive, sequence: number) =>
  world.store.versionsOf(sealKey('orders', 0, sequence))[0]!.lock!.untilMs;
const DAY_MS = 86_400_000;

describe('retention is enforced', () => {
  it('for whoever decided, and what was open is done', async () => {
    const world = await governedArchive();
    const until = START_MS + 3 * YEAR_MS;
    const { recorded } = await world.record(world.people.ada, extend(until, range(0, 1)));
    expect(untilOf(world, 0)).toBe(LOCK.untilMs);
    const done = await enforceRetention(world.tools, world.people.eve);
    expect([untilOf(world, 0), untilOf(world, 1), untilOf(world, 2)]).toEqual([until, until, LOCK.untilMs]);
    expect(done.closed.map(({ act }) => act.id)).toEqual([recorded.act.id]);
    const history = await historyNow(world.tools);
    expect(history.find(recorded.act.id)?.doneBy?.act).toMatchObject({ by: { name: 'Eve Mallory' } });
    expect((await enforceRetention(world.tools, world.people.eve)).effect.changed).toBe(0);
  });

  it('not for one whose date has passed', async () => {
    const world = await governedArchive();
    await world.record(world.people.ada, extend(world.clock.now() + 1000, range(0, 5)));
    await world.clock.sleep(60_000);
    expect(await enforceRetention(world.tools, world.people.ada)).toMatchObject({
      closed: [],
      fulfilled: [],
    });
  });

  it('what cannot be done stays open, and the rest is done', async () => {
    const world = await governedArchive();
    await world.record(world.people.ada, extend(START_MS + 3 * YEAR_MS, range(4, 7)));
    const { effect, closed } = await enforceRetention(world.tools, world.people.ada);
    expect([effect.failed, closed]).toEqual([['segments 6 to 7 of orders/0: no seal is there'], []]);
    expect(untilOf(world, 4)).toBe(START_MS + 3 * YEAR_MS);
  });

  it('of what an archiver sealed under the policies before', async () => {
    const world = await governedArchive();
    await world.clock.sleep(DAY_MS);
    const first = world.clock.now();
    await world.record(world.people.ada, {
      ...{ kind: 'policy', of: null, reason: 'Longer', reference: null },
      detail: {
        policies: [{ name: 'long', mode: 'COMPLIANCE', period: '9y' }],
        chains: [{ chain: 'orders', policy: 'long' }],
      },
    });
    await world.clock.sleep(DAY_MS);
    await world.sealMore(0, world.clock.now());
    const { late, effect } = await enforceRetention(world.tools, world.people.ada);
    expect([late, effect.failed]).toEqual([1, []]);
    expect(untilOf(world, 6)).toBeGreaterThan(first + 8.9 * YEAR_MS);
    expect(untilOf(world, 5)).toBe(LOCK.untilMs);
  });
});
