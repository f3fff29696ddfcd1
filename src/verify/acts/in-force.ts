// What do the decisions in force demand of a segment? (FORMAT.md 13.5.5, 13.6)
import type { SegmentRange } from '../../format/act-detail.ts';
import { parseUntil } from '../../format/time.ts';
import type { ActHistory } from './history.ts';

export type SegmentName = { readonly chain: string; readonly partition: number; readonly sequence: number };

/** A case that holds segments. */
export type Hold = {
  readonly case: string;
  readonly segments: readonly SegmentRange[];
  /** Ids of the acts that placed it, the first one first. */
  readonly acts: readonly string[];
  readonly placedMs: number;
  /** When it was last said to be still needed, or placed. */
  readonly affirmedMs: number;
};

export const isInRange = ({ chain, partition, from, to }: SegmentRange, segment: SegmentName): boolean =>
  chain === segment.chain &&
  (partition === null || partition === segment.partition) &&
  segment.sequence >= from &&
  (to === null || segment.sequence <= to);

/** By case: the offset of its last release in force. What was placed before it has ended. */
export function releasedAt(history: ActHistory): Map<string, number> {
  const released = new Map<string, number>();
  for (const { act, place, inForce } of history.acts)
    if (act.kind === 'hold.release' && inForce !== null)
      released.set(act.detail.case, Math.max(place.offset, released.get(act.detail.case) ?? -1));
  return released;
}

/** By case, in the order in which they were placed first. */
export function holdsInForce(history: ActHistory): Hold[] {
  const released = releasedAt(history);
  const holds = new Map<string, Hold>();
  for (const { act, place } of history.acts) {
    if (act.kind !== 'hold.place' && act.kind !== 'hold.reaffirm') continue;
    const name = act.detail.case;
    if (place.offset < (released.get(name) ?? -1)) continue;
    const before = holds.get(name);
    const affirmedMs = place.sealedMs;
    if (act.kind === 'hold.reaffirm') {
      if (before !== undefined) holds.set(name, { ...before, affirmedMs });
      continue;
    }
    holds.set(name, {
      case: name,
      segments: [...(before?.segments ?? []), ...act.detail.segments],
      acts: [...(before?.acts ?? []), act.id],
      placedMs: before?.placedMs ?? place.sealedMs,
      affirmedMs,
    });
  }
  return [...holds.values()];
}

/** What an archive's objects are held to beyond their own seals. */
export type Demands = {
  /** Cases that hold the segment. */
  casesOf(segment: SegmentName): readonly string[];
  /** Until when its seal and its data are locked, in milliseconds; 0: nothing beyond the seal's own word. */
  lockedUntilMs(segment: SegmentName): number;
};

export function demandsOf(history: ActHistory): Demands {
  const holds = holdsInForce(history);
  const extended = history.acts.flatMap(({ act, inForce }) =>
    act.kind === 'retention.extend' && inForce !== null
      ? act.detail.segments.map((range) => ({ range, untilMs: parseUntil(act.detail.until) }))
      : [],
  );
  return {
    casesOf: (segment) =>
      holds.flatMap((hold) => (hold.segments.some((range) => isInRange(range, segment)) ? [hold.case] : [])),
    lockedUntilMs: (segment) =>
      extended.reduce(
        (most, { range, untilMs }) => (isInRange(range, segment) ? Math.max(most, untilMs) : most),
        0,
      ),
  };
}
