// What does one run of a command hold?
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import type { Io, Output } from './output.ts';
import { forCommandLine } from './reading-errors.ts';

export type Session = {
  readonly io: Io;
  readonly output: Output;
  /** Set by the command that ran. */
  exitCode: number;
  /** True if the command was given --json: then errors are JSON too. */
  json: boolean;
  /** `verify` and `check` give a verdict even when they fail. */
  verdictOnError: boolean;
  /** `init` and the services judge no archive: what ends them never says that one is broken. */
  judges: boolean;
};

/** Adds one command to the program. Its action does the heavy imports, so that `--help` is quick. */
export type AddCommand = (program: Command, session: Session) => void;

/** Wraps the work of a command, whose result is the exit code. */
export const acting =
  <Arguments extends unknown[]>(
    session: Session,
    work: (...args: Arguments) => Promise<number> | Promise<void>,
  ): ((...args: Arguments) => Promise<void>) =>
  async (...args) => {
    const options: unknown = args.find((arg) => typeof arg === 'object' && arg !== null && 'json' in arg);
    session.json = (options as { json?: boolean } | undefined)?.json === true;
    try {
      session.exitCode = (await work(...args)) ?? EXIT.ok;
    } catch (error) {
      throw forCommandLine(error);
    }
  };
