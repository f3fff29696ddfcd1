// Of which objects is a legal hold asked for, and what is it to be? (FORMAT.md 13.6.2, 13.6.3)
import { parseKey } from '../../format/paths.ts';
import type { HeldTo } from '../../verify/acts/held-to.ts';
import type { SegmentName } from '../../verify/acts/in-force.ts';

/** A sweep looks at so many parts of what nobody wants held, one after the other. */
const SHARES = 24;

export type HoldWanted = {
  readonly segment: SegmentName;
  /** Cases that demand it. */
  readonly cases: readonly string[];
  readonly mayBeHeld: boolean;
};

/**
 * One call for each object that must be held, each time. Of the others, that none of them is held, one part
 * of 24 in each sweep: after 24 sweeps each was asked. `heldTo` null: no decision was looked at.
 */
export class HoldQuestions {
  readonly #heldTo: HeldTo | null;
  readonly #round: number;

  /** `round`: one more with each sweep. */
  constructor(heldTo: HeldTo | null, round: number) {
    this.#heldTo = heldTo;
    this.#round = round;
  }

  /** Null: nothing is asked. */
  wantedOf(key: string, storedMs: number): HoldWanted | null {
    const segment = segmentOf(key);
    if (this.#heldTo === null || segment === null) return null;
    const cases = this.#heldTo.casesOf(segment, storedMs);
    const mayBeHeld = this.#heldTo.mayBeHeld(segment);
    if (cases.length === 0 && (mayBeHeld || !this.#isInShare(segment))) return null;
    return { segment, cases, mayBeHeld };
  }

  /** Whether this sweep would have seen again that a key is held without a decision. */
  wouldSee(key: string): boolean {
    const segment = segmentOf(key);
    if (this.#heldTo === null || segment === null) return false;
    return this.#heldTo.mayBeHeld(segment) || this.#isInShare(segment);
  }

  /** False: nobody looked, so what is missing is not known. */
  get isKnown(): boolean {
    return this.#heldTo !== null;
  }

  lockedUntilMs(key: string): number {
    const segment = segmentOf(key);
    return segment === null ? 0 : (this.#heldTo?.lockedUntilMs(segment) ?? 0);
  }

  #isInShare({ sequence, partition }: SegmentName): boolean {
    return (sequence + partition) % SHARES === this.#round % SHARES;
  }
}

function segmentOf(key: string): SegmentName | null {
  const parsed = parseKey(key);
  return parsed !== null && 'sequence' in parsed ? parsed : null;
}
