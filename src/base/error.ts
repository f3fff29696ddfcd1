// What went wrong, and what may the caller do about it?

/**
 * What the caller may do:
 * `fatal`: stop, a person has to act; `retriable`: the same call may succeed later, and *may already have
 * happened*; `input`: bytes or words from outside are not what they must be.
 */
export type Disposition = 'fatal' | 'retriable' | 'input';

export type LedgerstoneErrorOptions = {
  readonly disposition?: Disposition;
  /** One sentence that tells the reader what to do. Shown after the message. */
  readonly remedy?: string;
  readonly cause?: unknown;
};

/**
 * Root of every error that the project throws on purpose. `code` is stable, kebab-case and meant for
 * programs.
 */
export class LedgerstoneError extends Error {
  readonly code: string;
  readonly disposition: Disposition;
  readonly remedy: string | undefined;

  constructor(code: string, message: string, options: LedgerstoneErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LedgerstoneError';
    this.code = code;
    this.disposition = options.disposition ?? 'fatal';
    this.remedy = options.remedy;
  }
}

/**
 * Bytes from outside that break the format. `code` is the finding code of FORMAT.md (`malformed` unless
 * stated).
 */
export class FormatError extends LedgerstoneError {
  constructor(message: string, code = 'malformed', cause?: unknown) {
    super(code, message, { disposition: 'input', cause });
    this.name = 'FormatError';
  }
}

/** True for an error that a repeat of the same call may cure. Unknown errors are fatal. */
export const isRetriable = (error: unknown): boolean =>
  error instanceof LedgerstoneError && error.disposition === 'retriable';

/** Remedy of what may pass by itself. It may be the last word of a process, which repeats nothing. */
export const WAIT = 'Wait: what still runs repeats the call, and what has ended can be started again.';

/** SDKs add lines that speak to their programmers. */
export const firstLineOf = (error: unknown): string => messageOf(error).split('\n', 1)[0] ?? '';

/** What a foreign error may say at most: a server's answer may be of any length. */
const FOREIGN_MAX = 1_000;

/** The message of anything that was thrown, never throwing itself. Of a foreign error its beginning. */
export function messageOf(error: unknown): string {
  if (error instanceof LedgerstoneError) return error.message;
  return shortened(error instanceof Error ? error.message : String(error));
}

/** Text of another program, cut where it is too long for a message. */
export const shortened = (text: string): string =>
  text.length <= FOREIGN_MAX ? text : `${text.slice(0, FOREIGN_MAX)}… (${text.length} characters)`;
