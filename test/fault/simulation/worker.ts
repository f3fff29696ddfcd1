// Who runs the seeds that a farm hands out? A process of its own: one answer for each seed that is asked for.
import { createHash } from 'node:crypto';
import { setPriority } from 'node:os';
import { type RunResult, simulate } from './run.ts';

export type SeedResult = Pick<RunResult, 'seed' | 'problems' | 'states'> & {
  /** Of the trace and of all that was signed and stored: the same seed gives the same, in every process. */
  readonly digest: string;
};

export async function summarized(seed: number): Promise<SeedResult> {
  const { problems, states, trace, log } = await simulate(seed);
  const digest = createHash('sha256')
    .update(JSON.stringify([trace, log]))
    .digest('hex');
  return { seed, problems, states, digest };
}

// Tests beside it wait for real servers and real time; these worlds have a clock of their own.
if (process.send !== undefined) setPriority(10);
process.on('message', (seed: number) => {
  void summarized(seed).then((result) => process.send?.(result));
});
