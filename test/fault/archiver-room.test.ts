// Do partitions that nobody leads keep the others from being archived, once they hold the memory?
import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { MIB } from '../../src/base/limits.ts';
import type { TopicPartition } from '../../src/ingest/source.ts';
import { World } from '../support/archiver-world.ts';
import { unavailable } from '../support/memory-broker.ts';
import { MemorySource } from '../support/memory-source.ts';

it('two partitions without a leader hold 26 of 32 MiB: a third is archived all the same, and they are later', async () => {
  let gone = false;
  for (const name of ['logRange', 'readAt', 'describe'] as const) {
    const real = MemorySource.prototype[name] as (...args: unknown[]) => Promise<never>;
    vi.spyOn(MemorySource.prototype, name).mockImplementation(function (
      this: MemorySource,
      ...args: unknown[]
    ) {
      const { partition } = args[0] as TopicPartition;
      return gone && partition < 2 ? Promise.reject(unavailable('no leader')) : real.apply(this, args);
    });
  }
  const world = new World({ partitions: 3, config: 'segment: { maxAge: 60s }' });
  world.broker.fetchOffsetsMax = 8;
  const { pipeline } = world.start();
  await world.clock.advance(5_000);
  const produce = (partition: number, count: number) => {
    for (let i = 0; i < count; i++) world.broker.log('orders', partition).append({ value: randomBytes(MIB) });
  };
  for (const partition of [0, 1]) produce(partition, 13);
  const held = () => pipeline.actors.filter(({ acceptedOffset }) => acceptedOffset === 13).length;
  await world.clock.until('held', () => held() === 2);
  gone = true;
  world.broker.elect('the broker of 0 and 1 is gone');
  produce(2, 20);
  await world.clock.advance(3_600_000);
  expect(world.nextOffset(2)).toBe(20);
  gone = false;
  for (const partition of [0, 1, 2]) await world.untilSealed(partition);
  for (const partition of [0, 1, 2]) expect(world.problems(partition)).toEqual([]);
});
