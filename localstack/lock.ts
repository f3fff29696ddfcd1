// Which process may change this stack now?
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerstoneError } from '../src/base/error.ts';
import { isIdentityAlive, ownIdentity } from './native/identity.ts';

/** Longer than a first start with all its downloads on a slow line. */
const WAIT_MS = 25 * 60_000;

/**
 * Runs `work` while no other process runs work under the same lock file. If the holder of a lock is gone,
 * however it ended, the lock is taken over.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await acquire(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await tryLock(file))) {
    if (performance.now() > deadline) {
      throw new LedgerstoneError('stack', `another process holds ${file}`, {
        remedy: 'Wait for it, or end it.',
      });
    }
    await sleep(50);
  }
}

/**
 * Takes the lock if nobody holds it: false while somebody does, this process included. The lock of a process
 * that is gone is removed, so that the next attempt can have it.
 */
export async function tryLock(file: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(own, ownIdentity());
    if (await linked(own, file)) return true;
    await removeIfAbandoned(file, own);
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

/** link(2) creates the lock with its holder's name in it, or not at all. */
async function linked(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  }
}

async function removeIfAbandoned(file: string, own: string): Promise<void> {
  const holder = await readFile(file, 'utf8').catch(() => undefined);
  if (holder === undefined || isIdentityAlive(holder)) return;
  const aside = `${own}.abandoned`;
  try {
    await rename(file, aside);
    // Another process may have taken the lock between our read and our rename. Then it gets it back.
    if ((await readFile(aside, 'utf8')) !== holder) await link(aside, file).catch(() => {});
  } catch {} // another process was first
  await rm(aside, { force: true });
}
