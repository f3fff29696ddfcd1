// What is asked of segments where a decision was broken off, or is over?
import { expect, it } from 'vitest';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { historyNow } from '../../../src/governance/carry-out.ts';
import { heldTo } from '../../../src/verify/acts/held-to.ts';
import { demandsOf } from '../../../src/verify/acts/in-force.ts';
import { START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { extend, governedArchive, place, range, released } from '../../support/effect-world.ts';

const HOUR_MS = 3_600_000;
const SEGMENT = { chain: 'orders', partition: 0, sequence: 1 };

const ofNow = async (
  world: Awaited<ReturnType<typeof governedArchive>>,
  nowMs: number,
  isVerified = true,
) => {
  const history = await historyNow(world.tools);
  return { history, held: heldTo({ history, isVerified }, { nowMs, sha256 }) };
};
const openActs = ({ held }: Awaited<ReturnType<typeof ofNow>>) =>
  held.actProblems().filter(({ problem }) => problem.code === 'act-open').length;

it('a longer lock that was never done is asked for until its date, and not after it', async () => {
  const world = await governedArchive();
  const { ada } = world.people;
  await world.record(ada, extend(START_MS + YEAR_MS, range(0, 2)));
  const before = await ofNow(world, START_MS + YEAR_MS - 1);
  expect([before.held.lockedUntilMs(SEGMENT), openActs(before)]).toEqual([START_MS + YEAR_MS, 1]);
  const after = await ofNow(world, START_MS + YEAR_MS);
  expect([after.held.lockedUntilMs(SEGMENT), openActs(after)]).toEqual([0, 0]);
  // Somebody said that it was done: then it has to have been.
  await world.decide(ada, extend(START_MS + 2 * YEAR_MS, range(0, 2)));
  expect((await ofNow(world, START_MS + 3 * YEAR_MS)).held.lockedUntilMs(SEGMENT)).toBe(
    START_MS + 2 * YEAR_MS,
  );
});

it('a hold that was never done ends with its release, unless the chain is not believed', async () => {
  const world = await governedArchive();
  await world.record(world.people.ada, place('C-1', range(0, 2)));
  await released(world, 'C-1');
  const hourLaterMs = world.clock.now() + HOUR_MS;
  // The place is over; the release is open itself, after a day.
  const [fresh, old] = [await ofNow(world, hourLaterMs), await ofNow(world, hourLaterMs + 24 * HOUR_MS)];
  expect([openActs(fresh), openActs(old)]).toEqual([0, 1]);
  expect(old.held.casesOf(SEGMENT, START_MS)).toEqual([]);
  // No release is believed, and the hold is still under way.
  expect((await ofNow(world, hourLaterMs, false)).held.casesOf(SEGMENT, START_MS)).toEqual([]);
  const unbelieved = await ofNow(world, hourLaterMs + 24 * HOUR_MS, false);
  expect([unbelieved.held.casesOf(SEGMENT, START_MS), openActs(unbelieved)]).toEqual([['C-1'], 2]);
});

it('asks for the same as those who carry decisions out', async () => {
  const world = await governedArchive();
  const { ada, eve } = world.people;
  await world.decide(ada, place('C-1', range(0, 2)));
  await world.decide(eve, place('C-2', range(1, null, null)));
  await world.decide(ada, extend(START_MS + 2 * YEAR_MS, range(1, 1)));
  await world.decide(eve, extend(START_MS + 3 * YEAR_MS, range(0, 1)));
  await released(world, 'C-2');
  const { history, held } = await ofNow(world, world.clock.now() + 48 * HOUR_MS);
  const demands = demandsOf(history);
  for (const sequence of [0, 1, 2, 3]) {
    const segment = { ...SEGMENT, sequence };
    expect([held.casesOf(segment, START_MS), held.lockedUntilMs(segment)]).toEqual([
      demands.casesOf(segment),
      demands.lockedUntilMs(segment),
    ]);
  }
  // In its first hour no hold is demanded of a segment, and that is countable.
  const nowMs = world.clock.now() + 48 * HOUR_MS;
  for (const [sequence, ageMs, isToCome] of [
    [1, HOUR_MS, true],
    [1, HOUR_MS + 1, false],
    [3, HOUR_MS, false],
  ] as const) {
    const [segment, storedMs] = [{ ...SEGMENT, sequence }, nowMs - ageMs];
    expect(held.isHoldToCome(segment, storedMs)).toBe(isToCome);
    if (isToCome) expect(held.casesOf(segment, storedMs)).toEqual([]);
  }
  expect([demands.casesOf(SEGMENT), demands.lockedUntilMs(SEGMENT)]).toEqual([
    ['C-1'],
    START_MS + 3 * YEAR_MS,
  ]);
});
