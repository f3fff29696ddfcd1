// How do the chunks of a socket become a broker's answers, each byte copied once? (Kafka protocol: "Size"
// before each message)

/** Of the length before an answer. */
const LENGTH_BYTES = 4;
/**
 * So much is reserved at first for an answer that says it is larger: a length from a broken connection must
 * not take gigabytes before as much has come.
 */
const RESERVED_BYTES_MAX = 16 * 1024 * 1024;
/** Smaller ones are cheap for the garbage collector, and are not used again. */
const REUSED_BYTES_MIN = 256 * 1024;

/** One for each connection. Chunks are copied: their buffer may be filled anew afterwards. */
export class Frames {
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthBytes = 0;
  /** The answer that is under way, or as much room as was reserved. */
  #frame: Buffer | null = null;
  #frameBytes = 0;
  #filled = 0;
  /** Of an answer that is done with. */
  #spare: Buffer | null = null;

  /** An answer, or its length, has come in part. */
  get isAmid(): boolean {
    return this.#frame !== null || this.#lengthBytes > 0;
  }

  /** Gives each whole answer without its length to `take`. Throws RangeError for a length below 0. */
  push(chunk: Uint8Array, take: (answer: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#frame === null ? this.#readLength(chunk, at) : this.#fill(this.#frame, chunk, at);
      if (this.#frame !== null && this.#filled === this.#frameBytes) {
        const answer = this.#frame.subarray(0, this.#frameBytes);
        this.#frame = null;
        take(answer);
      }
    }
  }

  /** The socket is gone, and the rest of an answer with it. */
  clear(): void {
    this.#frame = null;
    this.#lengthBytes = 0;
  }

  /** Nobody reads this answer any more: its memory takes the next one. */
  reuse({ buffer }: Uint8Array): void {
    if (buffer.byteLength >= REUSED_BYTES_MIN && buffer.byteLength <= RESERVED_BYTES_MAX)
      this.#spare = Buffer.from(buffer);
  }

  #readLength(chunk: Uint8Array, at: number): number {
    const count = Math.min(LENGTH_BYTES - this.#lengthBytes, chunk.length - at);
    this.#length.set(chunk.subarray(at, at + count), this.#lengthBytes);
    this.#lengthBytes += count;
    if (this.#lengthBytes < LENGTH_BYTES) return count;
    this.#lengthBytes = 0;
    const bytes = this.#length.readInt32BE(0);
    if (bytes < 0) throw new RangeError(`an answer of ${bytes} bytes`);
    this.#frameBytes = bytes;
    this.#filled = 0;
    this.#frame = this.#room(bytes);
    return count;
  }

  #room(bytes: number): Buffer {
    const spare = this.#spare;
    if (bytes >= REUSED_BYTES_MIN && spare !== null && spare.length >= bytes) {
      this.#spare = null;
      return spare;
    }
    return Buffer.allocUnsafeSlow(Math.min(bytes, RESERVED_BYTES_MAX));
  }

  #fill(frame: Buffer, chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#frameBytes - this.#filled, chunk.length - at);
    const into = this.#filled + count <= frame.length ? frame : this.#grown(frame, this.#filled + count);
    into.set(at === 0 && count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    return count;
  }

  #grown(frame: Buffer, least: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#frameBytes, Math.max(least, 2 * frame.length)));
    grown.set(frame.subarray(0, this.#filled));
    this.#frame = grown;
    return grown;
  }
}

const framesOf = new WeakMap<Uint8Array, Frames>();

/** Remembers where this view of an answer came from, for `done`. */
export function lend(answer: Buffer, frames: Frames): Buffer {
  framesOf.set(answer, frames);
  return answer;
}

/**
 * Nothing of the answer is read any more: its memory takes another answer of the same connection. `answer`:
 * the very view that was lent. Only the first call does anything.
 */
export function done(answer: Uint8Array): void {
  framesOf.get(answer)?.reuse(answer);
  framesOf.delete(answer);
}
