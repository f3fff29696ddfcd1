// What does an archiver ask the store for at its start?
import { expect, it, vi } from 'vitest';
import { sealPrefix } from '../../src/format/paths.ts';
import { World } from '../support/archiver-world.ts';

const SEALS = sealPrefix('orders', 0);

/** The calls about the chain's seals, until the partition streams. */
async function startCalls(world: World, id: string): Promise<string[]> {
  const from = world.store.log.length;
  const archiver = world.start(id);
  await world.clock.until('streaming', () => archiver.log.some((line) => line.includes('streaming')));
  const calls = world.store.log.slice(from).filter(({ key }) => key.startsWith(SEALS));
  await archiver.stop();
  return calls.map(({ method }) => method);
}

it('one list finds a head; a new chain is looked for once, and goes on from the seal that began it', async () => {
  const world = new World({});
  // The second list says whether the first seal's PUT is the version that counts.
  expect(await startCalls(world, 'a')).toEqual(['listVersions', 'putIfAbsent', 'listVersions', 'lock']);
  expect(await startCalls(world, 'b')).toEqual(['listVersions', 'read']);
});

it('who is fenced when he begins a chain looks for it again', async () => {
  const world = new World({});
  const { store, clock } = world;
  const putIfAbsent = store.putIfAbsent.bind(store);
  let holds = true;
  let isHeld = false;
  vi.spyOn(store, 'putIfAbsent').mockImplementation(async (key, ...rest) => {
    const mine = holds && !isHeld && key.startsWith(SEALS);
    if (mine) isHeld = true;
    while (mine && holds) await clock.sleep(100);
    return putIfAbsent(key, ...rest);
  });
  world.produce(0, 3);
  const archiver = world.start('a');
  await clock.until('held', () => isHeld);
  // The coordinator loses sight of it, and somebody else begins the chain while its own seal is on its way.
  world.broker.group('ledgerstone').isolate('a');
  const other = world.start('b');
  await clock.until('begun', () => world.manifests(0).length > 0);
  other.kill();
  holds = false;
  await world.untilSealed(0);
  expect(archiver.log.filter((line) => line.includes('chain created'))).toEqual([]);
  expect((await world.verify()).verdict).toBe('verified');
  await archiver.stop();
});
