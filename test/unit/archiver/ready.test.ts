// What do /readyz and the metrics say of partitions that are halted, in trouble, or of a topic that went away?
import { expect, it } from 'vitest';
import { ArchiverMetrics } from '../../../src/archiver/metrics.ts';
import { notReadyReasons, observeGauges, partitionStatus } from '../../../src/archiver/status.ts';
import { World } from '../../support/archiver-world.ts';
import { faultyStore } from '../../support/faulty-store.ts';

async function shown(world: World, name: string): Promise<string | undefined> {
  const [archiver] = world.archivers.slice(-1);
  const metrics = new ArchiverMetrics();
  observeGauges(
    metrics,
    archiver?.pipeline as NonNullable<typeof archiver>['pipeline'],
    world.store,
    world.clock,
  );
  const text = await metrics.registry.metrics();
  return new RegExp(`^ledgerstone_${name}(?:\\{.*\\})? (.+)$`, 'm').exec(text)?.[1];
}

it('a halted partition is no reason against readiness, whatever was in trouble before it', async () => {
  const world = new World();
  world.produce(0, 5);
  const first = world.start('a');
  await world.untilSealed(0);
  await first.stop();
  world.produce(0, 5);
  world.broker.log('orders', 0).expire(8);
  let isAway = true;
  const store = faultyStore(world.store, () => (isAway ? { kind: 'fails' } : undefined), world.clock);
  const { pipeline } = world.start('b', store);
  const reasons = () => notReadyReasons(pipeline, world.clock);
  await world.clock.until('in trouble for long', () => reasons().some((one) => one.includes('injected')));
  expect(await shown(world, 'ready')).toBe('0');
  isAway = false;
  await world.clock.until('halted', () => pipeline.actors[0]?.state === 'halted');
  await world.clock.run(world.clock.sleep(60_000));
  expect(pipeline.actors[0]?.halt?.code).toBe('expired');
  expect(reasons()).toEqual([]);
  expect(
    partitionStatus(pipeline.actors[0] as NonNullable<(typeof pipeline.actors)[0]>, world.clock).trouble,
  ).toBeNull();
  expect(await shown(world, 'ready')).toBe('1');
  expect(await shown(world, 'halted')).toBe('1');
});

it('a topic that is deleted while it is archived is neither streaming nor without lag', async () => {
  const world = new World();
  world.produce(0, 5);
  const { source } = world.start('a');
  await world.untilSealed(0);
  expect([await shown(world, 'streaming'), await shown(world, 'lag_records')]).toEqual(['1', '0']);
  expect(Number(await shown(world, 'last_seal_timestamp_seconds')) * 1000).toBe(
    Date.parse(world.manifests(0).at(-1)?.time.sealed ?? ''),
  );
  source.missing(['orders']);
  expect([await shown(world, 'streaming'), await shown(world, 'lag_records')]).toEqual(['0', undefined]);
  expect(await shown(world, 'topic_missing')).toBe('1');
});

it('keys and specification that can not be kept locked are a reason not to be ready, once it lasts', async () => {
  const world = new World();
  const { pipeline } = world.start('a');
  await world.clock.until('streaming', () => pipeline.actors[0]?.state === 'streaming');
  const trouble = { error: new Error('the lock is gone'), sinceMs: world.clock.now() };
  const reasons = () => notReadyReasons(pipeline, world.clock, trouble);
  expect(reasons()).toEqual([]);
  await world.clock.advance(20_000);
  expect(reasons()).toEqual(['keys/ and FORMAT: the lock is gone']);
});
