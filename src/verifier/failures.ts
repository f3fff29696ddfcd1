// What went wrong in a run, and which messages of a queue are delivered again for it?
import { counted } from '../base/counted.ts';
import { isRetriable, LedgerstoneError } from '../base/error.ts';
import type { QueueMessage } from './events/envelopes.ts';
import type { EventWork } from './events/work.ts';
import type { Failure, RunResult, StepResult } from './verifier.ts';

export const unfinished = ({ confirmed }: StepResult) =>
  new LedgerstoneError(
    'unfinished',
    `time is up with ${counted(confirmed?.size ?? 0, 'seal')} confirmed: there is more`,
    { disposition: 'retriable', remedy: 'The next run goes on from there.' },
  );

export const outOfTime = () =>
  new LedgerstoneError('out-of-time', 'no time is left in this run', {
    disposition: 'retriable',
    remedy: 'The next run begins with it; raise the time that a run may take if it stays so.',
  });

export const noTask = (task: string, known: readonly string[]) =>
  new LedgerstoneError('no-task', `this verifier does not do the task ${task}`, {
    remedy: `It does: ${known.join(', ')}. Take the others from its schedules.`,
  });

/**
 * A failure that belongs to no single message brings all of them back, because it is unknown which were done.
 */
export function failedIds(work: EventWork, failures: readonly Failure[]): string[] {
  if (failures.some(({ messages }) => messages === null)) {
    return [...new Set(messagesOf(work).map(({ id }) => id))];
  }
  return [...new Set(failures.flatMap(({ messages }) => messages?.map(({ id }) => id) ?? []))];
}

const messagesOf = ({ chains, objects, tasks, calls, trailFiles = [] }: EventWork): QueueMessage[] => [
  ...chains.flatMap(({ seals }) => seals.flatMap(({ message }) => message ?? [])),
  ...objects.flatMap(({ messages }) => messages),
  ...[...tasks, ...calls, ...trailFiles].flatMap(({ message }) => message ?? []),
];

/** Whether another delivery of the same event may help. */
export const isWorthRepeating = ({ failures }: RunResult): boolean =>
  failures.some(({ error }) => isRetriable(error) || !(error instanceof LedgerstoneError));
