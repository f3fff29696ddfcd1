// How does the watching process get its page: what is measured for it, and how often?
import type { Clock } from '../../base/clock.ts';
import { VERSION } from '../../base/version.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import type { DecisionReader } from '../../read/decision-reader.ts';
import type { RunKind } from '../../verifier/days/counts.ts';
import type { LockTally } from '../../verifier/tasks/lock-tally.ts';
import { DayHistory } from '../page/day-history.ts';
import { type StatusSite, statusSite } from '../page/status-site.ts';
import { watchFace } from '../page/watch-page.ts';
import type { FindingsBoard } from './findings-board.ts';
import type { WatchState } from './watch.ts';
import type { WatchMetrics } from './watch-metrics.ts';

export type WatchSiteOptions = {
  readonly config: VerifierConfig;
  readonly state: WatchState;
  readonly metrics: Pick<WatchMetrics, 'openFindings' | 'takeLagSeconds'>;
  /** Which runs there are to be: by them it is known whether all was looked at. */
  readonly kinds: readonly RunKind[];
  /** Reads the open findings. */
  readonly board: Pick<FindingsBoard, 'ask' | 'settled'>;
  /** What sweeps saw of locks, and what was read of decisions. */
  readonly locks: Pick<LockTally, 'seen'>;
  readonly decisions: Pick<DecisionReader, 'last'> | null;
  readonly isHealthy: () => boolean;
  readonly clock: Pick<Clock, 'now'>;
  readonly everyMs?: number;
};

export function watchSite({
  config,
  state,
  metrics,
  kinds,
  board,
  locks,
  decisions,
  isHealthy,
  clock,
  everyMs,
}: WatchSiteOptions): StatusSite {
  const [lag, sealAge, roundAge] = [new DayHistory(), new DayHistory(), new DayHistory()];
  board.ask();
  return statusSite({
    now: () => clock.now(),
    measure: () => {
      const nowMs = clock.now();
      lag.note(metrics.takeLagSeconds(), nowMs);
      sealAge.note(oldestSealSeconds(state, nowMs), nowMs);
      if (state.lastRoundMs !== null) roundAge.note(Math.max(0, nowMs - state.lastRoundMs) / 1000, nowMs);
    },
    fresh: async () => {
      board.ask();
      await board.settled();
    },
    face: () => {
      const nowMs = clock.now();
      return watchFace({
        ...{
          config,
          state,
          kinds,
          nowMs,
          version: VERSION,
          isHealthy: isHealthy(),
          open: metrics.openFindings(),
        },
        ...{ findings: board.ask(), locks: locks.seen, decisions: decisions?.last ?? null },
        ...{ lag: lag.series(nowMs), sealAge: sealAge.series(nowMs), roundAge: roundAge.series(nowMs) },
      });
    },
    ...(everyMs !== undefined && { everyMs }),
  });
}

/** Null: of no chain it is known. Drills apart. */
function oldestSealSeconds({ chains }: WatchState, nowMs: number): number | null {
  const ages = [...chains.values()].flatMap(({ isDrill, sealedThrough }) =>
    isDrill || sealedThrough === null ? [] : [Math.max(0, nowMs - Date.parse(sealedThrough)) / 1000],
  );
  return ages.length === 0 ? null : Math.max(...ages);
}
