// Would the tests notice a small mistake in format, merkle, segment or verify? `npm run mutate -- --n 200 --seed 1`
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyProject, projectRoot } from './copy.ts';
import { type Mutant, mutated } from './mutants.ts';
import {
  allMutants,
  codeAt,
  drawn,
  explanationOf,
  importGraph,
  readSources,
  roomOf,
  testsOf,
} from './plan.ts';
import { relevantTests } from './relevance.ts';
import { NOTICED_MIN, percent, reportText, type Tried } from './report.ts';
import { type Outcome, startTests, stopTests } from './start-tests.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    /** Mutants of this file alone, or of one line of it: `src/merkle/tree.ts:54`. */
    at: { type: 'string' },
  },
});
const seed = Number(values.seed);
const sources = readSources(projectRoot);
const [atFile, atLine] = values.at?.split(':') ?? [];
const mutants = allMutants(sources).filter(
  ({ file, line }) =>
    (atFile === undefined || file === atFile) && (atLine === undefined || line === Number(atLine)),
);
const chosen = drawn(mutants, Number(values.n), seed);
console.error(`${chosen.length} of ${mutants.length} mutants, seed ${seed}`);

const copies = Array.from({ length: Number(values.workers) }, () => copyProject(projectRoot));
const removeAll = () => {
  for (const { remove } of copies) remove();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopTests();
    removeAll();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}
try {
  const durations = await durationsWithoutMutant(testsOf(sources));
  const tried = await tryAll(durations);
  console.log(reportText(tried, sources));
  if (percent(tried) < NOTICED_MIN) {
    console.log(`Fewer than ${NOTICED_MIN} % were noticed.`);
    process.exitCode = 1;
  }
} finally {
  removeAll();
}

/** How long each test file takes in the project as it is. Throws where one fails. */
async function durationsWithoutMutant(tests: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { root } = copies[0] as (typeof copies)[number];
  const outcome = await startTests({ root, tests, seed }, () => 600_000);
  if (outcome.kind !== 'passed') throw new Error(`without a mutant: ${JSON.stringify(outcome)}`);
  const sum = [...outcome.ms.values()].reduce((a, b) => a + b, 0);
  console.error(`${tests.length} test files pass without a mutant, in ${Math.round(sum / 1_000)} s`);
  return outcome.ms;
}

async function tryAll(durations: ReadonlyMap<string, number>): Promise<Tried[]> {
  const imports = importGraph(sources);
  const left = [...chosen];
  const tried: Tried[] = [];
  const work = async ({ root }: { readonly root: string }) => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const tests = relevantTests(mutant.file, durations, imports);
      const one = { mutant, outcome: await tryOne(mutant, root, tests, durations) };
      tried.push(one);
      console.error(`[${tried.length}/${chosen.length}] ${lineOf(one)}`);
    }
  };
  await Promise.all(copies.map(work));
  return tried;
}

async function tryOne(
  mutant: Mutant,
  root: string,
  tests: readonly string[],
  durations: ReadonlyMap<string, number>,
): Promise<Tried['outcome']> {
  const source = sources.get(mutant.file) as string;
  const why = explanationOf(source, mutant);
  if (why !== undefined) return { kind: 'explained', why };
  const path = join(root, mutant.file);
  writeFileSync(path, mutated(source, mutant));
  const outcome: Outcome = await startTests(
    { root, tests, seed },
    (test) => 15_000 + 10 * (durations.get(test) ?? 0),
  );
  writeFileSync(path, source);
  return outcome;
}

function lineOf({ mutant, outcome }: Tried): string {
  const { file, line, before, after } = mutant;
  const by = 'file' in outcome ? ` by ${outcome.file}` : '';
  const code = codeAt(sources.get(file) as string, mutant);
  return `${outcome.kind}${by}: ${file}:${line} (${roomOf(file)}) ${before} → ${after}   | ${code}`;
}
