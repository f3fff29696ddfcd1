// How are the locks of segments made longer, with those of what they are read with?
import { LedgerstoneError } from '../base/error.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import type { Lock } from '../store/store.ts';
import { type Effect, type EffectTools, noEffect, Steps } from './effect.ts';
import { type GoneJudge, noteGone } from './gone-data.ts';
import { documents, type StoredObject, segmentsIn } from './scope.ts';

/**
 * Each version of these segments, and the keys and FORMAT, is locked until then or longer, in the mode that
 * it has. `mode`: of one without any lock. Each lock is read, lengthened if it must be, and read back.
 * Nothing becomes shorter. Whatever breaks this off, the same call goes on. `withDocuments`: keys and FORMAT.
 * Data that might go and has gone is named.
 */
export async function extendLocks(
  tools: EffectTools & { readonly goneOf: GoneJudge },
  ranges: readonly SegmentRange[],
  { mode, untilMs }: Lock,
  withDocuments = true,
): Promise<Effect> {
  const effect = noEffect();
  const steps = new Steps(tools, effect);
  const extend = (object: StoredObject) =>
    steps.start(object, () => extendOne(tools, effect, object, { mode, untilMs }));
  for await (const { objects, problems, doubt, ...about } of segmentsIn(tools, ranges)) {
    effect.failed.push(...problems);
    noteGone(tools.goneOf(about), effect);
    if (doubt !== null) effect.doubts.push(doubt);
    for (const object of objects) await extend(object);
  }
  if (withDocuments) for await (const object of documents(tools)) await extend(object);
  await steps.finish();
  return effect;
}

async function extendOne(
  { store, signal }: EffectTools,
  effect: Effect,
  { key, versionId }: StoredObject,
  wanted: Lock,
): Promise<void> {
  const state = await store.lock(key, versionId, signal);
  if (state.kind === 'not-applicable') {
    effect.isLockless = true;
    return;
  }
  if (state.kind === 'not-permitted')
    throw new LedgerstoneError(
      'locks-not-permitted',
      'its lock may not be read: allow s3:GetObjectRetention',
    );
  if (state.kind === 'none' || state.lock.untilMs < wanted.untilMs) {
    const mode = state.kind === 'locked' ? state.lock.mode : wanted.mode;
    await store.extendLock(key, versionId, { ...wanted, mode }, signal);
    const now = await store.lock(key, versionId, signal);
    if (now.kind !== 'locked' || now.lock.untilMs < wanted.untilMs)
      throw new LedgerstoneError('lock-not-kept', 'the store took the longer lock, and does not show it');
    effect.changed++;
  }
  effect.objects++;
}
