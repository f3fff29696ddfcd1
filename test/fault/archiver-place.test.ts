// Does a partition find its place, and notice what happens while it looks for it?
import { describe, expect, it } from 'vitest';
import { sealKey } from '../../src/format/paths.ts';
import type { ObjectVersion, Store } from '../../src/store/store.ts';
import { World } from '../support/archiver-world.ts';
import { faultyStore } from '../support/memory-store.ts';
import { decide } from './operator.ts';

/** A chain of 10 records, whose archiver is dead. */
async function left(world: World): Promise<void> {
  world.produce(0, 10);
  const archiver = world.start('a');
  await world.untilSealed(0);
  await world.clock.advance(1_000);
  archiver.kill();
}

describe('a partition that looks for its place', () => {
  it('does not seal again what Kafka remembers as sealed', async () => {
    const world = new World();
    await left(world);
    // An older copy of the archive took its place.
    const newest = world.manifests(0).length - 1;
    world.store.attacker.destroy(sealKey('orders', 0, newest));
    const before = world.store.keys().length;
    world.produce(0, 5);
    const archiver = world.start('b');
    await world.clock.advance(120_000);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('seal-hole');
    expect(world.store.keys().length).toBe(before);
  });

  it('looks again where a list that was not one moment shows a later seal and not an earlier one', async () => {
    const world = new World();
    world.produce(0, 10);
    await left(world);
    world.broker.group('ledgerstone').forget('orders');
    world.produce(0, 5);
    const hidden = sealKey('orders', 0, 1);
    let looks = 0;
    const store: Store = {
      ...world.store,
      listVersions: (prefix, options) =>
        filtered(world.store.listVersions(prefix, options), ({ key }) => key !== hidden || ++looks > 2),
    };
    const archiver = world.start('b', store);
    await world.untilSealed(0);
    expect(looks).toBeGreaterThan(2);
    expect(archiver.log.filter((line) => line.includes('HALTED'))).toEqual([]);
  });

  it('takes a decision that was made before its first look at the store', async () => {
    const world = new World();
    await left(world);
    world.produce(0, 20);
    world.broker.log('orders', 0).expire(25);
    let blind = false;
    const store = faultyStore(world.store, () => (blind ? { kind: 'fails' } : undefined), world.clock);
    const archiver = world.start('b', store);
    const actor = () => archiver.pipeline.actors[0];
    await world.clock.until('asks for the log', () => actor()?.head?.nextOffset === 10);
    blind = true;
    await world.clock.until('halted', () => actor()?.halt?.code === 'expired');
    await decide(world, { reason: 'expired' });
    blind = false;
    await world.untilSealed(0);
  });

  it('says once that a foreign object lies at the next seal, and waits', async () => {
    const world = new World();
    world.produce(0, 10);
    const archiver = world.start('a');
    await world.untilSealed(0);
    const next = sealKey('orders', 0, world.manifests(0).length);
    world.store.attacker.putVersion(next, new TextEncoder().encode('not a seal'));
    world.produce(0, 5);
    await world.clock.advance(120_000);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('seal-invalid');
    expect(archiver.log.filter((line) => line.includes('HALTED'))).toHaveLength(1);
  });

  it('confirms the topic again when a doubt came up meanwhile', async () => {
    const world = new World({ broker: { topicIds: false } });
    await left(world);
    let told = false;
    const archiver = world.start('b');
    const { readAt } = archiver.source;
    archiver.source.readAt = async (...args) => {
      const read = await readAt.apply(archiver.source, args);
      if (!told) {
        told = true;
        // The topic becomes another one the moment after its anchor was read.
        world.broker.recreateTopic('orders');
        world.produce(0, 14, 'other');
        world.broker.elect();
      }
      return read;
    };
    await world.clock.advance(60_000);
    expect(told).toBe(true);
    expect(world.nextOffset(0)).toBe(10);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('topic-replaced');
  });
});

async function* filtered(
  versions: AsyncIterable<ObjectVersion>,
  shows: (version: ObjectVersion) => boolean,
): AsyncGenerator<ObjectVersion> {
  for await (const version of versions) if (shows(version)) yield version;
}

describe('a topic that begins at latest', () => {
  it('leaves nothing of a later partition out, even by a zombie that saw no chain yet', async () => {
    const world = new World({ topic: ', startFrom: latest' });
    world.produce(0, 5);
    // It asks whether the topic was begun, and hears the answer long after.
    const late: Store = {
      ...world.store,
      async *listVersions(prefix, options) {
        const found: ObjectVersion[] = [];
        for await (const version of world.store.listVersions(prefix, options)) found.push(version);
        if (prefix === 'seals/topic=orders/') await world.clock.sleep(20_000);
        yield* found;
      },
    };
    world.start('zombie', late);
    await world.clock.advance(1_000);
    world.broker.group('ledgerstone').isolate('zombie');
    world.start('a');
    await world.clock.until('begun', () => world.nextOffset(0) === 5);
    world.broker.addPartitions('orders', 2);
    world.produce(1, 4);
    await world.clock.advance(30_000);
    world.broker.group('ledgerstone').rebalance();
    await world.untilSealed(1);
    expect(world.lines(1).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
  });
});

describe('a topic without an id', () => {
  it('that was recreated, and whose records were sealed before anybody looked, is known by an older record', async () => {
    const world = new World({ broker: { topicIds: false } });
    world.produce(0, 10);
    const first = world.start('a');
    await world.untilSealed(0);
    // Nobody is told, and the new topic reaches beyond the head at once.
    world.broker.recreateTopic('orders');
    world.produce(0, 25, 'other');
    await world.untilSealed(0);
    first.kill();
    const second = world.start('b');
    await world.clock.advance(60_000);
    expect(second.pipeline.actors[0]?.halt?.code).toBe('topic-replaced');
  });
});
