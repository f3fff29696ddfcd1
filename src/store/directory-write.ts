// How does a file appear whole, once, and for good, or not at all?
import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { toHex } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import {
  type Binary,
  directoryError,
  directoryState,
  type Files,
  fileOf,
  isCode,
  isPathKey,
  PARTIAL_DIRECTORY,
  PARTIAL_NAME,
  parentOf,
  pathOf,
  show,
  statOf,
  syncDirectory,
} from './directory-files.ts';

/**
 * A half-written file that nobody touched for so long was left by a crash. Were its writer alive, its link()
 * would fail.
 */
const LEFTOVER_AGE_MS = 3_600_000;

/** Create-only writes of whole files. FORMAT.md: "Directory store". */
export class DirectoryWriter {
  readonly #files: Files;
  readonly #root: () => Promise<Binary>;
  /** Directories that this process knows to be on disk, with all above them. */
  readonly #durable = new Set<Binary>();
  #swept = false;

  constructor(files: Files, root: () => Promise<Binary>) {
    this.#files = files;
    this.#root = root;
  }

  async putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<'stored' | 'exists'> {
    const root = await this.#root();
    if (!isPathKey(key)) {
      throw new LedgerstoneError('bad-key', `"${key}" can't be the name of a file`, {
        remedy: 'A bug: please report it.',
      });
    }
    const final = fileOf(root, key);
    try {
      return await this.#put(root, final, bytes, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw directoryError(error, `writing ${show(final)}`);
    }
  }

  async #put(
    root: Binary,
    final: Binary,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const directory = parentOf(final);
    await this.#makeDirectory(root, directory);
    if (await this.#exists(final)) return 'exists';
    await this.#sweepOnce(root);
    const partial = await this.#writePartial(root, bytes);
    try {
      signal?.throwIfAborted();
      // The one step at which the object comes to be: whole, or not at all.
      await this.#files.link(pathOf(partial), pathOf(final));
      await this.#syncDirectory(directory);
      return 'stored';
    } catch (error) {
      if (isCode(error, 'EEXIST') && (await this.#exists(final))) return 'exists';
      if (!isCode(error, 'ENOENT')) throw error;
      this.#durable.clear();
      throw swept(final, error);
    } finally {
      await this.#remove(partial);
    }
  }

  /** Its writer may not have synced the name yet, and our answer must hold after a power cut. */
  async #exists(final: Binary): Promise<boolean> {
    const stats = await statOf(this.#files, final);
    if (stats === null) return false;
    if (!stats.isFile()) {
      throw new LedgerstoneError('not-a-file', `${show(final)} is in the way, and no file`, {
        remedy: 'Somebody put a directory, link or device there: look at it and move it.',
      });
    }
    await this.#syncDirectory(parentOf(final));
    return true;
  }

  /** The bytes are on disk before they get a name in the archive: a torn seal must never own a sequence. */
  async #writePartial(root: Binary, bytes: Uint8Array): Promise<Binary> {
    const directory = `${root}/${PARTIAL_DIRECTORY}` as Binary;
    await this.#makeDirectory(root, directory);
    const name = `${process.pid}-${toHex(randomBytes(16))}.partial`;
    const path = `${directory}/${name}` as Binary;
    let handle: FileHandle | null = null;
    try {
      handle = await this.#files.open(pathOf(path), 'wx', 0o644);
      for (let at = 0; at < bytes.length; ) {
        at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
      }
      await handle.sync();
      await handle.close();
      return path;
    } catch (error) {
      await handle?.close().catch(() => {});
      await this.#remove(path);
      throw error;
    }
  }

  /**
   * With all above it, each name synced into its parent: else a power cut takes the directory with our file
   * in it.
   */
  async #makeDirectory(root: Binary, directory: Binary): Promise<void> {
    if (this.#durable.has(directory)) return;
    await this.#files.mkdir(pathOf(directory), { recursive: true });
    if ((await directoryState(this.#files, directory)) !== 'there') {
      throw new LedgerstoneError('not-a-file', `${show(directory)} is reached through a link`, {
        remedy: 'Nothing is written outside the archive: replace the link by a directory.',
      });
    }
    for (let at = directory; at !== root && !this.#durable.has(at); at = parentOf(at)) {
      await this.#syncDirectory(parentOf(at));
      this.#durable.add(at);
    }
    if (this.#durable.size > 10_000) this.#durable.clear();
  }

  #syncDirectory(directory: Binary): Promise<void> {
    return syncDirectory(this.#files, directory);
  }

  async #sweepOnce(root: Binary): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const directory = `${root}/${PARTIAL_DIRECTORY}` as Binary;
    if ((await directoryState(this.#files, directory)) !== 'there') return;
    for await (const entry of await this.#files.opendir(pathOf(directory), { encoding: 'latin1' })) {
      const path = `${directory}/${entry.name}` as Binary;
      const stats = PARTIAL_NAME.test(entry.name) ? await statOf(this.#files, path) : null;
      if (stats?.isFile() === true && Date.now() - stats.mtimeMs > LEFTOVER_AGE_MS) await this.#remove(path);
    }
  }

  /** A leftover is no harm: it is no object, and the next start sweeps it. */
  async #remove(partial: Binary): Promise<void> {
    await this.#files.unlink(pathOf(partial)).catch(() => {});
  }
}

const swept = (final: Binary, cause: unknown) =>
  new LedgerstoneError('interrupted', `the half-written file of ${show(final)} went away`, {
    disposition: 'retriable',
    remedy: 'Somebody removed it, or the directory that it was for; it is written again.',
    cause,
  });
