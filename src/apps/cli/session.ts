// What does one run of a command hold?
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import type { Io, Output } from './output.ts';

export type Session = {
  readonly io: Io;
  readonly output: Output;
  /** Set by the command that ran. */
  exitCode: number;
  /** True once the command was found to want JSON: errors are then JSON too. */
  json: boolean;
  /** `verify` and `check` have a verdict to give even when they fail. */
  verdictOnError: boolean;
};

/** One command: adds itself to the program. Heavy imports wait inside the action, so that `--help` is quick. */
export type AddCommand = (program: Command, session: Session) => void;

/** Wraps the work of a command: its number is the exit code. */
export const acting =
  <Arguments extends unknown[]>(
    session: Session,
    work: (...args: Arguments) => Promise<number> | Promise<void>,
  ): ((...args: Arguments) => Promise<void>) =>
  async (...args) => {
    const options: unknown = args.find((arg) => typeof arg === 'object' && arg !== null && 'json' in arg);
    session.json = (options as { json?: boolean } | undefined)?.json === true;
    session.exitCode = (await work(...args)) ?? EXIT.ok;
  };
