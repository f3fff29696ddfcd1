// Which data objects are gone that might go, and which are there again, as one walk along a chain sees them?
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { OpenedSeal } from '../../verify/open-seal.ts';
import type { DataPresence } from '../../verify/presence.ts';
import { type Certificate, type SealedData, sealedDataOf } from './certificate.ts';
import { isWithin, type SegmentSpan, SpanBuilder } from './ranges.ts';

/** A data object that is gone and that no certificate names. */
export type GoneObject = SealedData & {
  /** Which of the data objects of the walk it is. */
  readonly turn: number;
  /** Its seal is good, in its place, and by a trusted key. */
  readonly isSound: boolean;
};

/** Of one walk. */
export type Gone = {
  readonly objects: readonly GoneObject[];
  /** All that are gone, certified or not. Null: too many ranges to be noted. */
  readonly spans: readonly SegmentSpan[] | null;
  /** Data that is there although a certificate names it. */
  readonly returned: readonly Finding[];
};

/** More are left to the next part, since they are held in memory. */
const OBJECTS_MAX = 20_000;
/** Ranges in the note of a part. */
export const GONE_SPANS_MAX = 200;
const RETURNED_MAX = 100;

export class PresenceTally implements DataPresence {
  readonly #certified: readonly SegmentSpan[];
  readonly #objects: GoneObject[] = [];
  readonly #spans = new SpanBuilder();
  readonly #returned: Finding[] = [];
  #turn = 0;

  constructor(certificates: readonly Pick<Certificate, 'segments'>[]) {
    this.#certified = certificates.flatMap(({ segments }) => segments);
  }

  get isFull(): boolean {
    return this.#objects.length >= OBJECTS_MAX;
  }

  saw(opened: OpenedSeal, state: 'there' | 'over' | 'missing' | 'not-known', isSound: boolean): void {
    const sealed = sealedDataOf(opened.manifest);
    if (sealed === null) return;
    const { key, sequence } = sealed;
    this.#turn++;
    // What could not be looked at is in no range of what was there, either.
    this.#spans.add(sequence, state !== 'there');
    const isCertified = isWithin(this.#certified, sequence);
    if (state === 'there' && isCertified && this.#returned.length < RETURNED_MAX)
      this.#returned.push(
        findingOf('data-returned', {
          ...{ key, sequence, found: 'a data object' },
          expected: 'none, since a certificate of this verifier says that it was destroyed',
        }),
      );
    if (state !== 'over' || isCertified) return;
    this.#objects.push({ ...sealed, turn: this.#turn, isSound });
  }

  get gone(): Gone {
    const { spans } = this.#spans;
    return {
      ...{ objects: this.#objects, returned: this.#returned },
      spans: spans.length > GONE_SPANS_MAX ? null : spans,
    };
  }
}
