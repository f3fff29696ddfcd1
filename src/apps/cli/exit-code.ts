// What does each exit code mean?
import { LedgerstoneError } from '../../base/error.ts';
import { isFindingCode, SEVERITY, type Verdict } from '../../verify/finding.ts';

export const EXIT = {
  /** Verified, or done. */
  ok: 0,
  /** The archive is not what was signed. */
  broken: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** It could not be checked, or could not go on. */
  failed: 3,
  /** What was asked for is not there yet, and may come: ask again. */
  notYet: 4,
} as const;

const OF_VERDICT: Readonly<Record<Verdict, number>> = {
  verified: EXIT.ok,
  broken: EXIT.broken,
  unverifiable: EXIT.failed,
};

export const exitCodeOfVerdict = (verdict: Verdict): number => OF_VERDICT[verdict];

/** The command line is wrong. */
export class UsageError extends LedgerstoneError {
  constructor(message: string, remedy?: string) {
    super('usage', message, { disposition: 'input', ...(remedy === undefined ? {} : { remedy }) });
    this.name = 'UsageError';
  }
}

/** Nothing is wrong: it is not sealed, or not attested, until now. */
export class NotYetError extends LedgerstoneError {
  readonly #code: 'not-sealed-yet' | 'not-attested' | 'not-stamped';
  readonly #known: string;

  /** `known`: how far it is by now, a sentence. */
  constructor(
    code: 'not-sealed-yet' | 'not-attested' | 'not-stamped',
    message: string,
    known: string,
    advice = '--wait 2m waits for it.',
  ) {
    super(code, message, { disposition: 'retriable', remedy: `${known} ${advice}` });
    this.name = 'NotYetError';
    this.#code = code;
    this.#known = known;
  }

  /** The same once --wait is over. `waited`: how long that was. */
  afterWaiting(waited: string): NotYetError {
    const message = `${this.message}, after ${waited} of waiting`;
    return new NotYetError(this.#code, message, this.#known, 'Ask again later, or with a longer --wait.');
  }
}

/** Codes of errors about the command line or the configuration, from any room. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'usage',
  'config',
  'no-archive',
  'before-chain',
  'behind-chain',
  'act-refused',
  'signing-key-retired',
  'import-file',
  'import-chain',
  'import-unfinished',
  'imported-before',
  'adopt-source',
  'nothing-selected',
  'replay-no-topic',
  'replay-partitions',
  'replay-not-empty',
  'replay-position',
  'too-scattered',
]);

/** Exit code 1 is for findings that break an archive. If it could not be checked, the code is 3. */
export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof LedgerstoneError)) return EXIT.failed;
  if (error instanceof NotYetError) return EXIT.notYet;
  if (USAGE_CODES.has(error.code)) return EXIT.usage;
  return isFindingCode(error.code) && SEVERITY[error.code] === 'broken' ? EXIT.broken : EXIT.failed;
}
