// What may happen in a simulated world? One event a number, each with a die of its own.
import { ambush, equalKeys, plantForeign, plantForged, plantMarker, squat } from './attacker.ts';
import { Dice } from './dice.ts';
import { armMoment } from './moments.ts';
import { operate } from './operator.ts';
import {
  append,
  compact,
  expire,
  expireUnsealed,
  large,
  openTransaction,
  poison,
  recreate,
  truncate,
} from './producers.ts';
import { TOPIC, type Trouble } from './setting.ts';
import type { SimWorld } from './world.ts';

type Event = {
  readonly weight: number;
  readonly name: string;
  /** Only in runs with this kind of trouble. */
  readonly trouble: Trouble | null;
  /** Not counted when it was in vain: false. */
  readonly act: (world: SimWorld, dice: Dice, partition: number) => unknown;
};

const anyOf = (world: SimWorld, dice: Dice) => dice.pick(world.alive());

const EVENTS: readonly Event[] = [
  { weight: 14, name: 'produce', trouble: null, act: append },
  { weight: 5, name: 'transaction', trouble: 'transactions', act: openTransaction },
  {
    weight: 3,
    name: 'kill',
    trouble: 'kill',
    act: (world, dice) => anyOf(world, dice)?.kill('by SIGKILL', dice.pick([0, 3_000, 10_000])),
  },
  { weight: 2, name: 'drain', trouble: 'drain', act: (world, dice) => anyOf(world, dice)?.drain() },
  {
    weight: 3,
    name: 'pause',
    trouble: 'pause',
    act: (world, dice) =>
      anyOf(world, dice)?.pause(dice.pick([500, 8_000, 14_000, 30_000]), dice.pick([0, 100, 3_000])),
  },
  {
    weight: 3,
    name: 'isolate',
    trouble: 'isolate',
    act: (world, dice) => {
      const process = anyOf(world, dice);
      process?.isolate();
      if (process !== undefined) void world.clock.sleep(dice.between(500, 20_000)).then(() => process.heal());
    },
  },
  { weight: 4, name: 'rebalance', trouble: 'rebalance', act: (world) => world.rebalance() },
  { weight: 8, name: 'moment', trouble: 'moment', act: armMoment },
  {
    weight: 2,
    name: 'store down',
    trouble: 'store-down',
    act: (world, dice) => outage(world, dice, 'storeDown'),
  },
  {
    weight: 2,
    name: 'throttling',
    trouble: 'throttle',
    act: (world, dice) => outage(world, dice, 'throttled'),
  },
  { weight: 2, name: 'kms down', trouble: 'kms-down', act: (world, dice) => outage(world, dice, 'kmsDown') },
  {
    weight: 2,
    name: 'brokers down',
    trouble: 'brokers-down',
    act: (world, dice) => {
      world.broker.down = true;
      void world.clock.sleep(dice.between(200, 20_000)).then(() => {
        world.broker.down = false;
      });
    },
  },
  { weight: 3, name: 'elect', trouble: 'elect', act: (world) => world.broker.elect() },
  { weight: 4, name: 'late batch', trouble: 'late-batch', act: lateBatch },
  {
    weight: 2,
    name: 'drift',
    trouble: 'drift',
    act: (world, dice, partition) => {
      world.ledgers[partition]?.excuses.add('replay').add('hole');
      world.broker.driftNext(TOPIC, partition, dice.between(-5, 3));
    },
  },
  {
    weight: 2,
    name: 'clock jump',
    trouble: 'clock-jump',
    act: (world, dice) => {
      // The store's clock and everybody's, or that of one process.
      const ms = dice.pick([-90_000, -2_000, 1_500, 40_000, 90_000, 3_600_000]);
      const process = dice.chance(0.2) ? undefined : anyOf(world, dice);
      world.note(process === undefined ? `time by ${Math.abs(ms)}` : `the clock of ${process.id} by ${ms}`);
      if (process === undefined) world.clock.jump(Math.abs(ms));
      else process.skewMs += ms;
    },
  },
  {
    weight: 2,
    name: 'partition added',
    trouble: 'partitions',
    act: (world) => {
      if (world.ledgers.length >= 4) return false;
      world.broker.addPartitions(TOPIC, world.ledgers.length + 1);
      world.syncPartitions();
      void world.clock.sleep(2_000).then(() => world.rebalance());
      return true;
    },
  },
  { weight: 4, name: 'expire sealed', trouble: 'expire', act: expire },
  { weight: 2, name: 'expire unsealed', trouble: 'expire-unsealed', act: expireUnsealed },
  { weight: 2, name: 'truncate', trouble: 'truncate', act: truncate },
  { weight: 1, name: 'recreate', trouble: 'recreate', act: recreate },
  { weight: 2, name: 'compact', trouble: 'compact', act: compact },
  { weight: 2, name: 'poison', trouble: 'poison', act: poison },
  { weight: 2, name: 'large', trouble: 'large', act: large },
  { weight: 3, name: 'delete marker', trouble: 'marker', act: plantMarker },
  { weight: 2, name: 'ambush', trouble: 'marker', act: ambush },
  { weight: 3, name: 'second version', trouble: 'cover', act: plantForged },
  { weight: 2, name: 'same bytes again', trouble: 'cover', act: equalKeys },
  { weight: 2, name: 'foreign object', trouble: 'foreign', act: plantForeign },
  { weight: 1, name: 'squat', trouble: 'squat', act: squat },
  { weight: 3, name: 'operator', trouble: 'operator', act: operate },
];

export function happen(world: SimWorld, event: number): void {
  const dice = new Dice(world.seed, 'event', event);
  const possible = EVENTS.filter(({ trouble }) => trouble === null || world.setting.troubles.has(trouble));
  const { name, act } = dice.weighted(possible);
  // A partition that is added later gets its share too, without the others' choices changing.
  const partition = dice.below(world.ledgers.length);
  world.happened.push(event);
  world.note(`#${event} ${name} ${partition}`);
  if (act(world, dice, partition) !== false) world.count(name);
}

function outage(world: SimWorld, dice: Dice, service: keyof SimWorld['services']): void {
  world.services[service] = true;
  void world.clock.sleep(dice.between(200, 25_000)).then(() => {
    world.services[service] = false;
  });
}

/** The next answer for a partition arrives long after it was asked for: perhaps after a rebalance, as of an old generation. */
function lateBatch(world: SimWorld, dice: Dice, partition: number): void {
  world.broker.hold(TOPIC, partition);
  const group = world.broker.group('ledgerstone');
  const { generation } = group;
  if (dice.chance(0.6)) void world.clock.sleep(dice.between(300, 3_000)).then(() => world.rebalance());
  void world.clock.sleep(dice.between(500, 12_000)).then(() => {
    if (!world.broker.release(TOPIC, partition)) return;
    world.count(group.generation === generation ? 'late batch arrived' : 'late batch of an old generation');
  });
}
