// Are new chains of one topic made side by side, but no more at a time than a process may ask for?
import { expect, it } from 'vitest';
import { World } from '../../support/archiver-world.ts';

/** How many first seals were on their way at once. */
async function mostAtOnce(partitions: number): Promise<number> {
  const world = new World({ partitions });
  const put = world.store.putIfAbsent.bind(world.store);
  let [now, most] = [0, 0];
  world.store.putIfAbsent = async (...asked) => {
    now += 1;
    most = Math.max(most, now);
    await world.clock.sleep(1000);
    now -= 1;
    return put(...asked);
  };
  const archiver = world.start('a');
  const streaming = () => archiver.pipeline.actors.filter(({ state }) => state === 'streaming').length;
  await world.clock.until('all stream', () => streaming() === partitions);
  archiver.kill();
  return most;
}

it('all of a few partitions', async () => {
  expect(await mostAtOnce(6)).toBe(6);
});

it('32 of many', async () => {
  expect(await mostAtOnce(40)).toBe(32);
});
