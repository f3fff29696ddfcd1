// What do the decisions in force demand of a segment? (FORMAT.md 13.5.5, 13.6)
import type { SegmentRange } from '../../format/act-detail.ts';
import { parseUntil } from '../../format/time.ts';
import type { ActHistory } from './history.ts';
import { type ActOf, actsOf, type RecordedAct } from './recorded-act.ts';

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

/** The case that the act releases: all of its holds that were placed before end. Null: it releases none. */
const releasedCase = ({ act, inForce }: RecordedAct): string | null =>
  act.kind === 'hold.release' && inForce !== null ? act.detail.case : null;

/**
 * By case, in the order in which they were placed first. `isVerified` false: no release is believed
 * (FORMAT.md 13.6.6).
 */
export function holdsInForce(history: ActHistory, isWhole = true): Hold[] {
  const isVerified = isWhole && history.lost === null;
  const holds = new Map<string | null, Hold>();
  for (const recorded of history.acts) {
    const { act, place } = recorded;
    if (isVerified) holds.delete(releasedCase(recorded));
    if (act.kind !== 'hold.place' && act.kind !== 'hold.reaffirm') continue;
    const name = act.detail.case;
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

/** Of all acts in force, done or not. `isVerified` false: no release is believed (FORMAT.md 13.6.6). */
export const demandsOf = (history: ActHistory, isVerified = true): Demands =>
  demandsOfActs([
    ...(isVerified && history.lost === null ? holdsStanding(history) : actsOf(history.acts, 'hold.place')),
    ...extensions(history),
  ]);

/** Acts that placed holds which no release has ended. */
export function holdsStanding({ acts }: ActHistory): ActOf<'hold.place'>[] {
  const [released, standing] = [new Set<string | null>(), [] as ActOf<'hold.place'>[]];
  for (const recorded of acts.toReversed()) {
    released.add(releasedCase(recorded));
    standing.push(...actsOf([recorded], 'hold.place').filter(({ act }) => !released.has(act.detail.case)));
  }
  return standing.toReversed();
}

/** Longer locks in force. */
export const extensions = ({ acts }: ActHistory): ActOf<'retention.extend'>[] =>
  actsOf(acts, 'retention.extend').filter(({ inForce }) => inForce !== null);

/** What these acts demand, and no others. */
export function demandsOfActs(acts: readonly RecordedAct[]): Demands {
  const [holds, extended] = [actsOf(acts, 'hold.place'), actsOf(acts, 'retention.extend')];
  const untilMs = new Map(extended.map((one) => [one, parseUntil(one.act.detail.until)]));
  const naming = <One extends (typeof holds)[number] | (typeof extended)[number]>(
    of: readonly One[],
    segment: SegmentName,
  ) => of.filter(({ act }) => act.detail.segments.some((range) => isInRange(range, segment)));
  return {
    casesOf: (segment) => [...new Set(naming(holds, segment).map(({ act }) => act.detail.case))],
    lockedUntilMs: (segment) => Math.max(0, ...naming(extended, segment).map((one) => untilMs.get(one)!)),
  };
}
