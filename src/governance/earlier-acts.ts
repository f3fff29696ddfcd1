// Was this asked for before, although more has been sealed since?
import type { Act, ActRequest } from '../format/act.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { holdsInForce } from '../verify/acts/in-force.ts';
import type { RecordedAct } from '../verify/acts/recorded-act.ts';
import { mergedRanges } from './scope.ts';

type Asked = Pick<ActRequest, 'reason' | 'reference'>;
type Segments = Act & { readonly kind: 'hold.place' | 'retention.extend' };

export type EarlierActs = {
  /** By the same person in the same words about the same, in force: the first one first. */
  readonly acts: readonly RecordedAct[];
  /** They name all that is asked for now: nothing new has to be written. */
  readonly isCovered: boolean;
};

/** `isSame`: the case of the hold, or the date of the lock. */
export function earlierActs(
  history: ActHistory,
  by: string,
  { reason, reference }: Asked,
  isSame: (act: Segments) => boolean,
  ranges: readonly SegmentRange[],
): EarlierActs {
  const held = new Set(holdsInForce(history).flatMap((hold) => hold.acts));
  const acts = history.acts.filter(({ act, inForce }) => {
    if (act.kind !== 'hold.place' && act.kind !== 'retention.extend') return false;
    if (inForce === null || (act.kind === 'hold.place' && !held.has(act.id))) return false;
    return act.by.name === by && act.reason === reason && act.reference === reference && isSame(act);
  });
  const named = acts.flatMap(({ act }) => (act as Segments).detail.segments);
  return { acts, isCovered: acts.length > 0 && ranges.every((range) => isCovered(range, named)) };
}

/** All of the range is among these. */
export function isCovered(
  { chain, partition, from, to }: SegmentRange,
  by: readonly SegmentRange[],
): boolean {
  const of = by.filter(
    (one) => one.chain === chain && (one.partition === null || one.partition === partition),
  );
  return mergedRanges(of).some(
    (run) => run.from <= from && (run.to === null || (to !== null && run.to >= to)),
  );
}
