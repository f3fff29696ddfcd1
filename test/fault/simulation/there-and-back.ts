// A partition goes to another member and comes back. What did the first owner not see meanwhile?
import { parseKey } from '../../../src/format/paths.ts';
import { hide } from './attacker.ts';
import { Dice } from './dice.ts';
import type { Call } from './fate.ts';
import type { SimProcess } from './process.ts';
import { GROUP } from './setting.ts';
import type { SimWorld } from './world.ts';

/** Of the worlds that it can take place in. */
const PART = 0.3;

/**
 * Who sealed loses its partition. The next owner stores data and dies before the seal, and a marker hides
 * that data. Then the first owner gets the partition back. By chance alone this came up once in 30,000
 * worlds. It has a die of its own: worlds without it are as they were.
 */
export function armThereAndBack(world: SimWorld): void {
  const { setting, seed } = world;
  const isPossible = setting.members > 1 && setting.troubles.has('marker');
  if (!isPossible || !new Dice(seed, 'there and back').chance(PART)) return;
  // Behind the numbers of the events: a shrinker may leave it out too.
  const number = setting.events;
  if (!world.mayHappen(number)) return;
  world.happened.push(number);
  const others = (process: SimProcess) => world.alive().filter((other) => other !== process);
  world.moments.push({
    when: 'after',
    matches: (call, process) => (putOf('seal', call)?.sequence ?? 0) > 0 && others(process).length > 0,
    act: (first, call) => {
      const partition = putOf('seal', call)?.partition ?? 0;
      const next = new Dice(seed, 'next owner').pick(others(first));
      world.moments.push({
        when: 'after',
        matches: (put, process) => process === next && putOf('data', put)?.partition === partition,
        act: (_, { key }) => {
          hide(world, key);
          world.count('marker over unsealed data');
          next.kill('with its data hidden', 0);
          give(world, partition, first);
        },
      });
      give(world, partition, next);
    },
  });
}

function putOf(kind: 'seal' | 'data', { method, key }: Call) {
  const parsed = method === 'putIfAbsent' ? parseKey(key) : null;
  return parsed?.kind === kind ? parsed : null;
}

/** From now on the group gives this partition to that member, while it has it. */
function give(world: SimWorld, partition: number, { id: to }: SimProcess): void {
  const group = world.broker.group(GROUP);
  const usual = group.assigner;
  group.assigner = (memberIds, partitions) => {
    const shares = new Map(usual(memberIds, partitions));
    if (!shares.has(to)) return shares;
    for (const [id, share] of shares)
      shares.set(
        id,
        share.filter((one) => one.partition !== partition),
      );
    const given = partitions.filter((one) => one.partition === partition);
    return shares.set(to, [...(shares.get(to) ?? []), ...given]);
  };
  world.rebalance();
}
