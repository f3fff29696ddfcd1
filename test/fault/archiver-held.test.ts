// What becomes of records that an archiver holds and has not sealed, when Kafka itself fails or lets go of them?
import { describe, expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';

/** An archiver that holds 20 accepted records, none of them sealed. */
async function holding(config = '') {
  const world = new World({ config: `segment: { maxRecords: 100, maxAge: 20s, heartbeat: 0 }\n${config}` });
  const archiver = world.start();
  await world.clock.until('begun', () => world.nextOffset(0) === 0);
  world.produce(0, 20);
  const [actor] = archiver.pipeline.actors;
  await world.clock.until('accepted', () => actor?.acceptedOffset === 20);
  return { world, archiver, actor };
}

describe('records that are held', () => {
  it('wait for brokers that do not answer, and the process goes on meanwhile', async () => {
    const { world, actor } = await holding();
    world.broker.elect();
    world.broker.down = true;
    await world.clock.advance(120_000);
    expect(world.nextOffset(0)).toBe(0);
    expect(actor?.state).toBe('streaming');
    expect(actor?.trouble?.error).toMatchObject({ code: 'kafka-unavailable' });
    world.broker.down = false;
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
    expect(actor?.trouble).toBeNull();
  });

  it('are sealed even when Kafka has let go of them, and of more that it never showed', async () => {
    const { world, archiver, actor } = await holding();
    const held = world.broker.log('orders', 0).records();
    // The archiver takes nothing more: as when its memory is full.
    archiver.source.pause({ topic: 'orders', partition: 0 });
    world.produce(0, 10);
    world.broker.log('orders', 0).expire(25);
    world.broker.elect();
    await world.clock.advance(120_000);
    expect(world.lines(0).map(({ offset }) => offset)).toEqual(held.map(({ offset }) => offset));
    expect(actor?.halt).toMatchObject({ code: 'expired', gap: { from: 20, to: 25 } });
  });
});

describe('records that are held while the log loses its end', () => {
  it.each([
    ['and grows again, they', 6],
    ['and stays shorter, they', 0],
  ])('%s are read anew, and the chain has what the log has', async (_how, grown) => {
    const { world, actor } = await holding();
    world.broker.log('orders', 0).truncate(15);
    world.broker.elect('an unclean election');
    for (let i = 0; i < grown; i++) world.broker.produce('orders', 0, { value: `{"other":${i}}` });
    await world.clock.advance(60_000);
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
    expect(world.nextOffset(0)).toBe(15 + grown);
    expect(actor?.state).toBe('streaming');
  });
});

describe('records that are sealed while the log loses its end', () => {
  it('and grows again are missed at once, although an older one is still there', async () => {
    const world = new World();
    world.produce(0, 10);
    const archiver = world.start();
    await world.untilSealed(0);
    world.produce(0, 10);
    await world.untilSealed(0);
    world.broker.log('orders', 0).truncate(15);
    world.produce(0, 10, 'other');
    world.broker.elect('an unclean election');
    await world.clock.advance(60_000);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('topic-replaced');
    expect(world.nextOffset(0)).toBe(20);
  });
});
