// How does output reach the person or the program that asked?
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { ConfigError } from '../../config/check.ts';
import { printableLines } from './printable.ts';

export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command may use of its process. Tests have their own. */
export type Io = {
  readonly stdin: Readable;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts when the command is to end. */
  readonly signal: AbortSignal;
};

export type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/**
 * Results go to standard output, everything else to standard error. A closed pipe does not end the command.
 */
export class Output {
  readonly #io: Io;
  #closed = false;

  constructor(io: Io) {
    this.#io = io;
    // `… | head` closes the pipe early. The verdict and the exit code stay what they are.
    io.stdout.on('error', () => {
      this.#closed = true;
    });
    io.stderr.on('error', () => {});
  }

  /** True if nobody reads standard output any more. Then a long output may stop. */
  get closed(): boolean {
    return this.#closed || this.#io.stdout.destroyed;
  }

  /** Resolves when the stream takes more, so that a slow reader bounds our memory. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.closed || this.#io.stdout.write(data)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const name of ['drain', 'error', 'close']) this.#io.stdout.off(name, done);
        resolve();
      };
      for (const name of ['drain', 'error', 'close']) this.#io.stdout.on(name, done);
    });
  }

  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value, null, 2));
  }

  /** For the person at the terminal. It is never part of the result. */
  note(text: string): void {
    if (!this.#io.stderr.destroyed) this.#io.stderr.write(`${text}\n`);
  }

  /** Prints message and remedy, and the stack if LEDGERSTONE_DEBUG is set. */
  error(error: unknown): void {
    const message = printableLines(messageOf(error));
    this.note(`${this.colour('red', 'error', this.#io.stderr)}: ${message}`);
    if (error instanceof LedgerstoneError && error.remedy !== undefined) this.note(`  ${error.remedy}`);
    if (debugging(this.#io.env) && error instanceof Error) this.note(withCauses(error));
  }

  /** https://no-color.org: any value but the empty one. */
  colour(colour: Colour, text: string, stream: Stream = this.#io.stdout): string {
    const plain =
      stream.isTTY !== true || (this.#io.env['NO_COLOR'] ?? '') !== '' || this.#io.env['TERM'] === 'dumb';
    // Whether to colour is decided above: the stream is the caller's, not the process's.
    return plain ? text : styleText(colour, text, { validateStream: false });
  }

  /** Resolves when everything written has left the process. */
  async flush(): Promise<void> {
    for (const stream of [this.#io.stdout, this.#io.stderr]) {
      if (stream.destroyed || stream.writableLength === 0) continue;
      await new Promise<void>((resolve) => {
        stream.write('', () => resolve());
        stream.once('close', () => resolve());
        stream.once('error', () => resolve());
      });
    }
  }
}

const debugging = (env: NodeJS.ProcessEnv): boolean => (env['LEDGERSTONE_DEBUG'] ?? '') !== '';

function withCauses(error: Error): string {
  const lines = [error.stack ?? String(error)];
  for (let cause: unknown = error.cause; cause instanceof Error && lines.length < 8; cause = cause.cause) {
    lines.push(`caused by ${cause.stack ?? String(cause)}`);
  }
  return lines.join('\n');
}

/** What `--json` prints of an error. */
export const errorJson = (error: unknown) => ({
  code: error instanceof LedgerstoneError ? error.code : 'internal',
  message: messageOf(error),
  remedy: error instanceof LedgerstoneError ? (error.remedy ?? null) : null,
  ...(error instanceof ConfigError ? { problems: error.problems } : {}),
});
