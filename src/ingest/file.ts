// How are the lines of a file, or of standard input, archived like the records of a partition?
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { assert } from '../base/assert.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { LIMITS, MIB } from '../base/limits.ts';
import { FileLog, inputPassed, type LineCursor, type LineLog, StreamLog, type Taken } from './line-log.ts';
import type { Cut } from './lines.ts';
import type { CommitHint, Fetched, LogRange, Source, SourceListener, TopicPartition } from './source.ts';

export type FileSourceOptions = {
  /** A file, a named pipe, or `-` for standard input. */
  readonly path: string;
  /** The name under which its only partition, 0, is archived. */
  readonly topic: string;
  /** A line of more bytes is undecodable: it is never held in memory. */
  readonly recordBytesMax?: number;
  /** Of a file: whether a last line without LF counts. By default it is undecodable: maybe half a line. */
  readonly lastLine?: 'any' | 'with-lf';
  /** What `-` reads. */
  readonly input?: Readable;
};

/** Lines of one delivery: the listener gets the event loop back between two, however short lines are. */
const LINES_PER_FETCH = 4_096;

/**
 * One line is one record: offset = line index, the value is its bytes without the LF, no key, no headers,
 * timestamp −1. A CR stays; an empty line is an empty value; a last line without LF counts where it is said
 * to, and of a pipe. Ends at the end of the file as it is when that is reached. A file is read again after a
 * seek. A pipe passes once: seeking or reading a line that has passed is fatal; a new start with the whole
 * input cures it.
 */
export const fileSource = (options: FileSourceOptions): Source => new FileSource(options);

