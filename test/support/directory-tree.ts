// How does a test fill a directory, and which names does the store list of it?
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ListOptions, Store } from '../../src/store/store.ts';

/** Each file has its own key as its content. */
export async function fill(at: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await mkdir(dirname(join(at, key)), { recursive: true });
    await writeFile(join(at, key), key);
  }
}

export async function names(store: Store, prefix = '', options?: ListOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.listVersions(prefix, options)) found.push(key);
  return found;
}
