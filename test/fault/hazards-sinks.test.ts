// How other sinks lost or doubled data: could it happen here? (HAZARDS.md)
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dataPrefix, sealKey } from '../../src/format/paths.ts';
import { World } from '../support/archiver-world.ts';
import { faultyStore } from '../support/memory-store.ts';
import { actorOf, exact, HELD, haltOf, logOf, P0, running } from './hazards-world.ts';

afterEach(() => void vi.restoreAllMocks());

describe('how other sinks lost or doubled data', () => {
  it('kafka-connect-storage-cloud #253: two writers with different ranges can’t overwrite each other', async () => {
    const world = await running();
    world.broker.group('ledgerstone').isolate('a');
    // The same offsets, cut into other segments by the second one.
    const other = { ...world.config, segment: { ...world.config.segment, maxRecords: 7 } };
    world.start('b', world.store, other);
    for (let round = 0; round < 6; round++) {
      world.produce(0, 9);
      await world.clock.advance(700);
    }
    await exact(world);
    const writers = new Set(world.manifests(0).map(({ writer }) => writer.id));
    const contested = logOf(world, 'fenced').length;
    expect({ contested: contested > 0, writers: writers.size }).toEqual({ contested: true, writers: 2 });
    for (const key of world.store.keys()) {
      expect(world.store.versionsOf(key).filter(({ marker }) => !marker)).toHaveLength(1);
    }
  });

  it('kafka-connect-storage-cloud #846: no offset is committed before its records are in the store', async () => {
    const world = await running();
    const group = world.broker.group('ledgerstone');
    world.archivers[0]?.kill();
    let stored = true;
    const store = faultyStore(
      world.store,
      ({ method, key }) =>
        method === 'putIfAbsent' && !(stored || key.startsWith('keys/')) ? { kind: 'fails' } : undefined,
      world.clock,
    );
    world.start('b', store);
    for (const part of ['data', 'seal'] as const) {
      stored = part === 'seal';
      world.produce(0, 10);
      for (let second = 0; second < 60; second++) {
        await world.clock.advance(1_000);
        expect(world.hintProblems(0)).toEqual([]);
      }
      stored = true;
      await exact(world);
    }
    expect(group.committed(P0)?.nextOffset).toBe(30);
  });

  it('kafka-connect-storage-cloud #846: where Kafka remembers more than the store holds, the store is believed and it is said aloud', async () => {
    const world = await running();
    world.archivers[0]?.kill();
    world.produce(0, 10);
    const group = world.broker.group('ledgerstone');
    const ours = group.committed(P0);
    // Somebody's tool set the offset: nothing in its words is ours.
    vi.spyOn(group, 'committed').mockReturnValue({ nextOffset: 20, metadata: '' });
    world.start('b');
    await exact(world);
    expect(world.lines(0).map(({ offset }) => offset)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    world.archivers[1]?.kill();
    // The same in our own words: seals that we made are not there.
    const metadata = JSON.stringify({ ...JSON.parse(ours?.metadata ?? ''), sequence: 99 });
    vi.spyOn(group, 'committed').mockReturnValue({ nextOffset: 500, metadata });
    world.produce(0, 10);
    world.start('c');
    await world.clock.advance(60_000);
    expect(haltOf(world, 2)?.code).toBe('seal-hole');
    expect(world.nextOffset(0)).toBe(20);
  });

  it('kafka-delta-ingest PR 92: nothing is consumed before the seek has landed', async () => {
    const world = await running({ broker: { lateAfterPause: true } });
    for (let round = 0; round < 10; round++) {
      world.produce(0, 4);
      world.broker.hold('orders', 0);
      await world.clock.advance(40);
      // What was asked for before comes between the join and the seek, and after it.
      world.broker.group('ledgerstone').rebalance();
      await world.clock.advance(48 + round);
      world.broker.release('orders', 0);
      await exact(world);
    }
    const { source } = world.archivers[0] as (typeof world.archivers)[number];
    // Kafka's own idea of the place is somewhere else, and nobody asks for it.
    await world.clock.run(source.commitHint(P0, { nextOffset: 3, metadata: 'of somebody' }));
    world.broker.group('ledgerstone').rebalance();
    world.produce(0, 4);
    await exact(world);
  });

  it('iceberg #17551: a zombie that rewinds the committed offset makes nobody read again what is sealed', async () => {
    const world = await running();
    const group = world.broker.group('ledgerstone');
    group.isolate('a');
    world.start('b');
    world.produce(0, 20);
    await exact(world);
    world.archivers[1]?.kill();
    // The zombie's old words, as if the group had taken them.
    const rewound = { nextOffset: 10, metadata: JSON.stringify({ origin: 'none', sequence: 1 }) };
    vi.spyOn(group, 'committed').mockReturnValue(rewound);
    world.produce(0, 5);
    world.start('c');
    await exact(world);
    expect(world.lines(0)).toHaveLength(35);
  });

  it('Redpanda Connect PR 4009: seven partitions that are revoked with a batch under way lose none of it', async () => {
    const partitions = [0, 1, 2, 3, 4, 5, 6];
    const world = new World({ partitions: 7, config: HELD });
    world.start('a');
    await world.clock.until('begun', () =>
      partitions.every((partition) => world.nextOffset(partition) === 0),
    );
    for (const partition of partitions) world.produce(partition, 11);
    await world.clock.until('held', () =>
      partitions.every((partition) => actorOf(world, 0, partition)?.acceptedOffset === 11),
    );
    world.start('b');
    world.broker.group('ledgerstone').isolate('a');
    await exact(world, partitions);
    for (const partition of partitions) expect(world.lines(partition)).toHaveLength(11);
  });

  it('Secor #395: offsets are the broker’s, never counted: gaps, aborted and control records between', async () => {
    const world = new World({ config: 'segment: { maxRecords: 4, maxAge: 1s, heartbeat: 0 }' });
    const log = world.broker.log('orders', 0);
    for (let round = 0; round < 8; round++) {
      world.produce(0, 3);
      const transaction = log.begin();
      transaction.append({ value: `in ${round}` });
      if (round % 2 === 0) transaction.commit();
      else transaction.abort();
    }
    world.start('a');
    await exact(world);
    const records = world.manifests(0).reduce((sum, { records: { count } }) => sum + count, 0);
    expect([records, world.nextOffset(0)]).toEqual([28, 40]);
    expect(world.store.keys().some((key) => key.startsWith(dataPrefix('orders', 0)))).toBe(true);
    expect(world.store.keys()).toContain(sealKey('orders', 0, 1));
  });
});
