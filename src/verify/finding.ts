// What can be wrong with an archive, and what does each finding mean for the verdict? (FORMAT.md:
// verification)
import { LedgerstoneError } from '../base/error.ts';

/**
 * `broken`: the archive is not what was signed, or not kept as promised. `unverifiable`: neither could be
 * shown. `attempt`: somebody tried to change it in vain. It is an alarm, and the verdict stands. `notice`,
 * `info`: for information.
 */
export type Severity = 'broken' | 'unverifiable' | 'attempt' | 'notice' | 'info';

/** The closed table of codes. Every implementation gives the same verdict for the same findings. */
export const SEVERITY = {
  'bad-signature': 'broken',
  'root-mismatch': 'broken',
  'previous-mismatch': 'broken',
  'sequence-gap': 'broken',
  fork: 'broken',
  rollback: 'broken',
  truncation: 'broken',
  'offset-gap': 'broken',
  'count-mismatch': 'broken',
  'entry-root-mismatch': 'broken',
  'data-missing': 'broken',
  'data-altered': 'broken',
  'block-mismatch': 'broken',
  'trailing-bytes': 'broken',
  malformed: 'broken',
  'clock-backwards': 'broken',
  'lock-missing': 'broken',
  'mode-not-compliance': 'broken',
  'retention-short': 'broken',
  'unknown-key': 'unverifiable',
  unreadable: 'unverifiable',
  'clock-ahead': 'unverifiable',
  'locks-not-permitted': 'unverifiable',
  'no-trusted-key': 'unverifiable',
  'newer-format': 'unverifiable',
  'expired-unread': 'unverifiable',
  'source-overlap': 'unverifiable',
  'delete-marker': 'attempt',
  'extra-version': 'attempt',
  'foreign-object': 'attempt',
  'access-attempt': 'attempt',
  'configuration-drift': 'attempt',
  'retention-long': 'attempt',
  'index-mismatch': 'attempt',
  'act-refused': 'attempt',
  'hold-without-act': 'attempt',
  'policy-without-act': 'attempt',
  'key-retired': 'attempt',
  'unreferenced-object': 'notice',
  'stale-chain': 'notice',
  'legal-hold-missing': 'notice',
  'act-open': 'notice',
  'records-lost': 'notice',
  'chain-continued': 'notice',
  'data-returned': 'notice',
  expired: 'info',
  'locks-not-applicable': 'info',
} as const satisfies Readonly<Record<string, Severity>>;

export type FindingCode = keyof typeof SEVERITY;

export type Finding = {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Object key without the archive's own prefix. Null if the finding is about no one object. */
  readonly key: string | null;
  readonly versionId: string | null;
  /** Of the segment that it is about. */
  readonly sequence: number | null;
  /** For people, and what was compared where a comparison failed. */
  readonly expected: string | null;
  readonly found: string | null;
};

/** A finding with the severity of the table. Members that are not given are null. */
export const findingOf = (
  code: FindingCode,
  about: Partial<Omit<Finding, 'code' | 'severity'>> = {},
): Finding => {
  const { key = null, versionId = null, sequence = null, expected = null, found = null } = about;
  return { code, severity: SEVERITY[code], key, versionId, sequence, expected, found };
};

export type Verdict = 'verified' | 'broken' | 'unverifiable';

/** Broken beats unverifiable beats verified. Attempts, notices and infos leave the verdict as it is. */
export function verdictOf(findings: readonly Pick<Finding, 'severity'>[]): Verdict {
  let verdict: Verdict = 'verified';
  for (const { severity } of findings) {
    if (severity === 'broken') return 'broken';
    if (severity === 'unverifiable') verdict = 'unverifiable';
  }
  return verdict;
}

export const worstVerdict = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes('broken') ? 'broken' : verdicts.includes('unverifiable') ? 'unverifiable' : 'verified';

/** True for the codes of the table. Bytes from outside may put any string into an error's `code`. */
export const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(SEVERITY, code);

/** A fault that one check found, before its object is known. */
export type Problem = {
  readonly code: FindingCode;
  readonly expected: string | null;
  readonly found: string | null;
};

/** A problem as an error, for callers that stop at the first. Its `code` is the finding's. */
export class VerifyError extends LedgerstoneError {
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    const { code, expected, found } = problem;
    const detail = [found, expected === null ? null : `expected ${expected}`].filter((part) => part !== null);
    super(code, detail.length === 0 ? code : `${code}: ${detail.join('; ')}`, {
      disposition: 'input',
      cause,
    });
    this.name = 'VerifyError';
    this.problem = problem;
  }
}
