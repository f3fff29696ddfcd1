// Is a seal that could not be read told apart from a seal that is none?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../src/base/error.ts';
import { sealKey } from '../../src/format/paths.ts';
import type { Store } from '../../src/store/store.ts';
import { World } from '../support/archiver-world.ts';
import { faultyStore } from '../support/memory-store.ts';

async function left(world: World): Promise<void> {
  world.produce(0, 10);
  const archiver = world.start('a');
  await world.untilSealed(0);
  await world.clock.advance(1_000);
  archiver.kill();
  world.produce(0, 5);
}

describe('the newest seal, while the store refuses to hand it over', () => {
  // Each of these halted the partition for good as `seal-invalid`, an alarm of tampering, until a restart.
  for (const code of [
    'credentials',
    'not-restored',
    'wrong-region',
    'no-bucket',
    's3-refused',
    'not-found',
  ]) {
    it(`is asked for again after ${code}, and sealing goes on by itself`, async () => {
      const world = new World();
      await left(world);
      let refusing = true;
      const error = new LedgerstoneError(code, 'refused', { disposition: 'fatal' });
      const store = faultyStore(
        world.store,
        ({ method }) => (refusing && method === 'read' ? { kind: 'fails', error } : undefined),
        world.clock,
      );
      const archiver = world.start('b', store);
      await world.clock.advance(60_000);
      const actor = archiver.pipeline.actors[0];
      expect(actor?.halt).toBeNull();
      expect(actor?.trouble?.error).toBe(error);
      refusing = false;
      await world.untilSealed(0);
      expect(world.problems(0)).toEqual([]);
    });
  }

  it('halts where what is there can never be a seal', async () => {
    const world = new World();
    await left(world);
    const key = sealKey('orders', 0, world.manifests(0).length - 1);
    const store: Store = {
      ...world.store,
      read: async (asked, versionId, options) => {
        if (asked === key)
          throw new LedgerstoneError('too-large', `${key} has 5 GiB`, { disposition: 'input' });
        return world.store.read(asked, versionId, options);
      },
    };
    const archiver = world.start('b', store);
    await world.clock.advance(60_000);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('seal-invalid');
  });
});
