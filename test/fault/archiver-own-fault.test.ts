// Does a fault of our own, while a partition looks for its position, end the process? Silence would stop archiving.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World } from '../support/archiver-world.ts';
import { faultyStore } from '../support/memory-store.ts';

describe('a fault of our own while the position is looked for', () => {
  // The test runner's own listeners would fail the run for what is wanted here.
  const others = process.listeners('unhandledRejection');
  beforeEach(() => process.removeAllListeners('unhandledRejection'));
  afterEach(() => {
    for (const listener of others) process.on('unhandledRejection', listener);
  });

  it('is an unhandled rejection, which the command line ends the process for', async () => {
    const ours = new Error('a fault of our own');
    const world = new World({
      onTrouble: () => {
        throw ours;
      },
    });
    const ended = once(process, 'unhandledRejection');
    world.start(
      'a',
      faultyStore(world.store, () => ({ kind: 'fails' }), world.clock),
    );
    await world.clock.advance(1_000);
    const silence = new Promise((resolve) => setTimeout(resolve, 1_000, ['silence']));
    expect((await Promise.race([ended, silence])) as unknown[]).toContain(ours);
  });
});
