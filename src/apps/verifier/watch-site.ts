// How does the watching process get its page: what is measured for it, and how often?
import type { Clock } from '../../base/clock.ts';
import { VERSION } from '../../base/version.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import type { RunKind } from '../../verifier/days/counts.ts';
import { DayHistory } from '../page/day-history.ts';
import { type StatusSite, statusSite } from '../page/status-site.ts';
import { watchFace } from '../page/watch-page.ts';
import type { WatchState } from './watch.ts';
import type { WatchMetrics } from './watch-metrics.ts';

export type WatchSiteOptions = {
  readonly config: VerifierConfig;
  readonly state: WatchState;
  readonly metrics: Pick<WatchMetrics, 'openFindings' | 'takeLagSeconds'>;
  /** Which runs there are to be: by them it is known whether all was looked at. */
  readonly kinds: readonly RunKind[];
  readonly isHealthy: () => boolean;
  readonly clock: Pick<Clock, 'now'>;
  readonly everyMs?: number;
};

export function watchSite({
  config,
  state,
  metrics,
  kinds,
  isHealthy,
  clock,
  everyMs,
}: WatchSiteOptions): StatusSite {
  const [lag, roundAge] = [new DayHistory(), new DayHistory()];
  return statusSite({
    now: () => clock.now(),
    measure: () => {
      const nowMs = clock.now();
      lag.note(metrics.takeLagSeconds(), nowMs);
      if (state.lastRoundMs !== null) roundAge.note(Math.max(0, nowMs - state.lastRoundMs) / 1000, nowMs);
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
        ...{ lag: lag.series(nowMs), roundAge: roundAge.series(nowMs) },
      });
    },
    ...(everyMs !== undefined && { everyMs }),
  });
}
