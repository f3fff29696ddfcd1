// From which segment on are the decisions about an archive not what was signed, and what stands before it?
import { LedgerstoneError } from '../base/error.ts';
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { VerifyError } from '../verify/finding.ts';
import type { LocatedSeal } from './chain-reader.ts';
import { UntrustedSealError } from './errors.ts';

export type ActReading = {
  readonly history: ActHistory;
  /** The newest seal. */
  readonly head: LocatedSeal;
  /** False: no key was given that covers the chain, so each word of it may be anybody's. */
  readonly isVerified: boolean;
};

/** Its code is that of what ended the reading. */
export class BrokenActsError extends LedgerstoneError {
  /** What was read before the break. Null: not even the first segment. */
  readonly before: ActReading | null;
  readonly problem: LedgerstoneError;

  constructor(problem: LedgerstoneError, before: ActReading | null, after = '') {
    const partition = before?.head.manifest.source.partition ?? 0;
    const at = before === null ? 0 : before.head.sequence + 1;
    super(
      problem.code,
      `the chain of decisions ${GOVERNANCE_CHAIN}/${partition} is broken at segment ${at}: ${problem.message}${after}`,
      {
        disposition: 'input',
        remedy: BROKEN_ACTS_REMEDY,
        cause: problem,
      },
    );
    this.name = 'BrokenActsError';
    this.before = before;
    this.problem = problem;
  }
}

export const BROKEN_ACTS_REMEDY = [
  'Look at it with `ledgerstone verify`. What still stands, and how to go on:',
  '"A broken chain of decisions" in the verifier’s runbook (ledgerstone governance continue).',
].join(' ');

/** What stores say of an object that can't be read as a seal, however often it is asked for. */
const NO_SEAL: ReadonlySet<string> = new Set(['too-large', 'out-of-range', 'not-a-file']);

/**
 * Whether that is the chain's own fault: not a store that does not answer, and no key that was not given.
 * `before`: some of it was verified.
 */
export const isBreak = (error: unknown, before: boolean): error is LedgerstoneError =>
  error instanceof VerifyError ||
  (error instanceof LedgerstoneError && NO_SEAL.has(error.code)) ||
  (before && error instanceof UntrustedSealError && error.code === 'unknown-key');
