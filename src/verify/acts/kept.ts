// Until when was a data object kept without a break, by its seal and by decisions? (FORMAT.md 13.6.9)
import { parseUntil } from '../../format/time.ts';
import { isPast, isUndone } from './ended.ts';
import type { ActHistory } from './history.ts';
import { extensions, isInRange, type SegmentName } from './in-force.ts';
import { type ActOf, actsOf } from './recorded-act.ts';

/** What keeps segments for some time. */
export type KeepingAct = {
  readonly recorded: ActOf<'hold.place'> | ActOf<'retention.extend'>;
  readonly fromMs: number;
  /** Infinity: a hold that nothing has ended. */
  readonly untilMs: number;
};

export type KeptData = {
  /** In milliseconds. Infinity: under a hold that nothing has ended. */
  readonly untilMs: number;
  /** Those that keep it for good. */
  readonly cases: readonly string[];
  /** When somebody decided to keep it until now or longer, and it may have gone before. Null: nobody did. */
  readonly lateMs: number | null;
};

/** By its seal alone. */
export const keptBySeal = (untilMs: number): KeptData => ({ untilMs, cases: [], lateMs: null });

/**
 * Of all decisions, in the order in which they came into force. What was over before it was done demands
 * nothing (13.5.4). `isVerified` false: no release is believed (13.6.6).
 */
export function keepersOf(history: ActHistory, nowMs: number, isVerified: boolean): KeepingAct[] {
  const releases = isVerified
    ? actsOf(history.acts, 'hold.release').filter(({ inForce }) => inForce !== null)
    : [];
  const keepers: KeepingAct[] = [];
  for (const recorded of actsOf(history.acts, 'hold.place')) {
    const { act, place, inForce } = recorded;
    const ends = releases.filter(
      (release) => release.act.detail.case === act.detail.case && release.place.offset > place.offset,
    );
    if (inForce === null || (ends.length > 0 && isUndone(recorded))) continue;
    const untilMs = Math.min(...ends.map((release) => release.inForce!.sealedMs));
    keepers.push({ recorded, fromMs: inForce.sealedMs, untilMs });
  }
  for (const recorded of extensions(history)) {
    if (isUndone(recorded) && isPast(recorded, nowMs)) continue;
    const untilMs = parseUntil(recorded.act.detail.until);
    keepers.push({ recorded, fromMs: recorded.inForce!.sealedMs, untilMs });
  }
  return keepers.sort((a, b) => a.fromMs - b.fromMs);
}

/** `keepers`: as `keepersOf` orders them. `sealMs`: what its seal promises. */
export function keptUntil(
  keepers: readonly KeepingAct[],
  segment: SegmentName,
  sealMs: number,
  nowMs: number,
): KeptData {
  let untilMs = sealMs;
  const [cases, late] = [new Set<string>(), [] as KeepingAct[]];
  for (const keeper of keepers) {
    const { act } = keeper.recorded;
    if (!act.detail.segments.some((range) => isInRange(range, segment))) continue;
    if (keeper.fromMs > untilMs) {
      late.push(keeper);
      continue;
    }
    untilMs = Math.max(untilMs, keeper.untilMs);
    if (act.kind === 'hold.place' && keeper.untilMs === Number.POSITIVE_INFINITY) cases.add(act.detail.case);
  }
  const lateMs = late.find((keeper) => keeper.untilMs >= nowMs)?.fromMs ?? null;
  return { untilMs, cases: [...cases], lateMs };
}
