// Does the archiver keep its one promise in many worlds, whatever goes wrong in them at once?
import { describe, expect, it } from 'vitest';
import { budgetOf, budgetText, SEEDS_LEAST, seedsWithin } from './simulation/budget.ts';
import { blindSpots, coverageText, LEAST_IN_10_000, tooRareIn } from './simulation/coverage.ts';
import { farm } from './simulation/farm.ts';
import { simulate } from './simulation/run.ts';

const BUDGET = budgetOf(process.env);
const FROM = Number(process.env['LEDGERSTONE_SIMULATION_FROM'] ?? 1);
/** A run that hangs is ended by the farm: this is for a machine that is slow. */
const LIMIT_MS = 1_500_000 + ('seeds' in BUDGET ? BUDGET.seeds * 1_000 : BUDGET.seconds * 2_000);

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
  }, 600_000);

  it('leaves out what it is told to leave out, and is a run all the same', async () => {
    const whole = await simulate(7);
    expect(whole.happened.length).toBeGreaterThan(10);
    const same = await simulate(7, { only: new Set(whole.happened) });
    expect(same.trace).toEqual(whole.trace);
    const none = await simulate(7, { only: new Set() });
    expect(none.happened).toEqual([]);
    expect(none.problems).toEqual([]);
  });

  it(
    `finds every record archived once, or a halt with a reason, within ${budgetText(BUDGET)}`,
    async () => {
      const { runs, failed, states, seconds } = await farm({ seeds: seedsWithin(BUDGET, FROM) });
      console.log(
        `${runs} seeds from ${FROM}, each a world of its own, in ${seconds.toFixed(0)} s (${budgetText(BUDGET)}); ` +
          `${states['sealed']} seals, ${states['killed']} deaths; ${coverageText(runs)}`,
      );
      expect(
        failed.map(({ seed, problems }) => `npm run simulate -- --shrink ${seed}: ${problems[0]}`),
      ).toEqual([]);
      if ('seeds' in BUDGET) expect(runs).toBe(BUDGET.seeds);
      else expect(runs).toBeGreaterThanOrEqual(SEEDS_LEAST);
      expect(blindSpots(states, runs)).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('the budget of the simulation', () => {
  /** A clock that goes on by so many seconds each time that somebody looks at it. */
  const clock = (step: number) => {
    let nowMs = 0;
    return () => (nowMs += step * 1_000);
  };

  it('is 60 seconds where nobody asks for something else', () => {
    expect(budgetOf({})).toEqual({ seconds: 60 });
    expect(budgetOf({ LEDGERSTONE_SIMULATION_SECONDS: '300' })).toEqual({ seconds: 300 });
    expect(budgetOf({ LEDGERSTONE_SIMULATION_SECONDS: '300', LEDGERSTONE_SIMULATION_SEEDS: '7' })).toEqual({
      seeds: 7,
    });
  });

  it.each(['', '0', '-1', '1.5', 'many'])('is no %j', (text) => {
    expect(() => budgetOf({ LEDGERSTONE_SIMULATION_SECONDS: text })).toThrow('SECONDS has to be');
    expect(() => budgetOf({ LEDGERSTONE_SIMULATION_SEEDS: text })).toThrow('SEEDS has to be');
  });

  it('ends with its time, and not before the seeds that say something', () => {
    expect([...seedsWithin({ seconds: 500 }, 1, clock(1))]).toEqual(numbers(1, SEEDS_LEAST + 499));
    expect([...seedsWithin({ seconds: 1 }, 5, clock(10))]).toEqual(numbers(5, SEEDS_LEAST));
    expect([...seedsWithin({ seeds: 3 }, 5, clock(10))]).toEqual([5, 6, 7]);
  });
});

describe('the coverage of the simulation', () => {
  const all = Object.keys(LEAST_IN_10_000);

  it('asks for every state in 10,000 worlds, and for the frequent ones in the fewest', () => {
    expect(tooRareIn(10_000)).toEqual([]);
    expect(blindSpots({}, 10_000)).toHaveLength(all.length);
    expect(blindSpots(LEAST_IN_10_000, 10_000)).toEqual([]);
    expect(blindSpots({ ...LEAST_IN_10_000, fenced: 49 }, 10_000)).toEqual(['fenced: 49 of at least 50']);
    expect(all.length - tooRareIn(SEEDS_LEAST).length).toBeGreaterThanOrEqual(all.length / 2);
  });

  it('says what a short run leaves out', () => {
    expect(blindSpots({}, SEEDS_LEAST)).toHaveLength(all.length - tooRareIn(SEEDS_LEAST).length);
    expect(coverageText(SEEDS_LEAST)).toMatch(/too rare for 200 worlds: .*halted truncated/);
    expect(coverageText(10_000)).toMatch(/^all \d+ states/);
  });
});
