// Where does one line of a byte stream end and the next begin? LF only: a CR belongs to its line, and so do
// U+2028 and U+2029.
import { EMPTY } from '../base/bytes.ts';
import type { Header, KafkaRecord } from '../format/record.ts';

const LF = 10;
const NO_HEADERS: readonly Header[] = [];

export type Cut = {
  readonly records: readonly KafkaRecord[];
  /**
   * The line after these records is longer than the limit, or may be half a line. It stays in the way until
   * `skipTo` passes it.
   */
  readonly undecodable: {
    readonly offset: number;
    readonly reason: string;
    /** Of a last line without LF. */
    readonly remedy?: string;
  } | null;
};

/**
 * Cuts chunks into records: one line, one record. Values are views into the chunks, so a chunk is never
 * written again; only a line that lies across chunks is copied, once. Holds at most one chunk and one line
 * within the limit.
 */
export class LineCutter {
  readonly #lineBytesMax: number;
  readonly #needsLf: boolean;
  #line: number;
  #from: number;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** The line in progress, from chunks before this one; of a line below `from` only its length. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #ended = false;

  /**
   * `line`: offset of the line that the first byte belongs to. `needsLf`: a last line without LF is no line
   * yet.
   */
  constructor(line: number, lineBytesMax: number, needsLf = false) {
    this.#needsLf = needsLf;
    this.#line = line;
    this.#from = line;
    this.#lineBytesMax = lineBytesMax;
  }

  /** Offset of the line in progress: the next one that `take` can give, unless it is skipped. */
  get line(): number {
    return this.#line;
  }

  /**
   * Bytes of the line in progress that were consumed. Its first byte lies that far before the next chunk's.
   */
  get partBytes(): number {
    return this.#partBytes;
  }

  /** Lines below `line` are counted and not kept. Never goes back. */
  skipTo(line: number): void {
    this.#from = Math.max(this.#from, line);
  }

  /** The next bytes; only once `take` has given all that the last ones held. */
  feed(chunk: Uint8Array): void {
    this.#chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#at = 0;
  }

  /** No byte comes any more: what is left has no LF. */
  end(): void {
    this.#ended = true;
  }

  /** Up to `max` records. None, and nothing undecodable: it needs more bytes. */
  take(max: number): Cut {
    const records: KafkaRecord[] = [];
    while (records.length < max) {
      const end = this.#lineEnd();
      if (
        this.#line >= this.#from &&
        this.#partBytes + (end ?? this.#chunk.length) - this.#at > this.#lineBytesMax
      ) {
        const reason = `the line is longer than ${this.#lineBytesMax} bytes, the limit for a record`;
        return { records, undecodable: { offset: this.#line, reason } };
      }
      if (end === null) {
        if (this.#line < this.#from) this.#drop();
        else this.#keep();
        if (!this.#ended || this.#partBytes === 0 || this.#line < this.#from) break;
        return { records, undecodable: { offset: this.#line, ...UNFINISHED } };
      }
      if (this.#line >= this.#from) records.push(this.#record(end));
      this.#at = Math.min(end + 1, this.#chunk.length);
      this.#parts = [];
      this.#partBytes = 0;
      this.#line += 1;
    }
    return { records, undecodable: null };
  }

  /**
   * Index of the byte after the line in progress, in the chunk; null when the chunk ends before the line
   * does.
   */
  #lineEnd(): number | null {
    const found = this.#chunk.indexOf(LF, this.#at);
    if (found >= 0) return found;
    const left = this.#partBytes + this.#chunk.length - this.#at;
    return this.#ended && left > 0 && !this.#needsLf ? this.#chunk.length : null;
  }

  #keep(): void {
    const rest = bytesOf(this.#chunk, this.#at, this.#chunk.length);
    if (rest.length > 0) this.#parts.push(rest);
    this.#consume();
  }

  #drop(): void {
    this.#parts = [];
    this.#consume();
  }

  #consume(): void {
    this.#partBytes += this.#chunk.length - this.#at;
    this.#at = this.#chunk.length;
  }

  #record(end: number): KafkaRecord {
    const value = this.#value(bytesOf(this.#chunk, this.#at, end));
    return {
      offset: this.#line,
      timestamp: -1n,
      timestampType: 'create',
      key: null,
      headers: NO_HEADERS,
      value,
    };
  }

  #value(last: Uint8Array): Uint8Array {
    if (this.#parts.length === 0) return last;
    const whole = new Uint8Array(this.#partBytes + last.length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    whole.set(last, at);
    return whole;
  }
}

const UNFINISHED = {
  reason: 'the last line has no LF, and may be half of one that is still being written',
  remedy: 'End the line with LF and start again, or let it count: `lastLine: any` in `source`.',
};

const bytesOf = (chunk: Buffer, start: number, end: number): Uint8Array =>
  end === start ? EMPTY : new Uint8Array(chunk.buffer, chunk.byteOffset + start, end - start);
