// What do the tests of the hazards have in common: a world that runs, and how to look at it?
import { expect, vi } from 'vitest';
import type { SourceListener } from '../../src/ingest/source.ts';
import { World, type WorldOptions } from '../support/archiver-world.ts';
import { MemorySource } from '../support/memory-source.ts';

export const P0 = { topic: 'orders', partition: 0 };
export const HELD = 'segment: { maxRecords: 100, maxAge: 20s, heartbeat: 0 }';

export const actorOf = (world: World, archiver = 0, partition = 0) =>
  world.archivers[archiver]?.pipeline.actors.find(({ route }) => route.partition.partition === partition);
export const haltOf = (world: World, archiver = 0, partition = 0) =>
  actorOf(world, archiver, partition)?.halt;
export const logOf = (world: World, text: string) =>
  world.archivers.flatMap(({ log }) => log.filter((line) => line.includes(text)));

/** Everything that the log holds is sealed once, in order, byte for byte, and an auditor finds nothing. */
export async function exact(world: World, partitions: readonly number[] = [0]): Promise<void> {
  for (const partition of partitions) await world.untilSealed(partition);
  for (const partition of partitions) expect(world.problems(partition)).toEqual([]);
  expect((await world.verify()).verdict).toBe('verified');
}

/** One archiver with 10 sealed records in each partition, which goes on running. */
export async function running(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  const partitions = Array.from({ length: options.partitions ?? 1 }, (_, partition) => partition);
  for (const partition of partitions) world.produce(partition, 10);
  world.start('a');
  for (const partition of partitions) await world.untilSealed(partition);
  return world;
}

/** Stops the reading, as memory that is full does, while `change` happens to the log; then lets it go on. */
export async function whilePaused(world: World, change: () => void): Promise<void> {
  const { source } = world.archivers[0] as (typeof world.archivers)[number];
  source.pause(P0);
  await world.clock.advance(1_000);
  change();
  source.resume(P0);
}

/** What the pipeline gave to its source: for what only an adapter of Kafka says. */
export function listenerOf(world: World, id: string): SourceListener {
  const start = vi.spyOn(MemorySource.prototype, 'start');
  world.start(id);
  return start.mock.calls.at(-1)?.[0] as SourceListener;
}
