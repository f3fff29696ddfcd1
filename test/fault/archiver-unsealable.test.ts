// Does a segment that can never be made halt its partition, and does one that is made at last go on?
import { describe, expect, it } from 'vitest';
import type { Encoder } from '../../src/archiver/encoder.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { World } from '../support/archiver-world.ts';

/** Batches with records fail while `failure` says how. */
const failing =
  (failure: () => Error | null) =>
  (encoder: Encoder): Encoder => ({
    ...encoder,
    open: (firstOffset, memory, partition) => {
      const batch = encoder.open(firstOffset, memory, partition);
      return {
        ...batch,
        finish: async () => {
          const error = failure();
          if (error !== null) throw error;
          return batch.finish();
        },
      };
    },
  });

const LONG_MS = 600_000;
/** Locks of a day can't be written in the format from here on. */
const lastDay = (world: World) => world.clock.jump(Date.UTC(9999, 11, 31, 1) - world.clock.now());

describe('a segment that can not be made', () => {
  it('halts its partition after some tries, and nothing is signed', async () => {
    let tries = 0;
    const world = new World({
      encoder: failing(() => {
        tries++;
        return new Error('a line that no version can write');
      }),
    });
    const archiver = world.start('a');
    world.produce(0, 5);
    await world.clock.advance(LONG_MS);
    const [actor] = archiver.pipeline.actors;
    expect(actor?.state).toBe('halted');
    expect(actor?.halt).toMatchObject({
      code: 'unsealable',
      message: expect.stringContaining('a line that no version can write'),
      gap: null,
    });
    expect(tries).toBe(6);
    expect(world.nextOffset(0)).toBe(0);
  });

  it('halts by its time too, where no lock can be written any more', async () => {
    const world = new World();
    world.produce(0, 5);
    const archiver = world.start('a');
    await world.untilSealed(0);
    lastDay(world);
    world.produce(0, 5);
    await world.clock.advance(LONG_MS);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('unsealable');
    expect(world.nextOffset(0)).toBe(5);
  });

  it('halts where it would be the first of its chain', async () => {
    const world = new World();
    lastDay(world);
    world.produce(0, 5);
    const archiver = world.start('a');
    await world.clock.advance(LONG_MS);
    expect(archiver.pipeline.actors[0]?.halt?.code).toBe('unsealable');
    expect(world.manifests(0)).toEqual([]);
  });
});

describe('a segment that is made at last', () => {
  it.each([
    [
      'an error that passes, for ten minutes',
      10,
      new LedgerstoneError('busy', 'busy', { disposition: 'retriable' }),
    ],
    ['a log that is rewritten, for ten minutes', 10, new LedgerstoneError('log-rewritten', 'other records')],
  ])('goes on after %s', async (_, minutes, error) => {
    let now: Error | null = error;
    const world = new World({ encoder: failing(() => now) });
    const archiver = world.start('a');
    world.produce(0, 5);
    await world.clock.advance(minutes * 60_000);
    expect(archiver.pipeline.actors[0]?.halt).toBeNull();
    now = null;
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
  });

  it('starts to count anew: five failures between two seals are no reason', async () => {
    let left = 5;
    const world = new World({ encoder: failing(() => (left-- > 0 ? new Error('out of memory') : null)) });
    const archiver = world.start('a');
    for (let round = 0; round < 3; round++) {
      left = 5;
      world.produce(0, 5);
      await world.untilSealed(0);
    }
    expect(archiver.pipeline.actors[0]?.halt).toBeNull();
    expect(world.problems(0)).toEqual([]);
  });
});
