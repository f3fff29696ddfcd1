// How often does `ledgerstone watch` do each of its tasks?
import type { VerifierConfig } from '../../config/verifier.ts';
import type { Verifier } from '../../verifier/verifier.ts';
import type { Schedule } from './watch.ts';

const HOUR_MS = 3_600_000;

/** The schedules of the tasks that this verifier has. */
export function schedulesOf(
  { chains, sweep, fullPass, configuration, kafka }: VerifierConfig,
  { tasks }: Pick<Verifier, 'tasks'>,
): Schedule[] {
  // The task of freshness confirms too. Where no freshness is promised, it only closes what was once.
  const confirming: Schedule[] =
    chains.freshnessMs === null
      ? [
          { task: 'confirm', everyMs: chains.confirmMs, isQuick: true },
          { task: 'freshness', everyMs: 24 * HOUR_MS },
        ]
      : [{ task: 'freshness', everyMs: chains.confirmMs, isQuick: true }];
  const all: Schedule[] = [
    ...confirming,
    { task: 'sweep', everyMs: sweep.everyMs },
    { task: 'full-pass', everyMs: Math.min(HOUR_MS, fullPass.everyMs) },
    { task: 'configuration', everyMs: configuration.everyMs },
    { task: 'stamp', everyMs: HOUR_MS },
    ...(kafka === null ? [] : [{ task: 'completeness', everyMs: kafka.everyMs } as const]),
  ];
  return all.filter(({ task }) => tasks.has(task));
}
