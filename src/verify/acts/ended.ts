// Is a decision that was in force over, and what ended it? (FORMAT.md 13.3.2, 13.5.4, 13.5.5)
import { WITH_EFFECT } from '../../format/act-detail.ts';
import { parseUntil } from '../../format/time.ts';
import { retirementOf } from './keys.ts';
import type { RecordedAct } from './recorded-act.ts';

/** `by`: the act that ended it. Null: its own date did. */
export type ActEnd = { readonly by: RecordedAct | null };

/** In force, and nobody said that what it demands of the store was done. It may be over. */
export const isUndone = ({ act, inForce, doneBy }: RecordedAct): boolean =>
  WITH_EFFECT.has(act.kind) && inForce !== null && doneBy === null;

/** `acts`: of the whole chain, in their order. Null: nothing has ended it, as far as they go. */
export function endOf(acts: readonly RecordedAct[], recorded: RecordedAct, nowMs: number): ActEnd | null {
  const { act, inForce } = recorded;
  if (inForce === null) return null;
  switch (act.kind) {
    case 'hold.place':
    case 'hold.reaffirm':
      return byAct(acts.find((other) => isReleaseOf(other, act.detail.case, recorded)));
    case 'policy':
    case 'charter':
      return byAct(nextInForce(acts, recorded));
    case 'retention.extend':
      return isPast(recorded, nowMs) ? { by: null } : null;
    case 'key.rotate':
      return byAct(retirementOf(acts, act.detail, inForce.offset) ?? nextInForce(acts, recorded));
    default:
      return null;
  }
}

/** Of a longer lock: its date has come. */
export const isPast = ({ act }: RecordedAct, nowMs: number): boolean =>
  act.kind === 'retention.extend' && nowMs >= parseUntil(act.detail.until);

const byAct = (act: RecordedAct | undefined): ActEnd | null => (act === undefined ? null : { by: act });

const isReleaseOf = ({ act, inForce, place }: RecordedAct, name: string, placed: RecordedAct): boolean =>
  act.kind === 'hold.release' &&
  act.detail.case === name &&
  inForce !== null &&
  place.offset > placed.place.offset;

/** The log's key and the governance chain's change each by themselves. */
const useOf = ({ act }: Pick<RecordedAct, 'act'>): string | null =>
  act.kind === 'key.rotate' ? act.detail.use : null;

/** Of the acts of its kind, the one that came into force next. */
function nextInForce(acts: readonly RecordedAct[], { act, inForce }: RecordedAct): RecordedAct | undefined {
  let next: RecordedAct | undefined;
  for (const other of acts) {
    if (other.act.kind !== act.kind || other.inForce === null || other.inForce.offset <= inForce!.offset)
      continue;
    if (useOf(other) !== useOf({ act })) continue;
    if (next === undefined || other.inForce.offset < next.inForce!.offset) next = other;
  }
  return next;
}
