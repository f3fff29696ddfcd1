// Which findings of one code mean different things, and in what words?
import type { FindingCode } from '../../verify/finding.ts';
import { isOfLeastLock } from '../../verify/locks.ts';
import { CODE_WORDS, type CodeWords } from './codes.ts';
import type { StatedFinding } from './read-report.ts';

/**
 * `least-lock`: a seal promises less than was asked for. `follows`: from `data-altered` of the same object,
 * so that it says nothing of its own.
 */
export type ExplainedAs = 'own' | 'least-lock' | 'follows';

/** What is read from other bytes than the signed ones differs too. */
const OF_ALTERED: ReadonlySet<string> = new Set<FindingCode>([
  ...(['entry-root-mismatch', 'count-mismatch', 'block-mismatch', 'offset-gap'] as const),
]);

/** `others`: all findings of its chain. */
export function kindOf(finding: StatedFinding, others: readonly StatedFinding[]): ExplainedAs {
  if (isOfLeastLock(finding)) return 'least-lock';
  const { code, key, versionId } = finding;
  const isOfSame = (one: StatedFinding) =>
    one.code === 'data-altered' && one.key === key && one.versionId === versionId;
  return key !== null && OF_ALTERED.has(code) && others.some(isOfSame) ? 'follows' : 'own';
}

const LEAST_LOCK: CodeWords = {
  seen: 'Seals promise a shorter lock than the check was told to ask for (--least-lock).',
  causes: [
    'The archive was set up with a shorter retention than you expect.',
    'A longer period was given to the check than was ever agreed for these events.',
  ],
  next: [
    'Compare the period that you asked for with the policy of the archive (`ledgerstone report retention`).',
    'If the longer period is right: change the policy, and extend the locks. A lock can always be made longer.',
  ],
};

export function explainingWords(code: FindingCode, kind: ExplainedAs): CodeWords {
  if (kind === 'least-lock') return LEAST_LOCK;
  if (kind === 'own') return CODE_WORDS[code];
  const { seen } = CODE_WORDS[code];
  const why = 'It follows from data-altered: other bytes than the signed ones were read here.';
  return { seen: `${seen} ${why}`, causes: [], next: [] };
}
