// Which losses did two people accept, by decisions that are in force? (FORMAT.md 13.6.8)
import { timeText } from '../../format/time.ts';
import type { ActsRead } from './held-to.ts';

/** Of one `gap.accept` in force. Both offsets are included. */
export type AcceptedGap = {
  readonly id: string;
  readonly chain: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly by: string;
  readonly approvedBy: string;
  readonly reason: string;
  /** From when on it is in force. RFC 3339, by the clock that sealed the approval. */
  readonly since: string;
};

/** Offsets without a record. Null: which ones can't be read any more. */
export type LostRange = {
  readonly chain: string;
  readonly partition: number;
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
};

/** In the order of the chain. None of a governance chain that is not verified. */
export const acceptedGaps = ({ history, isVerified }: ActsRead): AcceptedGap[] =>
  history.acts.flatMap(({ act, inForce, approvedBy }) =>
    isVerified && act.kind === 'gap.accept' && inForce !== null
      ? [
          {
            ...{ id: act.id, ...act.detail, by: act.by.name, approvedBy: approvedBy!.act.by.name },
            ...{ reason: act.reason, since: timeText(inForce.sealedMs) },
          },
        ]
      : [],
  );

/** How many of these offsets are accepted, and by which decisions: the first that names each of them. */
export function acceptanceOf(
  accepted: readonly AcceptedGap[],
  { chain, partition, firstOffset, lastOffset }: LostRange,
): { readonly offsets: number; readonly by: readonly AcceptedGap[] } {
  if (firstOffset === null || lastOffset === null) return { offsets: 0, by: [] };
  let left: (readonly [from: number, to: number])[] = [[firstOffset, lastOffset]];
  const count = () => left.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const by: AcceptedGap[] = [];
  for (const one of accepted) {
    if (one.chain !== chain || one.partition !== partition) continue;
    const before = count();
    left = left.flatMap(([from, to]) => without(from, to, one));
    if (count() < before) by.push(one);
  }
  return { offsets: lastOffset - firstOffset + 1 - count(), by };
}

const without = (from: number, to: number, cut: Pick<AcceptedGap, 'from' | 'to'>): [number, number][] => {
  if (cut.to < from || cut.from > to) return [[from, to]];
  return [
    ...(cut.from > from ? [[from, cut.from - 1] as [number, number]] : []),
    ...(cut.to < to ? [[cut.to + 1, to] as [number, number]] : []),
  ];
};

/** `accepted by Ada Byron and Grace Hopper since 2026-11-30T10:00:00.000Z: retention was too short` */
export const acceptedText = ({ by, approvedBy, since, reason }: AcceptedGap): string =>
  `accepted by ${by} and ${approvedBy} since ${since}: ${reason}`;
