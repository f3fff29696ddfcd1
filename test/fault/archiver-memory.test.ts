// Does memory stay within its limit when nothing can be stored, whatever else happens?
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';
import { type Fault, faultyStore } from '../support/memory-store.ts';

const MIB = 1024 * 1024;
const noise = (bytes: number) => randomBytes((bytes * 3) / 4).toString('base64');

describe('memory', () => {
  it.each(['rebalances', 'a slow store'])('stays bounded through %s', async (what) => {
    const partitions = [0, 1, 2, 3, 4, 5, 6, 7];
    const world = new World({
      partitions: partitions.length,
      broker: { fetchOffsetsMax: 4 },
      config:
        'segment: { maxBytes: 2MiB, maxAge: 1s, heartbeat: 0 }\nlimits: { memoryBytes: 16MiB, recordBytes: 1MiB }',
    });
    let down = false;
    const trouble: Fault = what === 'rebalances' ? { kind: 'fails' } : { kind: 'slow', ms: 7_000 };
    const store = faultyStore(world.store, () => (down ? trouble : undefined), world.clock);
    const archiver = world.start('a', store);
    // Each chain is read from once its first record is sealed. That it is there says less: they are made side by side.
    for (const partition of partitions) world.produce(partition, 1);
    for (const partition of partitions) await world.untilSealed(partition);
    down = true;
    for (const partition of partitions) {
      for (let i = 0; i < 80; i++) world.broker.produce('orders', partition, { value: noise(100_000) });
    }
    let greatest = 0;
    for (let round = 0; round < 200; round++) {
      await world.clock.advance(1_000);
      greatest = Math.max(greatest, archiver.pipeline.bufferedBytes());
      if (what === 'rebalances' && round % 10 === 0) world.broker.group('ledgerstone').rebalance();
    }
    expect(greatest).toBeGreaterThan(8 * MIB);
    expect(greatest).toBeLessThan(16 * MIB + partitions.length * 4 * 100_000);
    down = false;
    for (const partition of partitions) await world.untilSealed(partition);
    for (const partition of partitions) expect(world.problems(partition)).toEqual([]);
  });

  it('is made in good time where segments of many partitions fill slowly, so that fetching never waits', async () => {
    const partitions = [0, 1, 2, 3, 4, 5, 6, 7];
    const world = new World({
      partitions: partitions.length,
      broker: { fetchOffsetsMax: 4 },
      config:
        'segment: { maxBytes: 64MiB, maxAge: 1h, heartbeat: 0 }\nlimits: { memoryBytes: 16MiB, recordBytes: 1MiB }',
    });
    const archiver = world.start('a');
    await world.clock.until('begun', () => partitions.every((p) => world.nextOffset(p) === 0));
    for (const partition of partitions) {
      for (let i = 0; i < 40; i++) world.broker.produce('orders', partition, { value: noise(100_000) });
    }
    let paused = 0;
    let greatest = 0;
    const accepted = () => partitions.every((p) => archiver.pipeline.actors[p]?.acceptedOffset === 40);
    for (let turn = 0; !accepted() && turn < 10_000; turn++) {
      await world.clock.advance(5);
      paused += archiver.pipeline.pausedForMemory ? 1 : 0;
      greatest = Math.max(greatest, archiver.pipeline.bufferedBytes());
    }
    expect(accepted()).toBe(true);
    expect([paused, greatest > 8 * MIB]).toEqual([0, true]);
    // 32 MB went through, in segments of some MB each.
    const sealed = partitions.map((p) => archiver.pipeline.actors[p]?.head?.size ?? 0);
    expect(Math.max(...sealed)).toBeGreaterThan(1);
    expect(sealed.reduce((sum, size) => sum + size, 0)).toBeLessThan(8 + 32);
  });

  it('counts segments that are on their way for partitions that somebody else has now', async () => {
    const world = new World({
      partitions: 2,
      config: 'segment: { maxBytes: 1MiB, maxAge: 1s, heartbeat: 0 }',
    });
    let down = false;
    const store = faultyStore(world.store, () => (down ? { kind: 'fails' } : undefined), world.clock);
    const archiver = world.start('a', store);
    const { pipeline } = archiver;
    const streams = () => pipeline.actors.filter(({ state }) => state === 'streaming').length === 2;
    await world.clock.until('streaming', streams);
    down = true;
    for (const partition of [0, 1]) world.broker.produce('orders', partition, { value: noise(900_000) });
    await world.clock.advance(10_000);
    expect(pipeline.bufferedBytes()).toBeGreaterThan(1_300_000);
    expect(pipeline.bufferedBytes()).toBeLessThan(1_900_000);
    world.start('b', store);
    await world.clock.advance(10_000);
    expect(pipeline.actors).toHaveLength(1);
    expect(pipeline.bufferedBytes()).toBeGreaterThan(1_300_000);
    down = false;
    for (const partition of [0, 1]) await world.untilSealed(partition);
    await world.clock.advance(60_000);
    expect(pipeline.bufferedBytes()).toBe(0);
  });
});
