// A log that lost its end where nothing but an aborted transaction was read, and grew records there: are they missed?
import { expect, it } from 'vitest';
import type { World } from '../support/archiver-world.ts';
import { actorOf, exact, HELD, haltOf, running } from './hazards-world.ts';

/** Five offsets and their marker. */
function abort(world: World): void {
  const transaction = world.broker.log('orders').begin();
  for (let i = 0; i < 5; i++) transaction.append({ value: 'x' });
  transaction.abort();
}

/** Offsets below the head that hold a committed record now, and no line of the archive. */
function lost(world: World): number[] {
  const archived = new Set(world.lines(0).flatMap(({ record }) => (record === null ? [] : [record.offset])));
  return world.broker
    .log('orders')
    .records()
    .map(({ offset }) => offset)
    .filter((offset) => offset < world.nextOffset(0) && !archived.has(offset));
}

it.each([
  ['goes on', true],
  ['goes on', false],
  ['is started anew', true],
  ['is started anew', false],
] as const)('sealed, and the archiver %s: a halt (topic ids: %s)', async (how, topicIds) => {
  const world = await running({ broker: { topicIds } });
  abort(world);
  await world.untilSealed(0);
  if (how === 'is started anew') await world.archivers[0]?.stop();
  world.broker.log('orders').truncate(12);
  world.broker.elect();
  world.produce(0, 20, 'other');
  if (how === 'is started anew') world.start('b');
  await world.clock.advance(120_000);
  expect(haltOf(world, how === 'goes on' ? 0 : 1)?.code).toBe('topic-replaced');
  expect(world.nextOffset(0)).toBe(16);
});

it('held: it is read again, and nothing is lost', async () => {
  const world = await running({ config: HELD });
  world.produce(0, 3);
  abort(world);
  await world.clock.until('accepted', () => actorOf(world)?.acceptedOffset === 19);
  world.broker.log('orders').truncate(15);
  world.produce(0, 20, 'other');
  world.broker.elect();
  await exact(world);
  expect(lost(world)).toEqual([]);
});

it('where the log is whole, heartbeats and a restart behind it change nothing', async () => {
  const world = await running({ config: 'segment: { maxRecords: 10, maxAge: 1s, heartbeat: 60s }' });
  abort(world);
  await world.untilSealed(0);
  await world.clock.advance(600_000);
  await world.archivers[0]?.stop();
  world.start('b');
  world.broker.elect();
  world.produce(0, 5);
  await exact(world);
  world.broker.log('orders').expire(14);
  world.broker.elect();
  world.produce(0, 5);
  await world.untilSealed(0);
  expect(haltOf(world, 1)).toBeNull();
});
