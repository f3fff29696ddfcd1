// What the log and its client are known to do to a position: does each leave the archive exact, or halted aloud? (HAZARDS.md)
import { describe, expect, it } from 'vitest';
import { notReadyReasons, partitionStatus } from '../../src/archiver/status.ts';
import { World } from '../support/archiver-world.ts';
import { actorOf, exact, HELD, haltOf, logOf, running, whilePaused } from './hazards-world.ts';

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
