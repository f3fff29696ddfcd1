// How does something look into data objects while they are checked, on every core or in the caller's thread?
import { availableParallelism } from 'node:os';
import type { BlockChecker } from '../../verify/block-checker.ts';
import type { DataOutcome } from '../../verify/content.ts';
import type { DataClaim } from '../../verify/data-claim.ts';
import { WorkerPool } from '../../verify/node/worker-pool.ts';

/** What a thread is sent. `asked`: null if nothing was asked of this object. */
export type AskedRequest<Asked> = {
  readonly bytes: Uint8Array;
  readonly claim: DataClaim;
  readonly asked: Asked | null;
};

/** Checks as every checker does. What else was seen is asked for by the outcome that it gave. */
export type AskingChecker<Asked, Answer> = BlockChecker & {
  /** Says what to look for in a data object, before it is checked. */
  expect(data: DataClaim['data'], asked: Asked): void;
  /** Undefined: that outcome is not of this checker. */
  foundIn(outcome: DataOutcome): Answer | undefined;
  close(): Promise<void>;
};

type Answered = { readonly outcome: DataOutcome };

/** `threads` 0: `here` does it, in the caller's thread. Default: one for each core, from `worker`. */
export function askingChecker<Asked, Answer extends Answered>(
  worker: URL,
  here: (request: AskedRequest<Asked>) => Promise<Answer>,
  threads = availableParallelism(),
): AskingChecker<Asked, Answer> {
  const questions = new WeakMap<DataClaim['data'], Asked>();
  const answers = new WeakMap<DataOutcome, Answer>();
  const pool = threads === 0 ? null : new WorkerPool<AskedRequest<Asked>, Answer>(threads, worker);
  return {
    parallelism: pool?.parallelism ?? 1,
    expect: (data, asked) => void questions.set(data, asked),
    check: async (bytes, claim) => {
      const request = { bytes, claim, asked: questions.get(claim.data) ?? null };
      const answer = await (pool === null ? here(request) : pool.run(request, bytes));
      answers.set(answer.outcome, answer);
      return answer.outcome;
    },
    foundIn: (outcome) => answers.get(outcome),
    close: async () => pool?.close(),
  };
}

/** The worker's file has the same ending as the one that starts it: .ts from a checkout, .js in a package. */
export function workerBeside(starter: string, name: string): URL {
  return new URL(`./${name}.${starter.endsWith('.ts') ? 'ts' : 'js'}`, starter);
}
