// When do the scheduled tasks begin, and how often?
import { ofType, type Synthesised } from './synthesised.ts';

export type ScheduledTask = {
  readonly task: string;
  readonly everyMinutes: number;
  /** Minutes of an hour. Null: by a rate, which begins whenever it was made. */
  readonly minutes: readonly number[] | null;
};

export const schedules = (stack: Synthesised): ScheduledTask[] =>
  ofType(stack, 'AWS::Scheduler::Schedule').map(({ ScheduleExpression, Target }) => {
    const { task } = JSON.parse((Target as { Input: string }).Input) as { task: string };
    return { task, ...timesOf(String(ScheduleExpression)) };
  });

function timesOf(expression: string): Omit<ScheduledTask, 'task'> {
  const rate = /^rate\((\d+) minutes\)$/.exec(expression)?.[1];
  if (rate !== undefined) return { everyMinutes: Number(rate), minutes: null };
  const [, first, step] = /^cron\((\d+)(?:\/(\d+))? \* \* \* \? \*\)$/.exec(expression) ?? [];
  if (first === undefined) throw new Error(`unknown: ${expression}`);
  const every = step === undefined ? 60 : Number(step);
  const count = Math.ceil((60 - Number(first)) / every);
  return { everyMinutes: every, minutes: Array.from({ length: count }, (_, n) => Number(first) + n * every) };
}