class FileSource implements Source {
  readonly kind = 'file';
  readonly #options: FileSourceOptions;
  readonly #partition: TopicPartition;
  #place: Place | null = null;
  #resumed = false;
  #closed = false;
  /** A loop of `#deliverAll` runs. */
  #reading = false;
  /** Lines known to exist. */
  #lines = 0;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#partition = { topic: options.topic, partition: 0 };
  }

  async start(listener: SourceListener): Promise<void> {
    const log = await openLog(this.#options);
    this.#place = { log, listener, cursor: log.cursorAt(0), from: 0, first: 0, sealed: null, done: false };
    listener.onAssign([this.#partition]);
  }

  async describe(): Promise<{ cluster: string; topicId: null }> {
    return { cluster: '', topicId: null };
  }

  async partitions(): Promise<readonly number[]> {
    return [this.#partition.partition];
  }

  seek(_partition: TopicPartition, offset: number): void {
    const place = this.#started();
    place.done = !place.log.rereads && offset < place.first;
    if (place.done) {
      place.listener.onFatal(inputPassed(offset));
      return;
    }
    place.from = offset;
    place.first = Math.max(place.first, offset);
    place.cursor = place.log.cursorAt(offset);
    this.#go();
  }

  pause(): void {
    this.#resumed = false;
  }

  resume(): void {
    this.#resumed = true;
    this.#go();
  }

  /** Lines that a pipe gave and that aren't sealed yet count as present: the archiver holds them. */
  async logRange(): Promise<LogRange> {
    const { log, first, sealed } = this.#started();
    const high = await this.#read(log.lines());
    if (high < Number.MAX_SAFE_INTEGER) this.#lines = high;
    return { low: log.rereads ? 0 : Math.min(first, sealed ?? first), high };
  }

  async readAt(_partition: TopicPartition, offset: number, signal?: AbortSignal): Promise<Fetched> {
    const place = this.#started();
    try {
      const taken = await this.#read(place.log.readAt(offset, signal), signal);
      place.first = Math.max(place.first, offset);
      return this.#fetched(taken);
    } catch (error) {
      if (error instanceof LedgerstoneError && error.code === 'input-passed') place.listener.onFatal(error);
      throw error;
    }
  }

  /** Lines have no timestamps. */
  async offsetAtTime(): Promise<null> {
    return null;
  }

  async committed(): Promise<null> {
    return null;
  }

  /** A file keeps no hints, but this one says what is sealed. */
  async commitHint(_partition: TopicPartition, hint: CommitHint): Promise<boolean> {
    this.#started().sealed = hint.nextOffset;
    return false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#place?.log.close();
  }

  #started(): Place {
    assert(this.#place !== null, 'a file source is used after start');
    return this.#place;
  }

  #go(): void {
    const place = this.#started();
    if (this.#reading || !this.#mayRead(place)) return;
    this.#reading = true;
    void this.#deliverAll(place);
  }

  #mayRead(place: Place): boolean {
    return this.#resumed && !this.#closed && !place.done;
  }

  async #deliverAll(place: Place): Promise<void> {
    while (this.#mayRead(place)) {
      const { cursor } = place;
      try {
        const taken = await this.#read(cursor.take(LINES_PER_FETCH));
        if (this.#closed) return;
        if (cursor !== place.cursor) continue;
        if (this.#resumed) this.#deliver(place, taken);
        else cursor.putBack(taken);
      } catch (error) {
        if (this.#closed) return;
        place.done = true;
        place.listener.onFatal(error as Error);
      }
      await nextTurn();
    }
    this.#reading = false;
  }

  #deliver(place: Place, taken: Taken): void {
    const { from, listener, cursor } = place;
    // A seek may have come while these were on their way.
    const records = taken.records.filter(({ offset }) => offset >= from);
    const undecodable =
      taken.undecodable !== null && taken.undecodable.offset >= from ? taken.undecodable : null;
    place.done = taken.ended || undecodable !== null;
    place.first = Math.max(place.first, (records.at(-1)?.offset ?? -1) + 1);
    if (records.length > 0 || undecodable !== null)
      listener.onFetched(this.#fetched({ records, undecodable }));
    if (taken.ended) listener.onEnd(this.#partition, cursor.line);
  }

  #fetched({ records, undecodable }: Cut): Fetched {
    this.#lines = Math.max(this.#lines, (records.at(-1)?.offset ?? -1) + 1);
    const fetched = { ...this.#partition, records, seen: [], highWatermark: this.#lines };
    return undecodable === null ? fetched : { ...fetched, undecodable };
  }

  async #read<T>(read: Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await read;
    } catch (cause) {
      if (cause instanceof LedgerstoneError || signal?.aborted === true) throw cause;
      throw unreadable(this.#options.path, cause);
    }
  }
}

type Place = {
  readonly log: LineLog;
  readonly listener: SourceListener;
  cursor: LineCursor;
  /** Moves at once with a seek, while a read may be under way. */
  from: number;
  /** The first line that a pipe can still give. */
  first: number;
  /** The lines below it are sealed. Null: not known yet. */
  sealed: number | null;
  /** At the end, or at an undecodable line: only a seek continues. */
  done: boolean;
};

async function openLog({ path, input, recordBytesMax, lastLine }: FileSourceOptions): Promise<LineLog> {
  const lineBytesMax = recordBytesMax ?? LIMITS.recordBytesDefault;
  if (path === '-') return new StreamLog(input ?? process.stdin, lineBytesMax);
  try {
    const handle = await open(path, 'r');
    const stat = await handle.stat();
    if (stat.isFile()) return new FileLog(handle, lineBytesMax, lastLine !== 'any');
    if (!stat.isDirectory())
      return new StreamLog(handle.createReadStream({ highWaterMark: MIB }), lineBytesMax);
    await handle.close();
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, new Error('it is a directory'));
}

const unreadable = (path: string, cause: unknown): LedgerstoneError =>
  new LedgerstoneError(
    'source-unreadable',
    `can't read ${path === '-' ? 'standard input' : path}: ${messageOf(cause)}`,
    {
      remedy:
        'Check that the path in `source` names a readable file, and start again: nothing that was archived is lost.',
      cause,
    },
  );
