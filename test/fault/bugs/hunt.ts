// One process, one bug: which seed shows it? `node hunt.ts NAME RUNS [SEED]`: SEED first, then 1 to RUNS
import { registerHooks } from 'node:module';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Bug, mutate } from './bug.ts';
import { BUGS, CONTROL } from './bugs.ts';

/** What a hunt says on its last line, as JSON. */
export type Hunted =
  | {
      readonly kind: 'caught';
      readonly seed: number;
      /** The one by which the bug is known. */
      readonly problem: string;
      /** The first seed with any problem at all. */
      readonly first: number;
      readonly ms: number;
    }
  | { readonly kind: 'missed'; readonly runs: number; readonly first: number | null; readonly ms: number };

const SRC = new URL('../../../src/', import.meta.url).href;

/** From here on the product is loaded with the bug in it. Nothing is written anywhere. */
function plant(bug: Bug): ReadonlySet<string> {
  const applied = new Set<string>();
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const file = url.startsWith(SRC) ? url.slice(SRC.length) : null;
      if (file === null || !bug.edits.some((edit) => edit.file === file)) return loaded;
      applied.add(file);
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array);
      return { ...loaded, source: mutate(bug, file, text) };
    },
  });
  return applied;
}

function* seeds(runs: number, begin: number | null): Generator<number> {
  if (begin !== null) yield begin;
  for (let seed = 1; seed <= runs; seed++) if (seed !== begin) yield seed;
}

async function hunt(name: string, runs: number, begin: number | null): Promise<Hunted> {
  const bug = [...BUGS, CONTROL].find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no bug ${name}`);
  const applied = plant(bug);
  const { simulate } = await import('../simulation/run.ts');
  const idle = bug.edits.filter(({ file }) => !applied.has(file));
  if (idle.length > 0) throw new Error(`bug ${name}: nobody loaded ${idle.map(({ file }) => file)}`);
  const began = performance.now();
  let first: number | undefined;
  const ms = () => Math.round(performance.now() - began);
  for (const seed of seeds(runs, begin)) {
    const { problems } = await simulate(seed);
    if (problems.length > 0) first ??= seed;
    const problem = problems.find((one) => bug.shows.test(one));
    if (problem !== undefined) return { kind: 'caught', seed, problem, first: first ?? seed, ms: ms() };
    console.log(`seed ${seed}`);
  }
  return { kind: 'missed', runs, first: first ?? null, ms: ms() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Tests beside it wait for real servers and real time.
  setPriority(10);
  const [, , name = CONTROL.name, runs = '2000', begin] = process.argv;
  console.log(JSON.stringify(await hunt(name, Number(runs), begin === undefined ? null : Number(begin))));
  // What a killed archiver of the world still waits for keeps nobody waiting here.
  process.exit(0);
}
