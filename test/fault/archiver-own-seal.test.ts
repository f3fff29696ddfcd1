// Is a seal of its own that a halted partition sees, before it is confirmed, taken for an operator's decision?
import { expect, it, vi } from 'vitest';
import { haltOf, logOf, running } from './hazards-world.ts';

it('it is not: what was accepted before the halt is sealed, although Kafka has let go of it', async () => {
  const world = await running();
  const { store } = world;
  const lock = store.lock.bind(store);
  let hangs = true;
  vi.spyOn(store, 'lock').mockImplementation(async (key, ...rest) => {
    while (hangs && key.startsWith('seals/')) await world.clock.sleep(500);
    return lock(key, ...rest);
  });
  world.produce(0, 25);
  world.broker.log('orders').appendPoison();
  await world.clock.until('halted', () => haltOf(world)?.code === 'undecodable');
  world.broker.log('orders').expire(35);
  await world.clock.advance(60_000);
  hangs = false;
  await world.clock.advance(60_000);
  expect(world.nextOffset(0)).toBe(35);
  expect(haltOf(world)).toMatchObject({ code: 'undecodable', gap: { from: 35, to: 36 } });
  expect(logOf(world, 'HALTED')).toHaveLength(1);
});
