// `npm run bugs`: which bugs does the simulation find, and by which seed?
import { parseArgs } from 'node:util';
import { wholeNumber } from '../simulation/budget.ts';
import { BUGS } from './bugs.ts';
import { recordedSeeds, recordSeeds } from './seeds.ts';
import { huntAll, outcomeText } from './start-hunt.ts';

const USAGE = `npm run bugs -- [--runs N] [NAME …]            hunts each bug with the seeds 1 to N
npm run bugs -- --record [--runs N] [NAME …]   begins with the seed of the table, and writes what is found into it`;

const { values, positionals } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (values.help) console.log(USAGE);
else process.exitCode = await main(wholeNumber('--runs', values.runs));

async function main(runs: number): Promise<number> {
  const unknown = positionals.filter((name) => !BUGS.some((bug) => bug.name === name));
  if (unknown.length > 0) throw new Error(`there is no bug ${unknown.join(', ')}`);
  const seeds = new Map(recordedSeeds());
  const hunts = BUGS.flatMap(({ name }) =>
    positionals.length > 0 && !positionals.includes(name)
      ? []
      : [{ name, runs, begin: values.record ? (seeds.get(name) ?? null) : null }],
  );
  let caught = 0;
  await huntAll(hunts, 2, ({ name }, outcome) => {
    console.log(`${name.padEnd(34)} ${outcomeText(outcome).slice(0, 260)}`);
    if (outcome.kind !== 'caught') return;
    caught += 1;
    if (!values.record) return;
    seeds.set(name, outcome.seed);
    recordSeeds(seeds);
  });
  console.log(`${caught} of ${hunts.length} caught`);
  return caught === hunts.length && caught > 0 ? 0 : 1;
}
