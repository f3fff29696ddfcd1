// Is a topic that was made anew noticed by the next owner, when the last one had archived of it already?
import { describe, expect, it } from 'vitest';
import { notReadyReasons } from '../../src/archiver/status.ts';
import { World } from '../support/archiver-world.ts';

/** Ten records of the old topic, confirmed by a second process, which then reads on in the new one without any error. */
async function readOnInAnother(world: World): Promise<void> {
  world.produce(0, 10);
  const first = world.start('a');
  await world.untilSealed(0);
  await world.clock.advance(1_000);
  first.kill();
  const second = world.start('b');
  await world.clock.until('streaming', () => second.pipeline.actors[0]?.state === 'streaming');
  await world.clock.advance(1_000);
  world.broker.recreateTopic('orders');
  world.produce(0, 15, 'new');
  await world.clock.until('sealed of the new topic', () => world.nextOffset(0) === 15);
  second.kill();
}

describe('a topic without an id that was replaced between two looks', () => {
  // The next owner compared the newest record, which the new topic had given itself: what it holds below was lost.
  it('is noticed by the next owner, by a record from before the last look', async () => {
    const world = new World({ broker: { topicIds: false } });
    await readOnInAnother(world);
    const third = world.start('c');
    await world.clock.advance(60_000);
    expect(third.pipeline.actors[0]?.halt?.code).toBe('topic-replaced');
    expect(world.nextOffset(0)).toBe(15);
  });

  it('and one that was not replaced is read on, however many seals lie after the last look', async () => {
    const world = new World({ broker: { topicIds: false } });
    world.produce(0, 200);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.produce(0, 5);
    const second = world.start('b');
    await world.untilSealed(0);
    expect(second.pipeline.actors[0]?.halt).toBeNull();
    expect(world.problems(0)).toEqual([]);
  });

  it('and one whose old records expired is read on, for nothing speaks against it', async () => {
    const world = new World({ broker: { topicIds: false } });
    world.produce(0, 30);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.broker.log('orders', 0).expire(29);
    world.produce(0, 5);
    const second = world.start('b');
    await world.untilSealed(0);
    expect(second.pipeline.actors[0]?.halt).toBeNull();
  });

  // Records of both lay in the first segment, and its newest, the new topic's own, became what the topic was known by.
  it('is noticed by whoever read on in it, when the chain had no record before', async () => {
    const world = new World({ broker: { topicIds: false } });
    const archiver = world.start('a');
    await world.clock.until('streaming', () => archiver.pipeline.actors[0]?.state === 'streaming');
    world.produce(0, 4);
    await world.clock.until('accepted', () => archiver.pipeline.actors[0]?.acceptedOffset === 4);
    world.broker.recreateTopic('orders');
    world.produce(0, 8, 'new');
    await world.clock.until('sealed of both', () => world.nextOffset(0) === 8);
    await world.clock.advance(world.config.limits.anchorIntervalMs);
    world.produce(0, 1, 'new');
    await world.clock.advance(10_000);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('topic-replaced');
    expect(world.nextOffset(0)).toBe(8);
  });
});

describe('a sealed record that the log has no more', () => {
  it('is missed where nothing but an unreadable one follows, and that is no reason to ask for ever', async () => {
    const world = new World();
    world.produce(0, 6);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.broker.log('orders', 0).compact((offset) => offset === 5);
    world.broker.log('orders', 0).appendPoison();
    const second = world.start('b');
    await world.clock.advance(60_000);
    expect(second.pipeline.actors[0]?.halt?.code).toBe('topic-replaced');
  });

  it('but not where it lies among what can not be read: that says nothing about it', async () => {
    const world = new World();
    world.produce(0, 6);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    const { source } = world.start('b');
    const readAt = source.readAt.bind(source);
    source.readAt = async (...args) => ({
      ...(await readAt(...args)),
      ...{ records: [], seen: [], undecodable: { offset: 3, last: 8, reason: 'its CRC is wrong' } },
    });
    await world.clock.advance(60_000);
    const [actor] = world.archivers[1]?.pipeline.actors ?? [];
    expect([actor?.state, actor?.halt]).toEqual(['recovering', null]);
    expect(actor?.trouble?.error).toMatchObject({
      code: 'anchor-unread',
      message: expect.stringContaining('its CRC is wrong'),
      remedy: expect.stringContaining('sound'),
    });
  });

  it('and a running chain says for as long why it seals nothing', async () => {
    const world = new World();
    world.produce(0, 6);
    const { source, pipeline } = world.start('a');
    await world.untilSealed(0);
    source.readAt = async (_, offset) => ({
      ...{ topic: 'orders', partition: 0, highWatermark: 7, records: [], seen: [] },
      undecodable: { offset, last: offset, reason: 'its CRC is wrong' },
    });
    await world.clock.advance(world.config.limits.anchorIntervalMs);
    world.produce(0, 1);
    await world.clock.advance(10 * 60_000);
    expect(world.nextOffset(0)).toBe(6);
    expect(notReadyReasons(pipeline, world.clock)).toEqual([expect.stringContaining('its CRC is wrong')]);
  });
});
