// How do the legal holds in the store come to what the decisions in force demand?
import { LedgerstoneError } from '../base/error.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { demandsOf, holdsInForce, isInRange, type SegmentName } from '../verify/acts/in-force.ts';
import type { RecordedAct } from '../verify/acts/recorded-act.ts';
import { trustingDecided } from './decided-keys.ts';
import { type Effect, type EffectTools, noEffect, Steps } from './effect.ts';
import { goneJudge, noteGone } from './gone-data.ts';
import { documents, type StoredObject, segmentsIn } from './scope.ts';

/** A step of somebody else in between: so often what was taken off is looked at again. */
const ROUNDS_MAX = 20;

/** Segments of cases that were released: what may be taken off. */
function releasedSegments(history: ActHistory): SegmentRange[] {
  const held = new Set(holdsInForce(history).flatMap(({ acts }) => acts));
  return history.acts.flatMap(({ act }) =>
    act.kind === 'hold.place' && !held.has(act.id) ? act.detail.segments : [],
  );
}

/** What an act about holds is about. A release: of what its case held before. */
export function segmentsOfAct({ act, place }: RecordedAct, history: ActHistory): readonly SegmentRange[] {
  if (act.kind === 'hold.place') return act.detail.segments;
  if (act.kind !== 'hold.release') return [];
  return history.acts.flatMap((one) =>
    one.act.kind === 'hold.place' &&
    one.act.detail.case === act.detail.case &&
    one.place.offset < place.offset
      ? one.act.detail.segments
      : [],
  );
}

/** True: must be held. False: may not be, and a release says so. Null: no act speaks of it. */
type Wanted = (segment: SegmentName | null) => boolean | null;

function wantedBy(history: ActHistory, isWhole = true): Wanted {
  // An act that can't be read may hold what a release lets go.
  const isVerified = isWhole && history.lost === null;
  const demands = demandsOf(history, isVerified);
  const released = isVerified ? releasedSegments(history) : [];
  const anyHeld = holdsInForce(history, isVerified).length > 0;
  return (segment) => {
    // Keys and FORMAT belong to every segment.
    if (segment === null) return anyHeld ? true : released.length > 0 ? false : null;
    if (demands.casesOf(segment).length > 0) return true;
    return released.some((range) => isInRange(range, segment)) ? false : null;
  };
}

export type SettleTools = EffectTools & {
  /** Nothing is taken off: for who may not. Objects that need not be held are not asked. */
  readonly onlyOn?: boolean;
  /** False: the decisions could be read in part only, and no release is believed (FORMAT.md 13.6.6). */
  readonly isVerified?: boolean;
};

type Taken = { readonly object: StoredObject; readonly segment: SegmentName | null };

/**
 * Holds what must be held among these segments, the keys and FORMAT, and takes off what a release in force
 * covers and no case demands. Each hold is read, set if it must be, and read back. Somebody may place a hold
 * while another one is taken off here: what was taken off is compared with the acts as they stand
 * afterwards, again and again. Whatever breaks this off, the same call goes on. `reread`: the acts as they
 * stand then.
 */
export async function settleHolds(
  given: SettleTools,
  history: ActHistory,
  ranges: readonly SegmentRange[],
  reread: () => Promise<ActHistory>,
): Promise<Effect> {
  const tools = trustingDecided(given, history);
  const effect = noEffect();
  const steps = new Steps(tools, effect);
  const taken: Taken[] = [];
  const wanted = wantedBy(history, tools.isVerified);
  const set: Taken[] = [];
  const settle = async (object: StoredObject, segment: SegmentName | null) => {
    const isWanted = wanted(segment);
    if (tools.onlyOn === true && isWanted !== true) return;
    await steps.start(object, async () => {
      const change = await settleOne(tools, effect, object, isWanted);
      if (change !== null) (change === 'off' ? taken : set).push({ object, segment });
    });
  };
  const goneOf = goneJudge(history, tools.clock.now(), tools.isVerified);
  for await (const { segment, objects, problems, goneMs, doubt } of segmentsIn(tools, ranges)) {
    effect.failed.push(...problems);
    noteGone(goneOf({ segment, goneMs }), effect);
    if (doubt !== null) effect.doubts.push(doubt);
    for (const object of objects) await settle(object, segment);
  }
  for await (const object of documents(tools)) await settle(object, null);
  await steps.finish();
  await putBack(tools, effect, taken, history, reread);
  if (tools.onlyOn === true && set.length > 0)
    nameOvertaken(effect, set, wantedBy(await reread(), tools.isVerified));
  return effect;
}

/** A release came into force while these holds were put on, and whoever did that may take none off. */
function nameOvertaken(effect: Effect, set: readonly Taken[], wanted: Wanted): void {
  for (const { object, segment } of set) if (wanted(segment) !== true) effect.withoutAct.push(object.key);
}

/** What was changed. */
async function settleOne(
  { store, signal }: EffectTools,
  effect: Effect,
  { key, versionId }: StoredObject,
  wanted: boolean | null,
): Promise<'on' | 'off' | null> {
  const state = await store.hold(key, versionId, signal);
  if (state === 'not-applicable') {
    effect.isLockless = true;
    return null;
  }
  if (state === 'not-permitted')
    throw new LedgerstoneError(
      'holds-not-permitted',
      'its legal hold may not be read: allow s3:GetObjectLegalHold',
    );
  const isHeld = state === 'held';
  if (wanted === null) {
    if (isHeld) effect.withoutAct.push(key);
    return null;
  }
  if (isHeld !== wanted) {
    await store.setHold(key, versionId, wanted, signal);
    const now = await store.hold(key, versionId, signal);
    if ((now === 'held') !== wanted)
      throw new LedgerstoneError('hold-not-kept', `the store took the hold's change, and shows it as ${now}`);
    effect.changed++;
  }
  effect.objects++;
  if (wanted) effect.held++;
  if (isHeld === wanted) return null;
  return wanted ? 'on' : 'off';
}

/** Holds again what somebody's act, written meanwhile, demands. */
async function putBack(
  tools: EffectTools,
  effect: Effect,
  taken: readonly Taken[],
  history: ActHistory,
  reread: () => Promise<ActHistory>,
): Promise<void> {
  let seen = history.acts.length;
  for (let round = 0; taken.length > 0 && round < ROUNDS_MAX; round++) {
    const now = await reread();
    if (now.acts.length === seen) return;
    seen = now.acts.length;
    const wanted = wantedBy(now);
    const steps = new Steps(tools, effect);
    for (const { object, segment } of taken)
      if (wanted(segment) === true)
        await steps.start(object, async () => {
          await settleOne(tools, effect, object, true);
          // It is counted already.
          effect.objects--;
        });
    await steps.finish();
  }
}
