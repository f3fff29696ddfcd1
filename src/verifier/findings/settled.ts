// Which findings about a person's decision were dealt with, so that they are no news any more?
import { type AcceptedGap, acceptanceOf, type LostRange } from '../../verify/acts/accepted-gaps.ts';
import type { Finding } from '../../verify/finding.ts';
import { isDecision } from '../decisions.ts';
import { isMore } from './bounds.ts';
import type { PersonAnswer } from './people.ts';

export type Settled = {
  /** `accepted`: by two people, in the governance chain. `resolved`: by one, beside the finding or there. */
  readonly how: 'accepted' | 'resolved';
  readonly by: readonly string[];
  readonly atMs: number;
  readonly text: string;
};

/** Offsets that a segment states as lost. */
export type LostInSegment = LostRange & { readonly offsets: number };

/**
 * Null: it is not dealt with, or is a finding of another kind. One that stands for several is settled by
 * nobody: there may be more of them by now. `lost` null: it is not known which offsets it is about.
 */
export function settledBy(
  finding: Pick<Finding, 'code' | 'key' | 'sequence'>,
  answers: readonly PersonAnswer[],
  accepted: readonly AcceptedGap[],
  lost: readonly LostInSegment[] | null,
): Settled | null {
  if (!isDecision(finding) || isMore(finding) || finding.sequence === null) return null;
  const acts = finding.code === 'records-lost' && lost !== null ? acceptedAll(accepted, lost) : [];
  if (acts.length > 0)
    return {
      how: 'accepted',
      by: [...new Set(acts.flatMap(({ by, approvedBy }) => [by, approvedBy]))],
      atMs: Math.max(...acts.map(({ since }) => Date.parse(since))),
      text: [...new Set(acts.map(({ reason }) => reason))].join('; '),
    };
  const answer = answers.find(({ kind }) => kind === 'resolve');
  return answer === undefined
    ? null
    : { how: 'resolved', by: [answer.by], atMs: answer.atMs, text: answer.text };
}

/** Empty unless each lost offset is among those of a decision. */
function acceptedAll(accepted: readonly AcceptedGap[], lost: readonly LostInSegment[]): AcceptedGap[] {
  const found = lost.map((range) => ({ ...acceptanceOf(accepted, range), wanted: range.offsets }));
  const isAll = found.length > 0 && found.every(({ offsets, wanted }) => offsets === wanted);
  return isAll ? [...new Set(found.flatMap(({ by }) => by))] : [];
}
