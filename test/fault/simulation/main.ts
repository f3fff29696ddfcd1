// `npm run simulate`: how do thousands of worlds fare, and what does one of them look like?
import { parseArgs } from 'node:util';
import { type Budget, budgetText, seedsWithin, wholeNumber } from './budget.ts';
import { blindSpots, coverageText } from './coverage.ts';
import { farm } from './farm.ts';
import { simulate } from './run.ts';
import { shrink } from './shrink.ts';

const USAGE = `npm run simulate -- [--seeds N] [--from S] [--workers W]   runs seeds S to S + N − 1
npm run simulate -- --seconds T [--from S] [--workers W]     runs as many as the time allows, at least 200
npm run simulate -- --trace SEED [--only 1,2,…] [--verbose]  shows one run
npm run simulate -- --shrink SEED                            finds the smallest failing part of one`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seconds: { type: 'string' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    trace: { type: 'string' },
    only: { type: 'string' },
    shrink: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.shrink !== undefined) process.exitCode = await shrinkOne(Number(values.shrink));
else if (values.trace !== undefined) process.exitCode = await traceOne(Number(values.trace));
else
  process.exitCode = await runMany(
    wholeNumber('--from', values.from),
    wholeNumber('--workers', values.workers),
  );

async function traceOne(seed: number): Promise<number> {
  const only = values.only === undefined ? {} : { only: new Set(values.only.split(',').map(Number)) };
  const { trace, problems } = await simulate(seed, { ...only, verbose: values.verbose });
  for (const line of trace) console.log(line);
  return tell(seed, problems);
}

async function shrinkOne(seed: number): Promise<number> {
  const onStep = (left: number, runs: number) =>
    console.error(`${left} events and faults are left after ${runs} runs`);
  const shrunk = await shrink(seed, onStep);
  if (shrunk === null) {
    console.log(`seed ${seed}: all held`);
    return 0;
  }
  for (const line of shrunk.result.trace) console.log(line);
  console.log(`npm run simulate -- --trace ${seed} --only ${shrunk.only.join(',')}`);
  return tell(seed, shrunk.result.problems);
}

async function runMany(from: number, workers: number): Promise<number> {
  const budget: Budget =
    values.seconds === undefined
      ? { seeds: wholeNumber('--seeds', values.seeds) }
      : { seconds: wholeNumber('--seconds', values.seconds) };
  const every = 'seeds' in budget ? Math.max(100, Math.floor(budget.seeds / 20)) : 500;
  const startedMs = performance.now();
  const { runs, seconds, states, failed } = await farm({
    seeds: seedsWithin(budget, from),
    workers,
    onResult: ({ seed, problems }, done) => {
      if (problems.length > 0) console.log(`seed ${seed}: ${problems[0]}`);
      if (done % every === 0)
        console.error(
          `${done} runs, ${(done / ((performance.now() - startedMs) / 1000)).toFixed(1)} a second`,
        );
    },
  });
  for (const [state, times] of Object.entries(states).sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(times).padStart(9)}  ${state}`);
  console.log(
    `${runs} runs from seed ${from} in ${seconds.toFixed(0)} s (${(runs / seconds).toFixed(1)} a second; ` +
      `${budgetText(budget)}), ${failed.length} failed; ${coverageText(runs)}`,
  );
  for (const { seed } of failed) console.log(`npm run simulate -- --shrink ${seed}`);
  const blind = blindSpots(states, runs);
  for (const spot of blind) console.log(`TOO SELDOM ${spot}`);
  return runs > 0 && failed.length === 0 && blind.length === 0 ? 0 : 1;
}

function tell(seed: number, problems: readonly string[]): number {
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  if (problems.length === 0) console.log(`seed ${seed}: all held`);
  return problems.length === 0 ? 0 : 1;
}
