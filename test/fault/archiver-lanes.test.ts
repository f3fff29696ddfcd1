// What becomes of records that lanes hold, when a lane dies, a partition is taken away or the log is another one?
import { afterEach, describe, expect, it } from 'vitest';
import { Lanes } from '../../src/archiver/lanes/lanes.ts';
import { MemoryLedger } from '../../src/archiver/memory.ts';
import { itemAt, type RecordItem } from '../../src/ingest/item.ts';
import type { Part } from '../../src/ingest/kafka/decoder.ts';
import type { TopicPartition } from '../../src/ingest/source.ts';
import { World, type WorldOptions } from '../support/archiver-world.ts';
import { decodedSource } from '../support/decoded-source.ts';
import { LIMITS } from '../unit/ingest/kafka/protocol/decode.ts';
import { batchBytes } from '../unit/ingest/kafka/protocol/encode.ts';

type Process = { readonly lanes: Lanes; readonly memory: MemoryLedger; dead: Error | null };

const processes: Process[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map(({ lanes }) => lanes.close()));
});

const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Each of its archivers has two lanes. Time goes on when the lanes have nothing to do, or are dead. */
function worldOfLanes(options: WorldOptions = {}) {
  const hooks = { onDecoding: (_: TopicPartition) => {} };
  const world = new World({
    ...options,
    source: (source) => {
      const memory = new MemoryLedger();
      const number = processes.length;
      const lanes = new Lanes({ encoding: 'zstd', level: 1, count: 2, memory }, (error) => {
        (processes[number] as Process).dead = error;
        world.archivers[number]?.pipeline.fail(error);
      });
      processes.push({ lanes, memory, dead: null });
      const onDecoding = (partition: TopicPartition) => hooks.onDecoding(partition);
      return decodedSource(source, { decoder: lanes, onDecoding });
    },
    encoder: () => (processes.at(-1) as Process).lanes,
    settle: async () => {
      for (let turns = 0; turns < 4; turns++) await oneTurn();
      while (processes.some(({ memory, dead }) => memory.queuedBytes > 0 && dead === null)) await oneTurn();
    },
  });
  return { world, hooks };
}

/** Sealed although bodies come from other threads, in real time. */
async function untilSealed(world: World, partition: number): Promise<void> {
  const { high } = world.broker.log('orders', partition).range;
  await expect
    .poll(async () => {
      await world.clock.advance(1_000);
      return world.nextOffset(partition);
    })
    .toBe(high);
}

/** Uses a part that was given back, which no lane survives. */
async function kill({ lanes, memory }: Process, partition: TopicPartition): Promise<void> {
  const bytes = batchBytes({ records: [{}] });
  const parts = lanes.decode({ ...partition, from: 0, bytes, aborted: [] }, LIMITS)[Symbol.asyncIterator]();
  const { records } = (await parts.next()).value as Part;
  await parts.next();
  const item = itemAt(records, 0) as RecordItem;
  lanes.open(0, memory.open(null), partition).add([item]);
}

describe('records that went through lanes', () => {
  it('are sealed as they are in the log, and nothing of them stays', async () => {
    const { world } = worldOfLanes({ partitions: 3 });
    world.start();
    for (const partition of [0, 1, 2]) world.produce(partition, 25);
    for (const partition of [0, 1, 2]) await untilSealed(world, partition);
    for (const partition of [0, 1, 2]) expect(world.problems(partition)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
    expect(processes.map(({ memory }) => [memory.queuedBytes, memory.heldBytes])).toEqual([[0, 0]]);
  });
});

describe('a lane that dies', () => {
  it('ends the process, and the next one archives every record once', async () => {
    const { world } = worldOfLanes();
    const archiver = world.start('a');
    world.produce(0, 25);
    await untilSealed(world, 0);
    world.produce(0, 7);
    await kill(processes[0] as Process, { topic: 'orders', partition: 0 });
    expect(await world.clock.run(archiver.ended)).toMatchObject({
      kind: 'failed',
      error: { code: 'worker-died' },
    });
    world.start('b');
    await untilSealed(world, 0);
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
  });
});

describe('a partition that is taken away while its records are in a lane', () => {
  it('gives them up, and its next reader archives each once', async () => {
    const { world, hooks } = worldOfLanes();
    world.start('a');
    await world.clock.until('begun', () => world.nextOffset(0) === 0);
    const decoded: number[] = [];
    hooks.onDecoding = () => {
      decoded.push(world.nextOffset(0));
      if (decoded.length === 2) world.broker.group('ledgerstone').rebalance();
    };
    for (let round = 0; round < 2; round++) {
      world.produce(0, 9);
      await untilSealed(world, 0);
    }
    // The second fetch was dropped, and its records were fetched again from where the chain ended.
    expect(decoded).toEqual([0, 9, 9]);
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
    expect(processes[0]?.memory.queuedBytes).toBe(0);
  });
});

describe('records that lanes hold while the log is suspect', () => {
  it('are sealed as they are, once the log is seen to hold them', async () => {
    const { world } = worldOfLanes({ config: 'segment: { maxRecords: 100, maxAge: 20s, heartbeat: 0 }' });
    const archiver = world.start();
    await world.clock.until('begun', () => world.nextOffset(0) === 0);
    const [actor] = archiver.pipeline.actors;
    for (const next of [20, 40]) {
      world.produce(0, 20);
      await world.clock.until('accepted', () => actor?.acceptedOffset === next);
      world.broker.elect();
      await untilSealed(world, 0);
    }
    expect(world.problems(0)).toEqual([]);
    expect(archiver.log.filter((line) => line.includes('anchors will be confirmed')).length).toBe(2);
    expect(archiver.log.filter((line) => line.includes('reading again'))).toEqual([]);
  });
});

describe('records that lanes hold while the log loses its end', () => {
  it.each([6, 0])('and grows by %i are read anew, and the chain has what the log has', async (grown) => {
    const { world } = worldOfLanes({ config: 'segment: { maxRecords: 100, maxAge: 20s, heartbeat: 0 }' });
    const archiver = world.start();
    await world.clock.until('begun', () => world.nextOffset(0) === 0);
    world.produce(0, 20);
    const [actor] = archiver.pipeline.actors;
    await world.clock.until('accepted', () => actor?.acceptedOffset === 20);
    world.broker.log('orders', 0).truncate(15);
    world.broker.elect('an unclean election');
    for (let i = 0; i < grown; i++) world.broker.produce('orders', 0, { value: `{"other":${i}}` });
    await world.clock.advance(60_000);
    await untilSealed(world, 0);
    expect(world.problems(0)).toEqual([]);
    expect(world.nextOffset(0)).toBe(15 + grown);
    expect(actor?.state).toBe('streaming');
  });
});
