// Does the archiver seal every record exactly once, or halt aloud, whatever fails around it?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../src/base/error.ts';
import { parseSeal } from '../../src/format/seal.ts';
import { World } from '../support/archiver-world.ts';
import { memorySigner } from '../support/memory-signer.ts';
import { type Fault, faultyStore } from '../support/memory-store.ts';

const haltOf = (world: World, index = 0) =>
  world.archivers[index]?.pipeline.actors.map(({ halt }) => halt?.code ?? null);

async function settled(world: World, ms = 120_000): Promise<void> {
  await world.clock.advance(ms);
}

describe('one archiver', () => {
  it('seals every record of every partition once and in order, and the verifier agrees', async () => {
    const world = new World({ partitions: 3 });
    for (const partition of [0, 1, 2]) world.produce(partition, 25 + partition);
    world.start();
    for (const partition of [0, 1, 2]) await world.untilSealed(partition);
    for (const partition of [0, 1, 2]) {
      expect(world.problems(partition)).toEqual([]);
      expect(world.lines(partition)).toHaveLength(25 + partition);
    }
    const report = await world.verify();
    expect(report.verdict).toBe('verified');
    expect(report.chains.map(({ nextOffset }) => nextOffset)).toEqual([25, 26, 27]);
  });

  it('begins a chain with a segment without lines before it takes a record', async () => {
    const world = new World();
    world.produce(0, 3);
    world.start();
    await world.untilSealed(0);
    const [first, second] = world.manifests(0);
    expect(first).toMatchObject({
      sequence: 0,
      data: null,
      records: { firstOffset: 0, nextOffset: 0, count: 0 },
    });
    expect(second).toMatchObject({ sequence: 1, records: { firstOffset: 0, nextOffset: 3, count: 3 } });
  });

  it('with startFrom latest begins all partitions at once, and later ones at their start', async () => {
    const world = new World({ partitions: 2, topic: ', startFrom: latest' });
    world.produce(0, 5);
    world.produce(1, 7);
    world.start();
    await world.clock.until('begun', () => world.nextOffset(0) === 5 && world.nextOffset(1) === 7);
    world.broker.addPartitions('orders', 3);
    world.produce(2, 4);
    world.produce(0, 1);
    world.broker.group('ledgerstone').rebalance();
    await world.untilSealed(2);
    await world.untilSealed(0);
    expect(world.problems(0, 5)).toEqual([]);
    expect(world.problems(2)).toEqual([]);
    expect(world.lines(2)).toHaveLength(4);
  });

  it('explains aborted and control records as gap lines', async () => {
    const world = new World();
    const log = world.broker.log('orders', 0);
    world.produce(0, 2);
    const aborted = log.begin();
    aborted.append({ value: 'no' });
    aborted.append({ value: 'no' });
    aborted.abort();
    world.produce(0, 1);
    world.start();
    await world.untilSealed(0);
    const gaps = world.lines(0).filter(({ gap }) => gap !== null);
    expect(gaps.map(({ gap }) => gap)).toEqual([
      { offset: 2, last: 4, reason: 'transaction', control: 1, aborted: 2 },
    ]);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('beats an idle heart with a segment without lines', async () => {
    const world = new World({ config: 'segment: { maxRecords: 10, maxAge: 1s, heartbeat: 60s }' });
    world.produce(0, 1);
    world.start();
    await world.untilSealed(0);
    const before = world.manifests(0).length;
    await settled(world, 200_000);
    expect(world.manifests(0).length).toBe(before + 3);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('drains: seals what it holds and ends', async () => {
    const world = new World({ config: 'segment: { maxRecords: 100, maxAge: 10m, heartbeat: 0 }' });
    world.produce(0, 30);
    const archiver = world.start();
    await world.clock.until('accepted', () => archiver.pipeline.actors[0]?.acceptedOffset === 30);
    expect(world.nextOffset(0)).toBe(0);
    expect(await archiver.stop()).toEqual({ kind: 'drained' });
    expect(world.nextOffset(0)).toBe(30);
    expect(world.problems(0)).toEqual([]);
  });

  it('does not call itself drained when the store took nothing until the bound', async () => {
    const world = new World();
    let isAway = false;
    const store = faultyStore(world.store, () => (isAway ? { kind: 'fails' } : undefined), world.clock);
    world.produce(0, 12);
    const archiver = world.start('a', store);
    await world.untilSealed(0);
    isAway = true;
    world.produce(0, 3);
    await world.clock.until('accepted', () => archiver.pipeline.actors[0]?.acceptedOffset === 15);
    expect(await archiver.stop()).toEqual({ kind: 'cut-short' });
    expect(world.nextOffset(0)).toBe(12);
  });
});

describe('every call of the store', () => {
  const run = async (plan: (index: number) => Fault | undefined) => {
    const world = new World();
    const store = faultyStore(world.store, ({ index }) => plan(index), world.clock);
    world.produce(0, 12);
    world.start('a', store);
    await world.untilSealed(0);
    world.produce(0, 3);
    await world.untilSealed(0);
    await settled(world, 5_000);
    return { world, calls: store.calls };
  };

  it.each(['fails', 'done-but-fails', 'slow', 'twice'] as const)('may end like this: %s', async (kind) => {
    const good = await run(() => undefined);
    expect(good.calls.length).toBeGreaterThan(15);
    for (let index = 0; index < good.calls.length; index++) {
      const fault: Fault = kind === 'slow' ? { kind, ms: 20_000 } : { kind };
      const { world } = await run((call) => (call === index ? fault : undefined));
      const where = `${kind} at call ${index}, ${JSON.stringify(good.calls[index])}`;
      expect({ where, problems: world.problems(0), next: world.nextOffset(0) }).toEqual({
        where,
        problems: [],
        next: 15,
      });
      expect({ where, verdict: (await world.verify()).verdict }).toEqual({ where, verdict: 'verified' });
    }
  });

  it('a fatal error is tried again too, since what is signed can not be given up', async () => {
    const denied = new LedgerstoneError('denied', 'AccessDenied');
    const { world } = await run((call) =>
      call > 8 && call < 14 ? { kind: 'fails', error: denied } : undefined,
    );
    expect(world.problems(0)).toEqual([]);
    expect(world.nextOffset(0)).toBe(15);
  });
});

describe('the signer', () => {
  it.each(['fails', 'lost'] as const)(
    'may end like this: %s, and still one text is signed for one size',
    async (kind) => {
      for (const request of [0, 1, 2]) {
        const signer = memorySigner({
          algorithm: 'ecdsa-p256',
          fault: (number) => (number === request ? { kind } : undefined),
        });
        const world = new World({ signer });
        world.produce(0, 15);
        world.start();
        await world.untilSealed(0);
        expect(world.problems(0)).toEqual([]);
        expect((await world.verify()).verdict).toBe('verified');
      }
    },
  );
});

describe('a process that dies', () => {
  it('at any call of the store is followed by one that goes on exactly', async () => {
    const count = await (async () => {
      const world = new World();
      const store = faultyStore(world.store, () => undefined, world.clock);
      world.produce(0, 25);
      world.start('a', store);
      await world.untilSealed(0);
      return store.calls.length;
    })();
    for (let index = 0; index < count; index++) {
      for (const kind of ['fails', 'done-but-fails'] as const) {
        const world = new World();
        world.produce(0, 25);
        let victim: ReturnType<World['start']> | null = null;
        const store = faultyStore(
          world.store,
          (call) => {
            if (call.index !== index) return undefined;
            // The call still reaches the store where it is `done`; its answer reaches nobody.
            queueMicrotask(() => victim?.kill());
            return { kind };
          },
          world.clock,
        );
        victim = world.start('a', store);
        await world.clock.until('dead', () => store.calls.length > index);
        victim.kill();
        world.start('b');
        await world.untilSealed(0);
        const where = `${kind}, killed at call ${index}`;
        expect({ where, problems: world.problems(0) }).toEqual({ where, problems: [] });
        expect({ where, verdict: (await world.verify()).verdict }).toEqual({ where, verdict: 'verified' });
      }
    }
  });
});

describe('more than one archiver', () => {
  it('a zombie is fenced by the store, and nothing is lost or doubled', async () => {
    const world = new World({ partitions: 2 });
    for (const partition of [0, 1]) world.produce(partition, 15);
    world.start('a');
    for (const partition of [0, 1]) await world.untilSealed(partition);
    world.broker.group('ledgerstone').isolate('a');
    world.start('b');
    for (const partition of [0, 1]) world.produce(partition, 40);
    for (const partition of [0, 1]) await world.untilSealed(partition);
    world.broker.group('ledgerstone').heal('a');
    for (const partition of [0, 1]) world.produce(partition, 5);
    for (const partition of [0, 1]) await world.untilSealed(partition);
    for (const partition of [0, 1]) expect(world.problems(partition)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
    const fenced = world.archivers.flatMap(({ log }) => log.filter((line) => line.includes('fenced')));
    expect(fenced.length).toBeGreaterThan(0);
  });

  it('rebalances at every moment of a run cost nothing', async () => {
    for (let at = 0; at < 60; at += 3) {
      const world = new World({ partitions: 2 });
      for (const partition of [0, 1]) world.produce(partition, 35);
      world.start('a');
      await world.clock.advance(at * 17);
      world.start('b');
      await world.clock.advance(37);
      for (const partition of [0, 1]) world.produce(partition, 8);
      world.broker.group('ledgerstone').rebalance();
      for (const partition of [0, 1]) await world.untilSealed(partition);
      for (const partition of [0, 1])
        expect({ at, problems: world.problems(partition) }).toEqual({ at, problems: [] });
    }
  });
});

describe('a partition halts, and the others go on, when', () => {
  it('offsets expired that were never archived', async () => {
    const world = new World({ partitions: 2 });
    for (const partition of [0, 1]) world.produce(partition, 10);
    const first = world.start('a');
    for (const partition of [0, 1]) await world.untilSealed(partition);
    first.kill();
    for (const partition of [0, 1]) world.produce(partition, 20);
    world.broker.log('orders', 0).expire(25);
    world.start('b');
    await settled(world);
    expect(haltOf(world, 1)).toEqual(['expired', null]);
    expect(world.archivers[1]?.pipeline.actors[0]?.halt?.gap).toEqual({ from: 10, to: 25 });
    expect(world.nextOffset(0)).toBe(10);
    expect(world.nextOffset(1)).toBe(30);
    expect(world.problems(1)).toEqual([]);
  });

  it('the log was truncated below what is sealed', async () => {
    const world = new World();
    world.produce(0, 10);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.broker.log('orders', 0).truncate(4);
    world.start('b');
    await settled(world);
    expect(haltOf(world, 1)).toEqual(['truncated']);
  });

  it.each([true, false])('the topic was recreated with more records (topic ids: %s)', async (topicIds) => {
    const world = new World({ broker: { topicIds } });
    world.produce(0, 10);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.broker.recreateTopic('orders');
    world.produce(0, 30, 'other');
    world.start('b');
    await settled(world);
    expect(haltOf(world, 1)).toEqual([topicIds ? 'topic-replaced' : 'topic-replaced']);
    expect(world.nextOffset(0)).toBe(10);
  });

  it('compaction took records, after everything before them is sealed', async () => {
    const world = new World();
    world.produce(0, 20);
    world.broker.log('orders', 0).compact((offset) => offset === 13 || offset === 14);
    world.start();
    await settled(world);
    expect(haltOf(world)).toEqual(['hole']);
    expect(world.archivers[0]?.pipeline.actors[0]?.halt?.gap).toEqual({ from: 13, to: 15 });
    expect(world.nextOffset(0)).toBe(13);
    expect(world.problems(0)).toEqual([]);
  });

  it('a record is larger than the limit, after everything before it is sealed', async () => {
    const world = new World({
      partitions: 2,
      config: 'segment: { maxRecords: 10, maxAge: 1s, heartbeat: 0 }\nlimits: { recordBytes: 1KiB }',
    });
    world.produce(0, 3);
    world.broker.produce('orders', 0, { value: 'x'.repeat(2000) });
    world.produce(1, 3);
    world.start();
    await settled(world);
    expect(haltOf(world)).toEqual(['record-too-large', null]);
    expect(world.nextOffset(0)).toBe(3);
    expect(world.nextOffset(1)).toBe(3);
  });

  it('a record can not be decoded', async () => {
    const world = new World();
    world.produce(0, 3);
    world.broker.log('orders', 0).appendPoison();
    world.produce(0, 3);
    world.start();
    await settled(world);
    expect(haltOf(world)).toEqual(['undecodable']);
    expect(world.nextOffset(0)).toBe(3);
  });

  it('a foreign object lies at the next seal', async () => {
    const world = new World();
    world.produce(0, 10);
    const archiver = world.start('a');
    await world.untilSealed(0);
    const next = `seals/topic=orders/partition=0/${String(world.manifests(0).length).padStart(12, '0')}.tlog-proof`;
    world.store.attacker.putVersion(next, new TextEncoder().encode('not a seal'));
    world.produce(0, 5);
    await settled(world);
    expect(haltOf(world)).toEqual(['seal-invalid']);
    expect(archiver.log.some((line) => line.includes('fenced'))).toBe(true);
  });

  it('all seals were hidden by delete markers', async () => {
    const world = new World();
    world.produce(0, 5);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    for (const key of world.store.keys().filter((one) => one.startsWith('seals/')))
      world.store.attacker.addMarker(key);
    world.produce(0, 5);
    world.start('b');
    // Markers hide nothing from who lists versions: it goes on as if they were not there.
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).chains[0]?.findings.map(({ code }) => code)).toContain('delete-marker');
  });

  it('the store shows no chain where Kafka remembers one', async () => {
    const world = new World();
    world.produce(0, 5);
    const first = world.start('a');
    await world.untilSealed(0);
    await world.clock.advance(1_000);
    first.kill();
    for (const key of world.store.keys()) world.store.attacker.destroy(key);
    world.start('b');
    await settled(world);
    expect(haltOf(world, 1)).toEqual(['chain-missing']);
  });
});

describe('a chain that continues another', () => {
  const handedOver = async (startFrom: string, topicIds = true) => {
    const world = new World({ broker: { topicIds } });
    world.produce(0, 12);
    const first = world.start('a');
    await world.untilSealed(0);
    const next = `seals/topic=orders/partition=0/${String(world.manifests(0).length).padStart(12, '0')}.tlog-proof`;
    world.store.attacker.putVersion(next, new TextEncoder().encode('not a seal'));
    first.kill();
    world.produce(0, 5);
    const config = world.configured(
      `, chain: orders-2, continues: { chain: orders, reason: taken, by: ops${startFrom} }`,
    );
    world.start('b', world.store, config);
    await settled(world);
    return world;
  };

  it('goes on after a hostile object where the older one ended, and both verify as far as they go', async () => {
    const world = await handedOver('');
    const [first] = world.manifests(0, 'orders-2');
    expect(first).toMatchObject({ continues: { nextOffset: 12, size: 3 }, records: { firstOffset: 12 } });
    expect(world.lines(0, 'orders-2').map(({ offset }) => offset)).toEqual([12, 13, 14, 15, 16]);
    const report = await world.verify();
    expect(report.chains.find(({ chain }) => chain === 'orders-2')?.verdict).toBe('verified');
  });

  it('leaves nothing of its own topic out', async () => {
    const world = await handedOver(', startFrom: { offset: 14 }');
    expect(haltOf(world, 1)).toEqual(['older-chain']);
    expect(world.manifests(0, 'orders-2')).toEqual([]);
  });
});

describe('nothing is sealed while', () => {
  it('the local clock is off the store, and it goes on once it is right', async () => {
    let skewMs = 0;
    const world = new World({ skewMs: () => skewMs });
    world.produce(0, 5);
    const archiver = world.start();
    await world.untilSealed(0);
    skewMs = 90_000;
    await settled(world, 6 * 60_000);
    world.produce(0, 5);
    await settled(world, 60_000);
    expect(world.nextOffset(0)).toBe(5);
    expect(archiver.pipeline.actors[0]?.trouble?.error).toMatchObject({ code: 'clock-off' });
    skewMs = 0;
    await settled(world, 10 * 60_000);
    expect(world.nextOffset(0)).toBe(10);
  });

  it('the store is down for an hour: memory stays bounded and it goes on by itself', async () => {
    const world = new World({
      partitions: 4,
      config:
        'segment: { maxBytes: 1MiB, maxAge: 1s, heartbeat: 0 }\nlimits: { memoryBytes: 16MiB, recordBytes: 1MiB }',
    });
    let down = false;
    const store = faultyStore(world.store, () => (down ? { kind: 'fails' } : undefined), world.clock);
    const archiver = world.start('a', store);
    // Each chain is read from once its first record is sealed. That it is there says less: they are made side by side.
    for (const partition of [0, 1, 2, 3]) world.produce(partition, 1);
    for (const partition of [0, 1, 2, 3]) await world.untilSealed(partition);
    down = true;
    const noise = () => Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString('base64');
    for (const partition of [0, 1, 2, 3]) {
      for (let i = 0; i < 200; i++) world.broker.produce('orders', partition, { value: noise() });
    }
    let greatest = 0;
    for (let minute = 0; minute < 60; minute++) {
      await world.clock.advance(60_000);
      greatest = Math.max(greatest, archiver.pipeline.bufferedBytes());
    }
    expect(greatest).toBeGreaterThan(4 * 1024 * 1024);
    expect(greatest).toBeLessThan(16 * 1024 * 1024 + 4 * 64 * 40_000);
    down = false;
    for (const partition of [0, 1, 2, 3]) await world.untilSealed(partition);
    for (const partition of [0, 1, 2, 3]) expect(world.problems(partition)).toEqual([]);
  });
});

describe('what is stored', () => {
  it('carries the lock that the manifest and the seals policy say', async () => {
    const world = new World();
    world.produce(0, 5);
    world.start();
    await world.untilSealed(0);
    for (const key of world.store.keys()) {
      const [version] = world.store.versionsOf(key);
      expect({ key, mode: version?.lock?.mode }).toEqual({ key, mode: 'COMPLIANCE' });
      if (key.startsWith('seals/')) {
        const { time } = world.manifests(0)[parseSeal(version?.bytes as Uint8Array).index] ?? {
          time: { sealed: '' },
        };
        expect(version?.lock?.untilMs).toBeGreaterThanOrEqual(Date.parse(time.sealed) + 86_400_000);
      }
    }
  });
});
