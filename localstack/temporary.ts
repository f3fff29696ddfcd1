// Which temporary directories are stacks, and which of their owner processes are gone?
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isIdentityAlive, ownIdentity } from './native/identity.ts';

const PREFIX = 'ledgerstone-stack.';

/** A new directory for a stack of this process. Its name has the process's identity from the start. */
export const temporaryStackDir = (): Promise<string> =>
  mkdtemp(path.join(tmpdir(), `${PREFIX}${ownIdentity()}.`));

/** Directories of processes that no longer run. */
export async function orphanedStackDirs(): Promise<string[]> {
  const owned = (await readdir(tmpdir())).filter((entry) => entry.startsWith(PREFIX));
  const orphaned = owned.filter((entry) => !isIdentityAlive(entry.split('.')[1] ?? ''));
  return orphaned.map((entry) => path.join(tmpdir(), entry));
}
