// Can a gap that an operator states too wide bury records that could still be archived?
import { describe, expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';
import { decide } from './operator.ts';

describe('a gap that reaches beyond what is lost', () => {
  // Each of these sealed a signed gap over records that Kafka still had: lost by a typing error.
  it('is refused where good records follow a hole', async () => {
    const world = new World();
    world.produce(0, 20);
    world.broker.log('orders', 0).compact((offset) => offset === 13 || offset === 14);
    const archiver = world.start();
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'hole');
    await world.clock.until('sealed up to it', () => world.nextOffset(0) === 13);
    await expect(decide(world, { to: 16 })).rejects.toThrow('offset 15 of orders/0 can be read');
    await expect(decide(world, { to: 20 })).rejects.toMatchObject({ code: 'usage' });
    expect(world.nextOffset(0)).toBe(13);
    await decide(world, { to: 15 });
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
  });

  it('is refused where good records follow a poisoned one', async () => {
    const world = new World();
    world.produce(0, 10);
    world.broker.log('orders', 0).appendPoison();
    world.broker.log('orders', 0).appendPoison();
    world.produce(0, 5);
    const archiver = world.start();
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'undecodable');
    await world.clock.until('sealed up to it', () => world.nextOffset(0) === 10);
    await expect(decide(world, { to: 13 })).rejects.toThrow('offset 12 of orders/0 can be read');
    await decide(world, { to: 12 });
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
  });

  it('is refused where good records follow one that is too large', async () => {
    const world = new World({ config: 'limits: { recordBytes: 1KiB }' });
    world.produce(0, 10);
    for (let i = 0; i < 2; i++) world.broker.produce('orders', 0, { value: 'y'.repeat(2_000) });
    world.produce(0, 5);
    const archiver = world.start();
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'record-too-large');
    await world.clock.until('sealed up to it', () => world.nextOffset(0) === 10);
    await expect(decide(world, { to: 17 })).rejects.toThrow('offset 12 of orders/0 can be read');
    await decide(world, { to: 12 });
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
  });

  it('is refused where the records of a transaction that is open follow a poisoned one', async () => {
    const world = new World();
    world.produce(0, 10);
    world.broker.log('orders', 0).appendPoison();
    const transaction = world.broker.log('orders', 0).begin();
    for (let i = 0; i < 5; i++) transaction.append({ value: '{}' });
    const archiver = world.start();
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'undecodable');
    await world.clock.until('sealed up to it', () => world.nextOffset(0) === 10);
    await expect(decide(world, { to: 16 })).rejects.toThrow("offset 11 of orders/0 can't be judged yet");
    await decide(world, { to: 11 });
    transaction.commit();
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
    expect(world.lines(0).filter(({ record }) => record !== null)).toHaveLength(15);
  });

  it("is refused beyond the log's start, where records expired", async () => {
    const world = new World();
    world.produce(0, 10);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.produce(0, 20);
    world.broker.log('orders', 0).expire(25);
    await expect(decide(world, { to: 26, reason: 'expired' })).rejects.toThrow('offset 25 of orders/0');
    expect(await decide(world, { to: 25, reason: 'expired' })).toMatchObject({ from: 10, to: 25 });
    world.start('b');
    await world.untilSealed(0);
  });
});
