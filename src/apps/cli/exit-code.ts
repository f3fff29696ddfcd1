// What does the exit code tell a script?
import { LedgerstoneError } from '../../base/error.ts';
import { isFindingCode, SEVERITY, type Verdict } from '../../verify/finding.ts';

export const EXIT = {
  /** Verified, or done. */
  ok: 0,
  /** The archive is not what was signed. */
  broken: 1,
  /** The words of the command or the configuration are wrong. */
  usage: 2,
  /** It could not be checked, or could not go on. */
  failed: 3,
} as const;

const OF_VERDICT: Readonly<Record<Verdict, number>> = {
  verified: EXIT.ok,
  broken: EXIT.broken,
  unverifiable: EXIT.failed,
};

export const exitCodeOfVerdict = (verdict: Verdict): number => OF_VERDICT[verdict];

/** The command was given words that it can't work with. */
export class UsageError extends LedgerstoneError {
  constructor(message: string, remedy?: string) {
    super('usage', message, { disposition: 'input', ...(remedy === undefined ? {} : { remedy }) });
    this.name = 'UsageError';
  }
}

/** Errors about what was asked for, whoever throws them. */
const USAGE_CODES: ReadonlySet<string> = new Set(['usage', 'config', 'no-archive', 'before-chain']);

/** Only a finding that breaks an archive is 1: whoever could not look has not found anything. */
export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof LedgerstoneError)) return EXIT.failed;
  if (USAGE_CODES.has(error.code)) return EXIT.usage;
  return isFindingCode(error.code) && SEVERITY[error.code] === 'broken' ? EXIT.broken : EXIT.failed;
}
