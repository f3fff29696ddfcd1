// How does a file of a package become its compressed form while it grows, so that it is nowhere as a whole?
import { Deflate } from 'fflate';
import { joinBytes, toHex } from '../base/bytes.ts';
import { portableHashing } from '../base/hash.ts';
import { crc32 } from './crc32.ts';
import { type PackedFile, requirePackagePath } from './zip.ts';

const AT_ONCE = 64 * 1024;

export class GrowingFile {
  readonly #path: string;
  readonly #packed: Uint8Array[] = [];
  readonly #deflate = new Deflate({ level: 6 }, (chunk) => {
    // A copy: what fflate gives may be a view of a larger buffer.
    this.#packed.push(chunk.slice());
  });
  readonly #hashing = portableHashing();
  readonly #open = new Uint8Array(AT_ONCE);
  #used = 0;
  #bytes = 0;
  #crc = 0;

  constructor(path: string) {
    requirePackagePath(path);
    this.#path = path;
  }

  /** The bytes are copied. In whatever pieces they come, the file is the same. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + AT_ONCE - this.#used);
      this.#open.set(piece, this.#used);
      this.#used += piece.length;
      at += piece.length;
      if (this.#used === AT_ONCE) this.#push(false);
    }
  }

  /** Nothing is added after it. `sha256`: hex, of the content. */
  end(): { readonly file: PackedFile; readonly sha256: string } {
    this.#push(true);
    const packed = joinBytes(this.#packed);
    const file: PackedFile = { path: this.#path, method: 8, crc: this.#crc, packed, bytes: this.#bytes };
    return { file, sha256: toHex(this.#hashing.digest()) };
  }

  #push(isLast: boolean): void {
    const piece = this.#open.subarray(0, this.#used);
    this.#hashing.update(piece);
    this.#crc = crc32(piece, this.#crc);
    this.#bytes += piece.length;
    // fflate holds on to what it was given until it has enough.
    this.#deflate.push(piece.slice(), isLast);
    this.#used = 0;
  }
}
