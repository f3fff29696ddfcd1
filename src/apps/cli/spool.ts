// Where do many small results wait on the disk until all of them are known?
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { SpooledBytes } from '../../evidence/zip.ts';
import { fileError } from './file-error.ts';

const WRITTEN_AT_ONCE = 1024 * 1024;

/**
 * A file beside what it is for, so on the disk that has room for it. It ends with `.partial` and is gone
 * after `close`. What was added is read back from it, or from what is not written yet. Throws UsageError.
 */
export class Spool {
  readonly #name: string;
  #file: number | null = null;
  readonly #open = new Uint8Array(WRITTEN_AT_ONCE);
  #openLength = 0;
  #written = 0;

  constructor(beside: string) {
    this.#name = `${beside}.${randomBytes(6).toString('hex')}.partial`;
  }

  add(bytes: Uint8Array): SpooledBytes {
    if (this.#openLength + bytes.length > this.#open.length) this.#flush();
    const at = this.#written + this.#openLength;
    if (bytes.length > this.#open.length) this.#write(bytes);
    else {
      this.#open.set(bytes, this.#openLength);
      this.#openLength += bytes.length;
    }
    return { length: bytes.length, read: () => this.#read(at, bytes.length) };
  }

  /** What was added before can't be read any more. */
  empty(): void {
    if (this.#file !== null) ftruncateSync(this.#file, 0);
    [this.#openLength, this.#written] = [0, 0];
  }

  close(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
    rmSync(this.#name, { force: true });
  }

  #flush(): void {
    this.#write(this.#open.subarray(0, this.#openLength));
    this.#openLength = 0;
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#file ??= openSync(this.#name, 'wx+');
      for (let at = 0; at < bytes.length; )
        at += writeSync(this.#file, bytes, at, bytes.length - at, this.#written + at);
    } catch (error) {
      throw fileError(`can't write ${this.#name}`, error);
    }
    this.#written += bytes.length;
  }

  #read(at: number, length: number): Uint8Array {
    if (at >= this.#written) return this.#open.slice(at - this.#written, at - this.#written + length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const read = this.#file === null ? 0 : readSync(this.#file, bytes, done, length - done, at + done);
      if (read === 0) throw new Error(`${this.#name} is shorter than what was written to it`);
      done += read;
    }
    return bytes;
  }
}
