// Is a decision that was in force over, and by which other one? (FORMAT.md 13.5.5, 13.3.2)
import type { ActHistory, RecordedAct } from './history.ts';

/** Null: nothing ended it, as far as the chain goes. */
export function endedBy(history: ActHistory, recorded: RecordedAct): RecordedAct | null {
  const { act, inForce } = recorded;
  if (inForce === null) return null;
  switch (act.kind) {
    case 'hold.place':
    case 'hold.reaffirm':
      return history.acts.find((other) => isReleaseOf(other, act.detail.case, recorded)) ?? null;
    case 'policy':
    case 'charter':
      return nextInForce(history, recorded);
    default:
      return null;
  }
}

const isReleaseOf = ({ act, inForce, place }: RecordedAct, name: string, placed: RecordedAct): boolean =>
  act.kind === 'hold.release' &&
  act.detail.case === name &&
  inForce !== null &&
  place.offset > placed.place.offset;

/** Of the acts of its kind, the one that came into force next. */
function nextInForce(history: ActHistory, { act, inForce }: RecordedAct): RecordedAct | null {
  let next: RecordedAct | null = null;
  for (const other of history.acts) {
    if (other.act.kind !== act.kind || other.inForce === null || other.inForce.offset <= inForce!.offset)
      continue;
    if (next === null || other.inForce.offset < next.inForce!.offset) next = other;
  }
  return next;
}
