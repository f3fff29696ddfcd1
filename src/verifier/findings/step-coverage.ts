// Which open findings of a chain would a step have seen again, so that they are gone when it did not?

import type { StepResult } from '../verifier.ts';
import { isMore } from './bounds.ts';
import type { Covers } from './ledger.ts';
import { sequenceOf } from './record.ts';

/** What an event may have shown of segments that no step walks over again. */
const SHOWN_BY_EVENTS: ReadonlySet<string> = new Set(['sequence-gap', 'data-missing']);

/** A step sees the chain's end, and the segments that it has walked; of older ones it says nothing. */
export function stepCoverage({ findings, report, confirmed, isAtEnd, verdict }: StepResult): false | Covers {
  if (!isAtEnd || findings.some(({ code }) => code === 'unreadable')) return false;
  const size = report?.size ?? 0;
  const walkedFrom = size > 0 ? size - (report?.checked.seals ?? 0) : Math.max(0, (confirmed?.size ?? 0) - 1);
  return ({ check, finding }) => {
    if (check !== 'confirm' && check !== 'look') return false;
    // Faults that a step has met keep it from attesting, so the next one walks over all of them again.
    if (isMore(finding)) {
      const { severity, code } = finding;
      return verdict === 'verified' && severity !== 'attempt' && !SHOWN_BY_EVENTS.has(code);
    }
    const sequence = sequenceOf(finding);
    if (sequence === null) return finding.key === null;
    // A seal that is missing behind the end is known from an event alone: a step can't miss it.
    return sequence >= walkedFrom && (sequence < size || finding.code !== 'sequence-gap');
  };
}
