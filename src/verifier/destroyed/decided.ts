// Had people decided that data is kept, when it was seen gone? (FORMAT.md 9.12.3)
import type { ActsLook } from '../../read/acts.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { demandsOfActs, extensions, isInRange, type SegmentName } from '../../verify/acts/in-force.ts';
import { actsOf } from '../../verify/acts/recorded-act.ts';
import { CLOCKS_MS } from './certificate.ts';

export type Decided = {
  /** Null: the archive has no governance chain. */
  readonly history: ActHistory | null;
  readonly decisions: { readonly size: number; readonly acts: number } | null;
};

/** In words, why nothing can be said: where not all that was decided is known. */
export function decidedOf(look: ActsLook): Decided | string {
  switch (look.kind) {
    case 'no-chain':
      return { history: null, decisions: null };
    case 'no-key':
      return 'no key is trusted that covers the decisions about the archive';
    case 'unread':
      return `the decisions about the archive could not be read: ${look.problem}`;
    case 'read': {
      const { history, head, isVerified, problem } = look;
      if (!isVerified)
        return `the chain of decisions is not verified: ${problem ?? 'not all of it was read'}`;
      if (history.later.length > 0) return 'a decision is of a kind that this version does not know';
      return { history, decisions: { size: head + 1, acts: history.acts.length } };
    }
  }
}

type Times = { readonly thereMs: number | null; readonly goneMs: number };

/** `decidedUntilMs`: 0 if nobody lengthened its lock. `why`: null if nothing is known that kept it. */
export function keptBy(
  { history }: Decided,
  segment: SegmentName,
  { untilMs }: { readonly untilMs: number },
  { thereMs, goneMs }: Times,
): { readonly decidedUntilMs: number; readonly why: string | null } {
  const decidedUntilMs = history === null ? 0 : demandsOfActs(extensions(history)).lockedUntilMs(segment);
  const isOver = goneMs >= Math.max(untilMs, decidedUntilMs) + CLOCKS_MS;
  if (!isOver) return { decidedUntilMs, why: 'their retention was over only just, or is not by a decision' };
  if (history !== null && wasHeldSince(history, segment, thereMs ?? 0))
    return { decidedUntilMs, why: 'a legal hold named them, now or since they were last seen there' };
  return { decidedUntilMs, why: null };
}

/** Whether a hold named it that was in force at that time or later. */
function wasHeldSince({ acts }: ActHistory, segment: SegmentName, ms: number): boolean {
  const releases = actsOf(acts, 'hold.release').filter(({ inForce }) => inForce !== null);
  return actsOf(acts, 'hold.place').some((hold) => {
    if (!hold.act.detail.segments.some((range) => isInRange(range, segment))) return false;
    const ends = releases.filter(
      (release) =>
        release.act.detail.case === hold.act.detail.case && release.place.offset > hold.place.offset,
    );
    // The first that came into force. Its proposal stands behind the hold (FORMAT.md 13.5.5).
    const endMs = Math.min(...ends.map(({ inForce }) => inForce!.sealedMs));
    return ends.length === 0 || endMs >= ms;
  });
}
