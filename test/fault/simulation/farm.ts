// How are thousands of seeds run at once? By processes that are handed one seed after the other, and watched.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedResult } from './worker.ts';

export type Harvest = {
  readonly runs: number;
  readonly seconds: number;
  /** Over all runs. */
  readonly states: Readonly<Record<string, number>>;
  readonly failed: readonly Pick<SeedResult, 'seed' | 'problems'>[];
  readonly digests: ReadonlyMap<number, string>;
};

export type FarmOptions = {
  readonly seeds: Iterable<number>;
  readonly workers?: number;
  /** The rest is not run. */
  readonly failuresMax?: number;
  readonly onResult?: (result: SeedResult, runs: number) => void;
};

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
/** A thousand times what a run takes. Whoever takes longer turns in a circle without ever waiting. */
const RUN_MS_MAX = 240_000;
/** Archivers that were killed in a world wait for ever, and hold what they hold: a new process lets go of them. */
const RUNS_PER_PROCESS = 400;

export async function farm(options: FarmOptions): Promise<Harvest> {
  const startedMs = performance.now();
  const seeds = options.seeds[Symbol.iterator]();
  const states: Record<string, number> = {};
  const failed: Pick<SeedResult, 'seed' | 'problems'>[] = [];
  const digests = new Map<number, string>();
  let runs = 0;
  const take = (result: SeedResult) => {
    runs += 1;
    for (const [state, count] of Object.entries(result.states)) states[state] = (states[state] ?? 0) + count;
    if (result.problems.length > 0) failed.push(result);
    digests.set(result.seed, result.digest);
    options.onResult?.(result, runs);
  };
  const next = (): number | null => {
    if (failed.length >= (options.failuresMax ?? 20)) return null;
    const { done, value } = seeds.next();
    return done ? null : value;
  };
  await Promise.all(Array.from({ length: options.workers ?? 2 }, () => work(next, take)));
  return { runs, seconds: (performance.now() - startedMs) / 1000, states, failed, digests };
}

/** One worker after the other: who dies or hangs is replaced. */
async function work(next: () => number | null, take: (result: SeedResult) => void): Promise<void> {
  let child: ChildProcess | null = null;
  try {
    let runs = 0;
    for (let seed = next(); seed !== null; seed = next()) {
      if (++runs % RUNS_PER_PROCESS === 0) {
        child?.kill('SIGKILL');
        child = null;
      }
      child ??= fork(WORKER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const result = await ask(child, seed);
      if (typeof result !== 'string') take(result);
      else {
        child.kill('SIGKILL');
        child = null;
        take({ seed, problems: [result], states: {}, digest: '' });
      }
    }
  } finally {
    child?.kill('SIGKILL');
  }
}

function ask(child: ChildProcess, seed: number): Promise<SeedResult | string> {
  return new Promise((resolve) => {
    const end = (result: SeedResult | string) => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(result);
    };
    const timer = setTimeout(() => end(`livelock: no end after ${RUN_MS_MAX / 1000} s`), RUN_MS_MAX);
    child.once('message', (result) => end(result as SeedResult));
    child.once('exit', (code) => end(`the process ended with ${code}: an error that nobody caught`));
    child.once('error', (error) => end(`the process failed: ${error.message}`));
    child.send(seed);
  });
}
