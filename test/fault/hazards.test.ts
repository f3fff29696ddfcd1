// What is known to go wrong between Kafka, its clients and a sink: does each of it leave the archive exact, or halt aloud? (HAZARDS.md)
import { afterEach, describe, expect, it, vi } from 'vitest';
import { notReadyReasons, partitionStatus } from '../../src/apps/archiver/status.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { dataPrefix, sealKey } from '../../src/format/paths.ts';
import type { SourceListener } from '../../src/ingest/source.ts';
import { World, type WorldOptions } from '../support/archiver-world.ts';
import { MemorySource } from '../support/memory-source.ts';
import { faultyStore } from '../support/memory-store.ts';

const P0 = { topic: 'orders', partition: 0 };
const HELD = 'segment: { maxRecords: 100, maxAge: 20s, heartbeat: 0 }';

const actorOf = (world: World, archiver = 0, partition = 0) =>
  world.archivers[archiver]?.pipeline.actors.find(({ place }) => place.partition.partition === partition);
const haltOf = (world: World, archiver = 0, partition = 0) => actorOf(world, archiver, partition)?.halt;
const logOf = (world: World, text: string) =>
  world.archivers.flatMap(({ log }) => log.filter((line) => line.includes(text)));

/** Everything that the log holds is sealed once, in order, byte for byte, and an auditor finds nothing. */
async function exact(world: World, partitions: readonly number[] = [0]): Promise<void> {
  for (const partition of partitions) await world.untilSealed(partition);
  for (const partition of partitions) expect(world.problems(partition)).toEqual([]);
  expect((await world.verify()).verdict).toBe('verified');
}

/** One archiver with 10 sealed records in each partition, which goes on running. */
async function running(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  const partitions = Array.from({ length: options.partitions ?? 1 }, (_, partition) => partition);
  for (const partition of partitions) world.produce(partition, 10);
  world.start('a');
  for (const partition of partitions) await world.untilSealed(partition);
  return world;
}

/** Stops the reading, as memory that is full does, while `change` happens to the log; then lets it go on. */
async function whilePaused(world: World, change: () => void): Promise<void> {
  const { source } = world.archivers[0] as (typeof world.archivers)[number];
  source.pause(P0);
  await world.clock.advance(1_000);
  change();
  source.resume(P0);
}

/** What the pipeline gave to its source: for what only an adapter of Kafka says. */
function listenerOf(world: World, id: string): SourceListener {
  const start = vi.spyOn(MemorySource.prototype, 'start');
  world.start(id);
  return start.mock.calls.at(-1)?.[0] as SourceListener;
}
afterEach(() => void vi.restoreAllMocks());

describe('a position that the log does not hold', () => {
  it.each(['stop', 'jump'] as const)(
    'kafkajs #1119: OFFSET_OUT_OF_RANGE halts its partition before the jump, and no other (a client that would %s)',
    async (outOfRange) => {
      const world = await running({ partitions: 2, broker: { outOfRange } });
      await whilePaused(world, () => {
        world.produce(0, 20);
        world.broker.log('orders', 0).expire(25);
      });
      world.produce(1, 20);
      await world.clock.advance(120_000);
      expect(haltOf(world)).toMatchObject({ code: 'expired', gap: { from: 10, to: 25 } });
      expect(world.nextOffset(0)).toBe(10);
      expect(world.nextOffset(1)).toBe(30);
      expect(world.problems(1)).toEqual([]);
    },
  );

  it('DeleteRecords to the log’s end: nothing comes any more, and that is a halt and not silence', async () => {
    const world = await running();
    await whilePaused(world, () => {
      world.produce(0, 20);
      world.broker.log('orders', 0).expire(30);
    });
    await world.clock.advance(120_000);
    expect(haltOf(world)).toMatchObject({ code: 'expired', gap: { from: 10, to: 30 } });
    world.produce(0, 5);
    await world.clock.advance(120_000);
    expect(world.nextOffset(0)).toBe(10);
  });

  it('an unclean election cuts the log off below what is sealed', async () => {
    const world = await running();
    world.broker.log('orders', 0).truncate(4);
    world.broker.elect();
    world.produce(0, 3);
    await world.clock.advance(120_000);
    expect(haltOf(world)?.code).toBe('truncated');
    expect(world.nextOffset(0)).toBe(10);
  });

  it.each([
    ['more', 30, true],
    ['more', 30, false],
    ['fewer', 4, true],
    ['fewer', 4, false],
  ] as const)(
    'a topic deleted and recreated with %s records (%i, brokers with topic ids: %s): nothing of the new one is sealed',
    async (_, records, topicIds) => {
      const world = await running({ broker: { topicIds, outOfRange: 'jump' } });
      world.broker.deleteTopic('orders');
      await world.clock.advance(1_000);
      world.broker.createTopic('orders');
      world.produce(0, records, 'other');
      await world.clock.advance(600_000);
      expect(world.nextOffset(0)).toBe(10);
      expect(haltOf(world)?.code).toMatch(/^(topic-replaced|truncated)$/);
      expect(logOf(world, 'HALTED').length).toBeGreaterThan(0);
    },
  );
});

