// Might data that is not there go, by what was decided? (FORMAT.md 13.6.9)
import { untilText } from '../format/time.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { keepersOf, keptUntil } from '../verify/acts/kept.ts';
import { type SegmentObjects, segmentText } from './scope.ts';

/** What is said of data that is gone. `isFault`: it is not there, and should be. */
export type GoneData = { readonly isFault: boolean; readonly text: string };

/** Null: the data of the segment is there, or nobody knows what it is. */
export type GoneJudge = (objects: Pick<SegmentObjects, 'segment' | 'goneMs'>) => GoneData | null;

/** By all acts in force, done or not. `isVerified` false: no release is believed (13.6.6). */
export function goneJudge(history: ActHistory, nowMs: number, isVerified = true): GoneJudge {
  const keepers = keepersOf(history, nowMs, isVerified && history.lost === null);
  return ({ segment, goneMs }) => {
    if (goneMs === null) return null;
    const { untilMs } = keptUntil(keepers, segment, goneMs, nowMs);
    const name = segmentText(segment);
    if (nowMs <= untilMs) return { isFault: true, text: `${name}: its data object is not there` };
    return { isFault: false, text: `${name}: its data was kept until ${untilText(untilMs)}, and has gone` };
  };
}

/** A problem of the segment, or a name for `gone`. */
export function noteGone(
  gone: GoneData | null,
  effect: { readonly failed: string[]; readonly gone: string[] },
): void {
  if (gone !== null) (gone.isFault ? effect.failed : effect.gone).push(gone.text);
}
