// Which bytes does a file of history hold, unpacked, and which file was it?
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { inputError } from './input-error.ts';

/** Known once all of its content was read. */
export type FileDigest = {
  /** Without its folders. */
  readonly name: string;
  /** As it is stored. */
  readonly bytes: number;
  readonly sha256: string;
  /** Of what it holds, where it is packed by gzip; else the same. */
  readonly contentSha256: string;
};

export class InputFile {
  readonly path: string;
  readonly #stored: Hash = createHash('sha256');
  readonly #content: Hash = createHash('sha256');
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Its content, once. Throws `import-file`. */
  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      if (!(await isGzip(this.path))) {
        for await (const chunk of this.#storedChunks(signal)) yield this.#counted(chunk);
        return;
      }
      const unpacked = createGunzip();
      const reading = pipeline(Readable.from(this.#storedChunks(signal)), unpacked);
      // Seen by whoever reads what is unpacked.
      reading.catch(() => {});
      for await (const chunk of unpacked) yield this.#counted(chunk as Buffer);
      await reading;
      if (unpacked.bytesWritten !== this.#bytes)
        throw new Error('there are bytes behind the end of its gzip');
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LedgerstoneError) throw error;
      throw inputError(this.path, messageOf(error));
    }
  }

  async *#storedChunks(signal: AbortSignal): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(this.path, { signal })) {
      this.#stored.update(chunk as Buffer);
      this.#bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }

  #counted(chunk: Buffer): Buffer {
    this.#content.update(chunk);
    return chunk;
  }

  digest(): FileDigest {
    return {
      ...{ name: basename(this.path), bytes: this.#bytes, sha256: this.#stored.digest('hex') },
      contentSha256: this.#content.digest('hex'),
    };
  }
}

async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}
