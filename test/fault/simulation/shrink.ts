// Which of all that happened in a failing run is needed for it to fail? Delta debugging, by numbers of events and faults.
import { type RunResult, simulate } from './run.ts';

/** The same complaint, whatever its figures. */
const kindOf = (problem: string): string => problem.replaceAll(/\d+/g, 'n').slice(0, 80);

export type Shrunk = { readonly only: readonly number[]; readonly result: RunResult; readonly runs: number };

/**
 * The smallest set that delta debugging finds: leave out ever smaller parts while the run goes on failing in the same way.
 * Null when the seed does not fail.
 */
export async function shrink(
  seed: number,
  onStep: (left: number, runs: number) => void = () => {},
  runsMax = 2_000,
): Promise<Shrunk | null> {
  let result = await simulate(seed);
  const [first] = result.problems;
  if (first === undefined) return null;
  const kind = kindOf(first);
  let runs = 1;
  const fails = async (only: readonly number[]): Promise<RunResult | null> => {
    runs += 1;
    const run = await simulate(seed, { only: new Set(only) });
    return run.problems.some((problem) => kindOf(problem) === kind) ? run : null;
  };
  let only = [...result.happened];
  for (let parts = 2; only.length > 0 && runs < runsMax; ) {
    const size = Math.max(1, Math.floor(only.length / parts));
    let smaller: number[] | null = null;
    for (let at = 0; at < only.length && runs < runsMax; at += size) {
      const rest = only.toSpliced(at, size);
      const run = await fails(rest);
      if (run === null) continue;
      // Without some events others may not have come up at all.
      const happened = new Set(run.happened);
      smaller = rest.filter((number) => happened.has(number));
      result = run;
      break;
    }
    if (smaller !== null) {
      only = smaller;
      parts = Math.max(2, parts - 1);
      onStep(only.length, runs);
    } else if (size === 1) break;
    else parts = Math.min(only.length, parts * 2);
  }
  return { only, result, runs };
}
