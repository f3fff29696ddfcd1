// How is a log of lines read: a file, which can be read again, or a stream, which passes once?
import type { Readable } from 'node:stream';
import { LedgerstoneError } from '../base/error.ts';
import { MIB } from '../base/limits.ts';
import { LineIndex } from './line-index.ts';
import { type Cut, LineCutter } from './lines.ts';

/** `ended`: no line comes after these. */
export type Taken = Cut & { readonly ended: boolean };

export interface LineLog {
  /** False: a line that was taken can't be read again. */
  readonly rereads: boolean;
  /**
   * A cursor at `line`. Where the log passes once, it is always the same cursor, which moves on to `line`.
   */
  cursorAt(line: number): LineCursor;
  /** The line at `line`; leaves every cursor where it is. Throws `input-passed` where that is impossible. */
  readAt(line: number, signal?: AbortSignal): Promise<Taken>;
  /** How many lines there are; of a stream that goes on, more than there can be. */
  lines(): Promise<number>;
  /** Ends reads that are under way. */
  close(): Promise<void>;
}

export const inputPassed = (line: number): LedgerstoneError =>
  new LedgerstoneError(
    'input-passed',
    `line ${line} of the input has passed, and a pipe can't be read twice`,
    {
      remedy: 'Start again with the whole input: what is sealed already is skipped.',
    },
  );

/** Bytes of one read. */
const SLICE_BYTES = MIB;

/** Reads the next bytes; null at the end. */
type Read = () => Promise<Uint8Array | null>;

/** A place in the log that moves on as lines are taken. */
export class LineCursor {
  readonly #read: Read;
  readonly #cutter: LineCutter;
  #ahead: Taken | null = null;
  #ended = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(cutter: LineCutter, read: Read) {
    this.#cutter = cutter;
    this.#read = read;
  }

  /** Offset of the next line. At the end: how many lines there are. */
  get line(): number {
    return this.#ahead?.records[0]?.offset ?? this.#cutter.line;
  }

  /** Bytes of a line came, and not its LF. */
  get isInLine(): boolean {
    return this.#cutter.partBytes > 0;
  }

  /** How many lines there are; null while that isn't known. */
  get end(): number | null {
    return this.#ended ? this.#cutter.line : null;
  }

  /** At least one line or an undecodable one, unless the log ended. */
  take(max: number, signal?: AbortSignal): Promise<Taken> {
    return this.#alone(() => this.#next(max, signal));
  }

  /** The line at `line`, dropping those before it, without moving past it. Throws `input-passed`. */
  peek(line: number, signal?: AbortSignal): Promise<Taken> {
    return this.#alone(async () => {
      if (line < this.line) throw inputPassed(line);
      this.skipTo(line);
      const taken = await this.#next(1, signal);
      this.putBack(taken);
      return taken;
    });
  }

  /**
   * What the last `take` gave comes once more. (The end and an undecodable line come again by themselves.)
   */
  putBack(taken: Taken): void {
    this.#ahead = taken.records.length > 0 ? taken : null;
  }

  /** Lines below `line` don't come any more. */
  skipTo(line: number): void {
    this.#cutter.skipTo(line);
    if (this.#ahead === null) return;
    this.putBack({ ...this.#ahead, records: this.#ahead.records.filter(({ offset }) => offset >= line) });
  }

  async #next(max: number, signal?: AbortSignal): Promise<Taken> {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead !== null) return ahead;
    for (;;) {
      const cut = this.#cutter.take(max);
      const empty = cut.records.length === 0 && cut.undecodable === null;
      if (!empty || this.#ended) return { ...cut, ended: empty };
      signal?.throwIfAborted();
      const chunk = await this.#read();
      this.#ended = chunk === null;
      if (chunk === null) this.#cutter.end();
      else this.#cutter.feed(chunk);
    }
  }

  /** One reader at a time: a peek may be asked for while a take is under way. */
  #alone<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(step);
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}

/** What is done to a file here: a FileHandle does it. */
export type FileReads = {
  read(
    buffer: Buffer,
    start: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
};

export class FileLog implements LineLog {
  readonly rereads = true;
  readonly #handle: FileReads;
  readonly #lineBytesMax: number;
  readonly #needsLf: boolean;
  readonly #index = new LineIndex(SLICE_BYTES);
  #counted: { readonly size: number; readonly lines: number } | null = null;

  /** `needsLf`: a last line without LF is no line yet. */
  constructor(handle: FileReads, lineBytesMax: number, needsLf = false) {
    this.#handle = handle;
    this.#lineBytesMax = lineBytesMax;
    this.#needsLf = needsLf;
  }

  cursorAt(line: number): LineCursor {
    return this.#cursor(line, () => Buffer.allocUnsafeSlow(SLICE_BYTES));
  }

  readAt(line: number, signal?: AbortSignal): Promise<Taken> {
    return this.cursorAt(line).take(1, signal);
  }

  /** Exact, so it reads what it has not counted yet: once through the file, at the disk's speed. */
  async lines(): Promise<number> {
    const { size } = await this.#handle.stat();
    if (this.#counted?.size !== size) {
      this.#index.truncate(size);
      const slice = Buffer.allocUnsafeSlow(SLICE_BYTES);
      const cursor = this.#cursor(Number.POSITIVE_INFINITY, () => slice);
      await cursor.take(1);
      this.#counted = { size, lines: cursor.line + (cursor.isInLine ? 1 : 0) };
    }
    return this.#counted.lines;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #cursor(line: number, slice: () => Buffer): LineCursor {
    const start = this.#index.before(line);
    const cutter = new LineCutter(start.line, this.#lineBytesMax, this.#needsLf);
    cutter.skipTo(line);
    let position = start.position;
    return new LineCursor(cutter, async () => {
      this.#index.note(cutter.line, position - cutter.partBytes);
      const buffer = slice();
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position);
      position += bytesRead;
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
    });
  }
}

/**
 * A pipe or standard input. It has one cursor: each line passes once, and those below a sought one are
 * dropped as they pass.
 */
export class StreamLog implements LineLog {
  readonly rereads = false;
  readonly #input: Readable;
  readonly #cursor: LineCursor;

  constructor(input: Readable, lineBytesMax: number) {
    this.#input = input;
    const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
    this.#cursor = new LineCursor(
      // Its writer has closed it: nothing follows.
      new LineCutter(0, lineBytesMax),
      async () => (await chunks.next()).value ?? null,
    );
  }

  cursorAt(line: number): LineCursor {
    this.#cursor.skipTo(line);
    return this.#cursor;
  }

  readAt(line: number, signal?: AbortSignal): Promise<Taken> {
    return this.#cursor.peek(line, signal);
  }

  async lines(): Promise<number> {
    return this.#cursor.end ?? Number.MAX_SAFE_INTEGER;
  }

  async close(): Promise<void> {
    this.#input.destroy();
  }
}
