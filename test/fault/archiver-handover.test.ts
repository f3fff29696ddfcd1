// What is lost or archived twice where one chain goes on in another, and not everybody knows it at once?
import { expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';
import { haltOf } from './hazards-world.ts';

const NEW_CHAIN = ', chain: orders-2, continues: { chain: orders, reason: taken, by: ops }';

it('an archiver with the older configuration gets the partition back: it halts, and archives nothing twice', async () => {
  const world = new World();
  world.produce(0, 10);
  world.start('a');
  await world.untilSealed(0);
  world.start('b', world.store, world.configured(NEW_CHAIN));
  const group = world.broker.group('ledgerstone');
  const giveTo = (owner: string) => {
    group.assigner = (ids, all) => new Map(ids.map((id) => [id, id === owner ? all : []]));
    group.rebalance();
  };
  giveTo('b');
  world.produce(0, 10);
  await world.clock.until('sealed by b', () => world.nextOffset(0, 'orders-2') === 20);
  giveTo('a');
  world.produce(0, 10);
  await world.clock.advance(60_000);
  expect(world.nextOffset(0)).toBe(10);
  expect(haltOf(world, 0)?.code).toBe('older-chain');
  giveTo('b');
  await world.clock.until('sealed by b', () => world.nextOffset(0, 'orders-2') === 30);
  expect((await world.verify()).verdict).toBe('verified');
});
