// Do the decisions in force lock segments for as long already?
import type { SegmentRange } from '../format/act-detail.ts';
import { parseUntil } from '../format/time.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { extensions } from '../verify/acts/in-force.ts';
import { isCovered } from './earlier-acts.ts';

/**
 * Until when all of these segments are locked by longer locks in force, in milliseconds; at least `untilMs`.
 * Null: some of them are not. What their own seals promise is not asked.
 */
export function lockedAlready(
  history: ActHistory,
  ranges: readonly SegmentRange[],
  untilMs: number,
  nowMs: number,
): number | null {
  const longer = extensions(history)
    .map((one) => ({ one, endMs: parseUntil(one.act.detail.until) }))
    .filter(({ one, endMs }) => endMs >= untilMs && history.end(one, nowMs) === null);
  for (const ms of longer.map(({ endMs }) => endMs).toSorted((a, b) => b - a)) {
    const by = longer.flatMap(({ one, endMs }) => (endMs >= ms ? one.act.detail.segments : []));
    if (ranges.every((range) => isCovered(range, by))) return ms;
  }
  return null;
}
