// Does every chain get its turn, if the time of a run is too short for all of them?
import { expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { confirmTask } from '../../../src/verifier/tasks/confirm.ts';
import type { TaskInput } from '../../../src/verifier/verifier.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { verifierOf } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

it('begins each run with another one', async () => {
  const world = new VerifierWorld();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await world.builder.chain(name).seal();
  const confirmed: string[] = [];
  for (let run = 0; run < 5; run++) {
    const clock = { ...STILL, now: () => NOW_MS + run * 301_000 };
    let left = 1;
    await confirmTask({
      verifier: verifierOf(world, { clock, chainsAtOnce: 1 }),
      ...{ chains: null, limits: { remainingMs: () => 60_000 }, failed: () => {} },
      metrics: { oldestRereadMs: null, staleChains: null, chains: null },
      confirm: async ({ chain }: { readonly chain: string }) => {
        if (left-- <= 0) throw new LedgerstoneError('out-of-time', 'no time');
        confirmed.push(chain);
      },
    } as unknown as TaskInput);
  }
  expect(confirmed.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
});
