// Is what expired between a chain and the one that continues it missed?
import { expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';
import { haltOf } from './hazards-world.ts';

const NEW_CHAIN = ', chain: orders-2, continues: { chain: orders, reason: taken, by: ops }';

it('what expired between two chains of a topic is missed, also where its id became known between them', async () => {
  const world = new World({ broker: { topicIds: false } });
  world.produce(0, 10);
  const older = world.start('a');
  await world.untilSealed(0);
  await older.stop();
  Object.assign(world.broker, { topicIds: true });
  world.produce(0, 20);
  world.broker.log('orders').expire(25);
  world.start('b', world.store, world.configured(NEW_CHAIN));
  await world.clock.advance(120_000);
  expect(haltOf(world, 1)).toMatchObject({ code: 'expired', gap: { from: 10, to: 25 } });
  expect(world.nextOffset(0, 'orders-2')).toBe(10);
});
