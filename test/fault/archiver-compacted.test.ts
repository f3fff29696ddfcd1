// Compaction took the newest sealed record: does a topic that accepts it go on, and is a replaced one still noticed?
import { describe, expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';

const ACCEPT = ', compacted: accept';

/** Twelve records are sealed in two segments by an archiver that is gone. */
async function sealedWorld(topic: string, topicIds = true): Promise<World> {
  const world = new World({ topic, broker: { topicIds } });
  world.produce(0, 12);
  const first = world.start('first');
  await world.untilSealed(0);
  first.kill();
  return world;
}

const log = (world: World) => world.broker.log('orders', 0);
const haltOf = (world: World) => world.archivers.at(-1)?.pipeline.actors[0]?.halt?.code ?? null;

/** Another archiver starts, and has a minute. */
async function restarted(world: World): Promise<string | null> {
  world.start('second');
  await world.clock.advance(60_000);
  return haltOf(world);
}

describe.each([true, false])('a topic that accepts compaction, with topic ids: %s', (topicIds) => {
  it('goes on where the newest sealed record was removed, and an older one of its segment is left', async () => {
    const world = await sealedWorld(ACCEPT, topicIds);
    log(world).compact((offset) => offset === 11);
    world.produce(0, 5);
    expect(await restarted(world)).toBeNull();
    expect(world.nextOffset(0)).toBe(17);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('goes on where nothing follows yet', async () => {
    const world = await sealedWorld(ACCEPT, topicIds);
    log(world).compact((offset) => offset === 11);
    expect(await restarted(world)).toBeNull();
    world.produce(0, 5);
    await world.untilSealed(0);
  });

  it('goes on where it is removed while the archiver runs', async () => {
    const world = new World({ topic: ACCEPT, broker: { topicIds } });
    world.produce(0, 12);
    const { pipeline } = world.start('a');
    await world.untilSealed(0);
    log(world).compact((offset) => offset === 11);
    pipeline.actors[0]?.suspect();
    world.produce(0, 5);
    await world.untilSealed(0);
    await world.clock.advance(60_000);
    expect(haltOf(world)).toBeNull();
  });

  it('halts where another record lies at the offset of a sealed one', async () => {
    const world = await sealedWorld(ACCEPT, topicIds);
    log(world).truncate(10);
    world.produce(0, 5, 'new');
    log(world).compact((offset) => offset === 11);
    expect(await restarted(world)).toBe('topic-replaced');
    expect(world.nextOffset(0)).toBe(12);
  });
});

describe('a topic of which no record of the newest segment is left', () => {
  const all = (offset: number) => offset === 10 || offset === 11;

  it('goes on by its id', async () => {
    const world = await sealedWorld(ACCEPT);
    log(world).compact(all);
    world.produce(0, 5);
    expect(await restarted(world)).toBeNull();
    expect(world.nextOffset(0)).toBe(17);
  });

  it('halts without one: nothing tells it from a topic that was made anew', async () => {
    const world = await sealedWorld(ACCEPT, false);
    log(world).compact(all);
    world.produce(0, 5);
    expect(await restarted(world)).toBe('topic-replaced');
  });
});

it('a topic that does not accept compaction halts', async () => {
  const world = await sealedWorld('');
  log(world).compact((offset) => offset === 11);
  world.produce(0, 5);
  expect(await restarted(world)).toBe('topic-replaced');
});

it('a topic that was made anew is noticed by its id', async () => {
  const world = await sealedWorld(ACCEPT);
  world.broker.recreateTopic('orders');
  world.produce(0, 30, 'new');
  log(world).compact((offset) => offset === 11);
  expect(await restarted(world)).toBe('topic-replaced');
});
