// What is to be counted of one run of a task?
import { messageOf } from '../../base/error.ts';
import type { TaskName, TaskWork } from '../events/work.ts';
import { type Failure, isChainThere, type StepResult, type Verifier } from '../verifier.ts';
import type { EndedRun, RunKind, TaskLook } from './counts.ts';

/** A stamp is evidence of itself. */
const KINDS: Readonly<Record<Exclude<TaskName, 'stamp'>, RunKind>> = {
  confirm: 'confirmations',
  freshness: 'confirmations',
  sweep: 'sweeps',
  'full-pass': 'fullPasses',
  configuration: 'configuration',
  completeness: 'completeness',
};

type RunSoFar = {
  readonly verifier: Pick<Verifier, 'clock'>;
  readonly steps: readonly StepResult[];
  readonly failures: readonly Failure[];
};

export const runKindOf = (name: string): RunKind | undefined =>
  Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : undefined;

/** From the start of a task to its end. */
export class TaskRun {
  readonly #name: string;
  readonly #run: RunSoFar;
  readonly #isLimited: boolean;
  readonly #startedMs: number;
  readonly #steps: number;
  readonly #failures: number;
  #looked: TaskLook | null = null;

  /** `isLimited`: to some chains. Then it is never whole. */
  constructor(name: string, run: RunSoFar, isLimited: boolean) {
    this.#name = name;
    this.#run = run;
    this.#isLimited = isLimited;
    this.#startedMs = run.verifier.clock.now();
    this.#steps = run.steps.length;
    this.#failures = run.failures.length;
  }

  looked(at: TaskLook): void {
    this.#looked = at;
  }

  /** None if there is no such task. */
  ended(): EndedRun[] {
    const kind = runKindOf(this.#name);
    if (kind === undefined) return [];
    const { verifier, steps, failures } = this.#run;
    const failed = failures.slice(this.#failures);
    const isConfirming = kind === 'confirmations';
    const { isWhole, sums, least } = (isConfirming ? confirmed(steps.slice(this.#steps)) : this.#looked) ?? {
      isWhole: false,
      sums: {},
      least: {},
    };
    return [
      {
        ...{ kind, startedMs: this.#startedMs, endedMs: verifier.clock.now(), sums, least },
        isWhole: isWhole && failed.length === 0 && !this.#isLimited,
        failures: failed.map(textOf),
      },
    ];
  }
}

/** An archive without a chain was not confirmed. */
function confirmed(steps: readonly StepResult[]): TaskLook {
  const there = steps.filter(isChainThere);
  const verified = there.filter(({ verdict, isAtEnd }) => verdict === 'verified' && isAtEnd).length;
  return {
    isWhole: there.length > 0 && steps.every(({ isAtEnd }) => isAtEnd),
    ...{ sums: {}, least: { chains: there.length, verified } },
  };
}

/** Tasks that were due and did not begin, as where the clock is wrong. */
export function missedRuns(
  tasks: readonly Pick<TaskWork, 'task'>[],
  ended: readonly EndedRun[],
  failures: readonly Failure[],
  nowMs: number,
): EndedRun[] {
  const texts = failures.map(textOf);
  return tasks.slice(ended.length).flatMap(({ task }) => {
    const kind = runKindOf(task);
    const why = texts.length > 0 ? texts : ['it did not begin'];
    const run = { startedMs: nowMs, endedMs: nowMs, isWhole: false, sums: {}, least: {}, failures: why };
    return kind === undefined ? [] : [{ kind, ...run }];
  });
}

const textOf = ({ what, error }: Failure): string => `${what}: ${messageOf(error)}`;
