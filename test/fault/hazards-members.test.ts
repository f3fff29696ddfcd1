// What clients and groups are known to do: does each leave the archive exact? (HAZARDS.md)
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LedgerstoneError } from '../../src/base/error.ts';
import { World } from '../support/archiver-world.ts';
import type { MemorySource } from '../support/memory-source.ts';
import { faultyStore } from '../support/memory-store.ts';
import { actorOf, exact, HELD, haltOf, listenerOf, logOf, P0, running } from './hazards-world.ts';

afterEach(() => void vi.restoreAllMocks());

describe('a client that crashes, hangs or churns', () => {
  it.each([
    ['a TypeError in a handler: CRASH with restart:false', 'kafka-unavailable'],
    ['kafkajs #659 #1593 #1721: a silent hang', 'kafka-stalled'],
  ])('%s ends the process, and the next one goes on exactly', async (_, code) => {
    const world = new World({ config: HELD });
    world.produce(0, 25);
    const listener = listenerOf(world, 'a');
    await world.clock.until('accepted', () => actorOf(world)?.acceptedOffset === 25);
    listener.onFatal(new LedgerstoneError(code, 'kafkajs is gone'));
    const end = await world.clock.run(world.archivers[0]?.ended as Promise<unknown>);
    expect(end).toMatchObject({ kind: 'failed', error: { code } });
    const objects = world.store.keys().length;
    await world.clock.advance(60_000);
    expect(world.store.keys().length).toBe(objects);
    world.start('b');
    await exact(world);
  });

  it('a plain Error from eachBatch makes kafkajs leave and rejoin: an outage of the store makes no rebalance at all', async () => {
    const world = await running();
    let down = true;
    const store = faultyStore(world.store, () => (down ? { kind: 'fails' } : undefined), world.clock);
    world.archivers[0]?.kill();
    world.start('b', store);
    await world.clock.advance(5_000);
    const { generation } = world.broker.group('ledgerstone');
    world.produce(0, 40);
    await world.clock.advance(10 * 60_000);
    expect(world.nextOffset(0)).toBe(10);
    expect(world.broker.group('ledgerstone').generation).toBe(generation);
    down = false;
    await exact(world);
  });

  it('kafkajs #1008 #335: an election of ten minutes is waited for', async () => {
    const world = await running();
    world.produce(0, 15);
    world.broker.elect();
    world.broker.down = true;
    await world.clock.advance(10 * 60_000);
    world.broker.down = false;
    world.broker.elect();
    await exact(world);
    expect(haltOf(world)).toBeNull();
  });

  it('brokers that are gone hold no drain up where nothing is held', async () => {
    const world = await running();
    world.broker.elect();
    world.broker.down = true;
    await world.clock.advance(20_000);
    const beforeMs = world.clock.monotonic();
    expect(await world.archivers[0]?.stop()).toEqual({ kind: 'drained' });
    expect(world.clock.monotonic() - beforeMs).toBeLessThan(1_000);
  });
});

describe('two owners', () => {
  it('a handler slower than rebalanceTimeout: the old owner’s seal is carried on while the new one reads, and one of them is fenced', async () => {
    const world = new World({ partitions: 2 });
    let slow = false;
    const store = faultyStore(
      world.store,
      ({ method }) => (slow && method === 'putIfAbsent' ? { kind: 'slow', ms: 20_000 } : undefined),
      world.clock,
    );
    world.start('a', store);
    await world.clock.until('begun', () => world.nextOffset(0) === 0 && world.nextOffset(1) === 0);
    slow = true;
    for (const partition of [0, 1]) world.produce(partition, 15);
    await world.clock.advance(3_000);
    world.broker.group('ledgerstone').isolate('a');
    world.start('b');
    for (const partition of [0, 1]) world.produce(partition, 10);
    await world.clock.advance(120_000);
    slow = false;
    world.broker.group('ledgerstone').heal('a');
    for (const partition of [0, 1]) world.produce(partition, 10);
    await exact(world, [0, 1]);
    expect(logOf(world, 'fenced').length).toBeGreaterThan(0);
  });

  it('kafkajs #1197 #1764: duplicates around rebalances, a rebalance every 200 ms under load', async () => {
    const world = new World({ partitions: 4, broker: { fetchOffsetsMax: 5 } });
    const partitions = [0, 1, 2, 3];
    for (const id of ['a', 'b', 'c']) world.start(id);
    for (let round = 0; round < 60; round++) {
      for (const partition of partitions) world.produce(partition, 3);
      await world.clock.advance(200);
      world.broker.group('ledgerstone').rebalance();
    }
    await exact(world, partitions);
    for (const partition of partitions) expect(world.lines(partition)).toHaveLength(180);
  });

  it('commitOffsets after stop, and of a member that is none any more: Kafka keeps what the owner said', async () => {
    const world = await running();
    const old = world.archivers[0]?.source as MemorySource;
    world.broker.group('ledgerstone').isolate('a');
    world.start('b');
    world.produce(0, 10);
    await exact(world);
    await world.clock.advance(1_000);
    const before = world.broker.group('ledgerstone').committed(P0);
    expect(before?.nextOffset).toBe(20);
    expect(await world.clock.run(old.commitHint(P0, { nextOffset: 999, metadata: '' }))).toBe(false);
    expect(world.broker.group('ledgerstone').committed(P0)).toEqual(before);
  });
});