describe('a topic that is gone', () => {
  it('deleted and recreated before anything was sealed of it: a halt, although there is no record to compare', async () => {
    const world = new World();
    world.start('a');
    await world.clock.until('begun', () => world.nextOffset(0) === 0);
    world.broker.deleteTopic('orders');
    await world.clock.advance(1_000);
    world.broker.createTopic('orders');
    world.produce(0, 5, 'other');
    await world.clock.advance(60_000);
    expect(haltOf(world)?.code).toBe('topic-replaced');
    expect(world.lines(0)).toEqual([]);
  });

  it('deleted for good: the service says that it is not ready, and why', async () => {
    const world = await running();
    world.broker.deleteTopic('orders');
    await world.clock.advance(60_000);
    const { pipeline } = world.archivers[0] as (typeof world.archivers)[number];
    expect(notReadyReasons(pipeline, world.clock)).toEqual([
      expect.stringMatching(/^orders\/0: topic orders/),
    ]);
  });
});

describe('what arrives late, twice or not at all', () => {
  it('an eachBatch of an old generation that arrives after the rejoin moves nothing', async () => {
    const world = new World({ partitions: 2, config: HELD });
    for (const partition of [0, 1]) world.produce(partition, 30);
    world.broker.fetchOffsetsMax = 7;
    world.start('a');
    await world.clock.until('accepted', () => (actorOf(world)?.acceptedOffset ?? 0) >= 7);
    world.broker.hold('orders', 0);
    await world.clock.advance(200);
    world.broker.group('ledgerstone').rebalance();
    await world.clock.advance(500);
    expect(world.broker.release('orders', 0)).toBe(true);
    await exact(world, [0, 1]);
  });

  it('an eachBatch of an old generation that arrives after another member took its partition moves nothing', async () => {
    const world = new World({ partitions: 2, config: HELD });
    world.start('a');
    await world.clock.until('begun', () => world.nextOffset(0) === 0 && world.nextOffset(1) === 0);
    world.broker.hold('orders', 1);
    for (const partition of [0, 1]) world.produce(partition, 30);
    await world.clock.advance(300);
    world.start('b');
    await world.clock.advance(5_000);
    expect(world.broker.release('orders', 1)).toBe(true);
    await exact(world, [0, 1]);
  });

  it('after a frozen broker a record comes twice without a rejoin: once in the archive', async () => {
    const world = await running();
    for (const back of [-1, -3]) {
      world.broker.driftNext('orders', 0, back);
      world.produce(0, 9);
      await world.clock.advance(300);
      world.produce(0, 9);
      await exact(world);
    }
    expect(logOf(world, 'continuity broken').length).toBeGreaterThan(0);
    expect(haltOf(world)).toBeNull();
  });

  it('a stale resolveOffset that moves the position ahead: what it skipped is read again', async () => {
    const world = await running();
    world.broker.driftNext('orders', 0, 2);
    world.produce(0, 9);
    await world.clock.advance(300);
    world.produce(0, 9);
    await exact(world);
    expect(haltOf(world)).toBeNull();
  });

  it('a broker that sends the same again and again halts its partition instead of turning for ever', async () => {
    const world = await running({ config: HELD });
    for (let round = 0; round < 12 && haltOf(world) === null; round++) {
      world.broker.driftNext('orders', 0, -2);
      world.produce(0, 3);
      await world.clock.advance(1_000);
    }
    expect(haltOf(world)?.code).toBe('replay');
    expect(world.problems(0)).toEqual([]);
  });

  it('a wholly filtered batch: an aborted range larger than a fetch, with nothing behind it, is archived as a gap', async () => {
    const world = await running({ broker: { fetchOffsetsMax: 3 } });
    const thrown = world.broker.log('orders', 0).begin();
    for (let n = 0; n < 20; n++) thrown.append({ value: 'thrown away' });
    thrown.abort();
    await exact(world);
    expect(world.nextOffset(0)).toBe(31);
    const gaps = world.lines(0).flatMap(({ gap }) => (gap === null ? [] : [gap]));
    expect(gaps.reduce((sum, { control = 0, aborted = 0 }) => sum + control + aborted, 0)).toBe(21);
  });

  it('lag under a hanging transaction counts to the high watermark, not to the last stable offset', async () => {
    const world = await running();
    const hanging = world.broker.log('orders', 0).begin();
    hanging.append({ value: 'open' });
    world.produce(0, 4);
    await world.clock.advance(5_000);
    const actor = actorOf(world);
    if (actor === undefined) throw new Error('no actor');
    expect(world.nextOffset(0)).toBe(10);
    expect(partitionStatus(actor, world.clock).lag).toBe(5);
    hanging.commit();
    await exact(world);
  });

  it('header names that are traps for objects, in any order and twice, come out as they went in', async () => {
    const world = await running();
    const headers = [
      ['__proto__', 'a'],
      ['1', 'b'],
      ['constructor', null],
      ['0', ''],
      ['1', 'c'],
      ['toString', 'é'],
      ['__proto__', null],
    ] as const;
    world.broker.produce('orders', 0, { value: '{}', headers }, { value: null, key: '' });
    await exact(world);
    const record = world.lines(0).find(({ offset }) => offset === 10)?.record;
    const words = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());
    expect(record?.headers.map(({ name, value }) => [words(name), words(value)])).toEqual(headers);
  });

  it('bytes that can not be decoded halt their partition behind what is good, and no other', async () => {
    const world = await running({ partitions: 2 });
    world.produce(0, 3);
    world.broker.log('orders', 0).appendPoison();
    for (const partition of [0, 1]) world.produce(partition, 5);
    await world.clock.advance(60_000);
    expect(haltOf(world)).toMatchObject({ code: 'undecodable', gap: { from: 13, to: 14 } });
    expect(world.nextOffset(0)).toBe(13);
    await exact(world, [1]);
  });
});

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

describe('how other sinks lost or doubled data', () => {
  it('kafka-connect-storage-cloud #253: two writers with different ranges can’t overwrite each other', async () => {
    const world = await running();
    world.broker.group('ledgerstone').isolate('a');
    // The same offsets, cut into other segments by the second one.
    const other = { ...world.config, segment: { ...world.config.segment, recordsMax: 7, maxRecords: 7 } };
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
    const vi0 = group.committed(P0);
    // Somebody's tool set the offset: nothing in its words is ours.
    vi.spyOn(group, 'committed').mockReturnValue({ nextOffset: 20, metadata: '' });
    world.start('b');
    await exact(world);
    expect(world.lines(0).map(({ offset }) => offset)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    world.archivers[1]?.kill();
    // The same in our own words: seals that we made are not there.
    const metadata = JSON.stringify({ ...JSON.parse(vi0?.metadata ?? ''), sequence: 99 });
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
