// How does output reach the person or the program that asked?
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable, printableJson, printableLines } from '../../base/printable.ts';
import { ConfigError } from '../../config/config-error.ts';

export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command may use of its process. Tests have their own. */
export type Io = {
  readonly stdin: Readable;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts when the command is to end. */
  readonly signal: AbortSignal;
  /** Calls each time that the configuration is to be read again. */
  readonly onReload?: (listener: () => void) => void;
};

export type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** What a write says after the reader has closed its end. */
const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** The colours of `styleText`, begun and ended. */
const OWN_COLOURS = new RegExp(`${String.fromCharCode(0x1b)}\\[(?:1|2|22|31|32|33|39)m`, 'g');

/**
 * Results go to standard output, everything else to standard error. A closed pipe does not end the command.
 *
 * The one way out: text from an archive, a service or an error may hold what commands a terminal, and is
 * written with escapes instead. Only `exact` writes what it gets.
 */
export class Output {
  readonly #io: Io;
  #closed = false;
  #failure: Error | null = null;

  constructor(io: Io) {
    this.#io = io;
    // `… | head` closes the pipe early. The verdict and the exit code stay what they are. A full disk is
    // another thing: somebody waits for what could not be written.
    io.stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      if (!READER_GONE.has(error.code ?? '')) this.#failure ??= error;
    });
    io.stderr.on('error', () => {});
  }

  /** Why standard output is not whole, though nobody closed it. Null: it is, once `flush` has resolved. */
  get failure(): LedgerstoneError | null {
    if (this.#failure === null) return null;
    const { message } = this.#failure;
    return new LedgerstoneError('output', `the output could not be written whole: ${message}`, {
      remedy: 'Do not use what was written of it. Free space, or name another file, and run it again.',
      cause: this.#failure,
    });
  }

  /** True if nothing reaches standard output any more. Then a long output may stop. */
  get closed(): boolean {
    return this.#closed || this.#io.stdout.destroyed;
  }

  /**
   * Bytes that a reader may compare or check: lines as archived, proofs, checkpoints. They are escaped only
   * at a terminal, where nobody compares them.
   */
  exact(bytes: Uint8Array): Promise<void> {
    return this.#write(
      this.#io.stdout.isTTY === true ? printableLines(Buffer.from(bytes).toString()) : bytes,
    );
  }

  /** Text of several lines. What of it comes from outside went through `printable`, or could add lines. */
  write(text: string): Promise<void> {
    return this.#write(this.#safe(text, this.#io.stdout));
  }

  /** Resolves when the stream takes more, so that a slow reader bounds our memory. */
  async #write(data: string | Uint8Array): Promise<void> {
    if (this.closed || this.#io.stdout.write(data)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const name of ['drain', 'error', 'close']) this.#io.stdout.off(name, done);
        resolve();
      };
      for (const name of ['drain', 'error', 'close']) this.#io.stdout.on(name, done);
    });
  }

  /** Exactly one line, whatever the text holds. */
  line(text = ''): Promise<void> {
    return this.#write(`${this.#safe(text, this.#io.stdout, printable)}\n`);
  }

  json(value: unknown, indent = 2): Promise<void> {
    return this.#write(`${printableJson(JSON.stringify(value, null, indent))}\n`);
  }

  /** For the person at the terminal. It is never part of the result. */
  note(text: string): void {
    if (!this.#io.stderr.destroyed) this.#io.stderr.write(`${this.#safe(text, this.#io.stderr)}\n`);
  }

  /** Prints message and remedy, and the stack if LEDGERSTONE_DEBUG is set. */
  error(error: unknown): void {
    const message = indented(messageOf(error));
    this.note(`${this.colour('red', 'error', this.#io.stderr)}: ${message}`);
    if (error instanceof LedgerstoneError && error.remedy !== undefined)
      this.note(`  ${indented(error.remedy)}`);
    if (debugging(this.#io.env) && error instanceof Error) this.note(indented(withCauses(error)));
  }

  #safe(text: string, stream: Stream, escapedText = printableLines): string {
    if (!this.#isColoured(stream)) return escapedText(text);
    const colours = text.match(OWN_COLOURS) ?? [];
    const between = text.split(OWN_COLOURS).map((part) => escapedText(part));
    return between.map((part, index) => `${part}${colours[index] ?? ''}`).join('');
  }

  /** https://no-color.org: any value but the empty one. */
  colour(colour: Colour, text: string, stream: Stream = this.#io.stdout): string {
    const shown = printable(text);
    // Whether to colour is decided here: the stream is the caller's, not the process's.
    return this.#isColoured(stream) ? styleText(colour, shown, { validateStream: false }) : shown;
  }

  #isColoured(stream: Stream): boolean {
    return (
      stream.isTTY === true && (this.#io.env['NO_COLOR'] ?? '') === '' && this.#io.env['TERM'] !== 'dumb'
    );
  }

  /** Resolves when everything written has left the process. */
  async flush(): Promise<void> {
    // A stream tells of a write that failed in a later turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
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

/** Further lines of a message never look like the beginning of another one, such as a verdict. */
export const indented = (text: string): string => text.replace(/\n(?! )/g, '\n  ');

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
