// Which open findings of a chain are gone because a step would have seen them again?
import { FormatError } from '../../base/error.ts';
import { type AttestationKey, attestationsRoot, parseAttestationKey } from '../../format/attestation.ts';
import type { AttestationReader } from '../attest/attestation-reader.ts';
import { isDecision } from '../decisions.ts';
import type { StepResult } from '../verifier.ts';
import { isMore } from './bounds.ts';
import type { Covers } from './closed-by.ts';
import { sequenceOf } from './record.ts';

/** Codes that an event may have shown for segments that no step walks over again. */
const SHOWN_BY_EVENTS: ReadonlySet<string> = new Set(['sequence-gap', 'data-missing']);

/**
 * An attestation is gone, or the chain is another one than was attested. A process that has never seen that
 * attestation has nothing to compare with.
 */
const ABOUT_ATTESTED: ReadonlySet<string> = new Set(['access-attempt', 'truncation', 'fork']);

/** A step sees the chain's end and the segments that it walked. It says nothing about older ones. */
export function stepCoverage(
  { place, findings, report, confirmed, isAtEnd, verdict }: StepResult,
  reader: Pick<AttestationReader, 'isGone' | 'of'>,
  signal?: AbortSignal,
): false | Covers {
  if (!isAtEnd || findings.some(({ code }) => code === 'unreadable')) return false;
  const size = report?.size ?? 0;
  const walkedFrom = size > 0 ? size - (report?.checked.seals ?? 0) : Math.max(0, (confirmed?.size ?? 0) - 1);
  return ({ check, finding }) => {
    if ((check !== 'confirm' && check !== 'look') || isDecision(finding)) return false;
    // A step with faults attests nothing, so the next one walks over the same segments again.
    if (isMore(finding)) {
      const { severity, code } = finding;
      return verdict === 'verified' && severity !== 'attempt' && !SHOWN_BY_EVENTS.has(code);
    }
    // A flood above the newest attestation: this step has looked there, and reached that attestation.
    if (finding.key?.startsWith(attestationsRoot) && finding.key.endsWith('/')) return true;
    // No later step looks below the newest attestation, so such an object is looked for by itself.
    const { code, key } = finding;
    const attestation = key === null ? null : parseAttestationKey(key);
    if (attestation !== null && ABOUT_ATTESTED.has(code)) return isThere(reader, attestation, signal);
    if (code === 'foreign-object' && attestation !== null) {
      return reader.isGone(place, finding, signal);
    }
    const sequence = sequenceOf(finding);
    if (sequence === null) return finding.key === null;
    // Only an event speaks of a seal behind the end. A gap there that a step has found, a step sees again.
    const isAnnounced = finding.code === 'sequence-gap' && sequence >= size && check === 'look';
    return sequence >= walkedFrom && !isAnnounced;
  };
}

/** The attestation lies there, perhaps again. */
function isThere(
  reader: Pick<AttestationReader, 'of'>,
  { size, ...place }: AttestationKey,
  signal?: AbortSignal,
): Promise<boolean> {
  return reader.of(place, size, signal).then(
    (attested) => attested !== null,
    (error: unknown) => {
      if (error instanceof FormatError) return false;
      throw error;
    },
  );
}
