// Where are downloads kept, so that a new clone need not fetch them again?
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { isIdentityAlive, ownIdentity } from './identity.ts';
import { endProcesses } from './process.ts';

/** One folder per user, outside every checkout: `$XDG_CACHE_HOME/ledgerstone` or `~/.cache/ledgerstone`. */
export const cacheDir = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'ledgerstone');

/** The folder of a finished download, or undefined. */
export function cachedPath(name: string): string | undefined {
  const dir = path.join(cacheDir(), name);
  return existsSync(path.join(dir, 'complete')) ? dir : undefined;
}

/** Stands before the builder's identity in the name of a temporary folder. */
const BUILDING = '.building.';

/**
 * The folder `name` in the cache, built on first use. It is built under a temporary name and renamed when it
 * is complete, so an interrupted build never looks finished. If two processes build it at once, the first
 * rename counts and the other result, which is equal, is thrown away.
 */
export async function cached(name: string, build: (dir: string) => Promise<void>): Promise<string> {
  const ready = cachedPath(name);
  if (ready !== undefined) return ready;
  await mkdir(cacheDir(), { recursive: true });
  await removeAbandoned();
  const temporary = await mkdtemp(path.join(cacheDir(), `${BUILDING}${ownIdentity()}.`));
  try {
    await build(temporary);
    await writeFile(path.join(temporary, 'complete'), '');
    const final = path.join(cacheDir(), name);
    if (cachedPath(name) === undefined) await rm(final, { recursive: true, force: true }); // damaged by hand
    try {
      await rename(temporary, final);
    } catch (error) {
      if (cachedPath(name) === undefined) throw error;
    }
    return final;
  } finally {
    await endProcesses(temporary);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes half-built folders of processes that no longer run, and ends what such a process had started. */
async function removeAbandoned(): Promise<void> {
  for (const entry of await readdir(cacheDir())) {
    if (!entry.startsWith(BUILDING) || isIdentityAlive(entry.slice(BUILDING.length).split('.')[0] ?? ''))
      continue;
    const abandoned = path.join(cacheDir(), entry);
    await endProcesses(abandoned);
    await rm(abandoned, { recursive: true, force: true });
  }
}
