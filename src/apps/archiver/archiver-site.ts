// How does the running archiver get its page: what is measured for it, and how often?
import type { ServiceStatus } from '../../archiver/status.ts';
import type { Clock } from '../../base/clock.ts';
import type { Config } from '../../config/archiver.ts';
import { archiveFace } from '../page/archive-page.ts';
import { DayHistory } from '../page/day-history.ts';
import { type StatusSite, statusSite } from '../page/status-site.ts';

export function archiverSite(
  config: Config,
  status: () => ServiceStatus,
  clock: Clock,
  everyMs?: number,
): StatusSite {
  const [lag, sealAge] = [new DayHistory(), new DayHistory()];
  const startedMs = clock.now();
  const mostOf = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values));
  return statusSite({
    now: () => clock.now(),
    measure: () => {
      const nowMs = clock.now();
      const { partitions } = status();
      lag.note(mostOf(partitions.flatMap((one) => one.lag ?? [])), nowMs);
      const ages = partitions.flatMap(({ head }) =>
        head === null ? [] : [Math.max(0, (nowMs - Date.parse(head.sealedAt)) / 1000)],
      );
      sealAge.note(mostOf(ages), nowMs);
    },
    face: () => {
      const nowMs = clock.now();
      const series = { lag: lag.series(nowMs), sealAge: sealAge.series(nowMs) };
      return archiveFace({ config, status: status(), ...series, startedMs, nowMs });
    },
    ...(everyMs !== undefined && { everyMs }),
  });
}
