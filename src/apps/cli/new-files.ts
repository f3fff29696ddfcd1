// How do large results reach the disk: whole or not at all, and over nothing that is there?
import { randomBytes } from 'node:crypto';
import { access, link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';

/**
 * Files that are written beside their places, and put there together in the end. A process that dies leaves
 * files that end with `.partial`, and none of the others, or some of them: each of those is whole.
 */
export class NewFiles {
  readonly #partial: string[] = [];

  /** Writes one more. Throws UsageError. */
  async write(beside: string, chunks: Iterable<Uint8Array>): Promise<void> {
    const partial = `${beside}.${randomBytes(6).toString('hex')}.partial`;
    try {
      await using file = await open(partial, 'wx');
      this.#partial.push(partial);
      for (const chunk of inLarger(chunks)) await writeAll(file, chunk);
      await file.sync();
    } catch (error) {
      throw fileError(`can't write ${partial}`, error);
    }
  }

  get count(): number {
    return this.#partial.length;
  }

  /** Gives each its name, in the order of writing. Throws UsageError where there is one already. */
  async place(names: readonly string[]): Promise<void> {
    for (const [index, name] of names.entries()) {
      const partial = this.#partial[index] as string;
      await link(partial, name).catch((error: unknown) => {
        throw fileError(`${name} could not be written`, error);
      });
    }
    await this.remove();
    const folders = new Set(names.map((name) => dirname(name)));
    for (const folder of folders) await syncFolder(folder);
  }

  /** Takes away what was written and not placed. */
  async remove(): Promise<void> {
    for (const partial of this.#partial.splice(0)) await rm(partial, { force: true });
  }
}

/** Known before hours of reading. Throws UsageError. */
export async function requireNoFile(name: string, option = '--out'): Promise<void> {
  const isThere = await access(name).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new UsageError(`${name} exists, and stays as it is`, `Choose another name with ${option}.`);
}

const WRITTEN_AT_ONCE = 1024 * 1024;

/** The same bytes: a call of the system for each of many small pieces takes longer than they do. */
function* inLarger(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const buffer = new Uint8Array(WRITTEN_AT_ONCE);
  let used = 0;
  for (const chunk of chunks) {
    if (used + chunk.length > buffer.length) {
      yield buffer.subarray(0, used);
      used = 0;
    }
    if (chunk.length > buffer.length) yield chunk;
    else {
      buffer.set(chunk, used);
      used += chunk.length;
    }
  }
  yield buffer.subarray(0, used);
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** So that the names outlive a crash of the machine too. Some systems can't open a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
