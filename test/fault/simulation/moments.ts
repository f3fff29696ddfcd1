// At which moment is a trouble the worst? When a call of a seal comes by, just before or just after it happens.
import type { Dice } from './dice.ts';
import type { Call } from './fate.ts';
import type { SimProcess } from './process.ts';
import type { Moment, SimWorld } from './world.ts';

const isPut = (folder: string) => (call: Call) =>
  call.method === 'putIfAbsent' && call.key.startsWith(folder);

const PLACES: readonly Pick<Moment, 'when' | 'matches'>[] = [
  // Between data and seal.
  { when: 'after', matches: isPut('data/') },
  { when: 'before', matches: isPut('seals/') },
  // The seal is stored, and nobody knows.
  { when: 'after', matches: isPut('seals/') },
  { when: 'before', matches: isPut('data/') },
  { when: 'before', matches: (call) => call.method === 'sign' },
  { when: 'after', matches: (call) => call.method === 'sign' },
  // Finding its place, and confirming its anchor.
  { when: 'after', matches: (call) => call.method === 'logRange' },
  { when: 'before', matches: (call) => call.method === 'readAt' },
  { when: 'after', matches: (call) => call.method === 'listVersions' },
  { when: 'after', matches: (call) => call.method === 'committed' },
  { when: 'before', matches: (call) => call.method === 'commitHint' },
  { when: 'before', matches: (call) => call.method === 'lock' },
];

const ACTS: readonly ((world: SimWorld, dice: Dice, process: SimProcess) => void)[] = [
  (world) => world.rebalance(),
  (world) => world.rebalance(),
  (_world, dice, process) => process.kill('at a moment', dice.pick([0, 10_000])),
  (_world, dice, process) => process.pause(dice.pick([2_000, 14_000, 30_000]), dice.pick([0, 2_000])),
  (world, dice, process) => {
    process.isolate();
    void world.clock.sleep(dice.between(500, 20_000)).then(() => process.heal());
  },
  (world) => world.broker.elect('at a moment'),
  (_world, dice, process) => {
    process.skewMs += dice.pick([-120_000, 120_000, 30_000]);
  },
  (_world, _dice, process) => process.drain(),
];

export function armMoment(world: SimWorld, dice: Dice): void {
  const place = dice.pick(PLACES);
  const act = dice.pick(ACTS);
  let skips = dice.below(3);
  world.moments.push({
    when: place.when,
    matches: (call, process) => place.matches(call, process) && skips-- <= 0,
    act: (process) => {
      world.count('a moment came');
      act(world, dice, process);
    },
  });
}
