// Does the archiver keep its one promise in ten thousand worlds, whatever goes wrong in them at once?
import { describe, expect, it } from 'vitest';
import { blindSpots } from './simulation/coverage.ts';
import { farm } from './simulation/farm.ts';
import { simulate } from './simulation/run.ts';

const SEEDS = Number(process.env['LEDGERSTONE_SIMULATION_SEEDS'] ?? 10_000);
const FROM = Number(process.env['LEDGERSTONE_SIMULATION_FROM'] ?? 1);

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe('the simulation', () => {
  it('is the same run for the same seed, whatever ran before it and in which process', async () => {
    const [upwards, downwards] = await Promise.all([
      farm({ seeds: numbers(1, 40), workers: 1 }),
      farm({ seeds: numbers(1, 40).reverse(), workers: 1 }),
    ]);
    expect(upwards.runs).toBe(40);
    expect([...upwards.digests].sort()).toEqual([...downwards.digests].sort());
    expect(new Set(upwards.digests.values()).size).toBe(40);
  }, 120_000);

  it('leaves out what it is told to leave out, and is a run all the same', async () => {
    const whole = await simulate(7);
    expect(whole.happened.length).toBeGreaterThan(10);
    const same = await simulate(7, { only: new Set(whole.happened) });
    expect(same.trace).toEqual(whole.trace);
    const none = await simulate(7, { only: new Set() });
    expect(none.happened).toEqual([]);
    expect(none.problems).toEqual([]);
  });

  it(`finds every record archived once, or a halt with a reason, in ${SEEDS} worlds`, async () => {
    const { runs, failed, states, seconds } = await farm({ seeds: numbers(FROM, SEEDS) });
    console.log(
      `${runs} worlds in ${seconds.toFixed(0)} s; ${states['sealed']} seals, ${states['killed']} deaths`,
    );
    expect(
      failed.map(({ seed, problems }) => `npm run simulate -- --shrink ${seed}: ${problems[0]}`),
    ).toEqual([]);
    expect(runs).toBe(SEEDS);
    if (SEEDS >= 2_000) expect(blindSpots(states, runs)).toEqual([]);
  }, 1_500_000);
});
