// What happens in one world, when a seed decides everything, and what must hold of it?
import { randomRun } from '../random.ts';

export type RunResult = {
  readonly seed: number;
  /** Empty when all held. */
  readonly problems: readonly string[];
  /** How often each interesting state was reached. */
  readonly states: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
};

export type SimulateOptions = {
  /** Only the events with these numbers happen: what the shrinker asks for. */
  readonly only?: ReadonlySet<number>;
};

/** A pure function of its seed. */
export async function simulate(seed: number, _options: SimulateOptions = {}): Promise<RunResult> {
  const problems = await randomRun(seed, 60);
  return { seed, problems, states: {}, trace: [] };
}
