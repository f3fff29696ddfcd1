// Which temporary directories hold the stack of a process, and which of those processes are gone?
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isIdentityAlive, ownIdentity } from './native/identity.ts';

const PREFIX = 'ledgerstone-stack.';

/** A new directory for a stack that belongs to this process; its name says so, from the first moment on. */
export const temporaryStackDir = (): Promise<string> =>
  mkdtemp(path.join(tmpdir(), `${PREFIX}${ownIdentity()}.`));

/** Those of processes that no longer run. */
export async function orphanedStackDirs(): Promise<string[]> {
  const owned = (await readdir(tmpdir())).filter((entry) => entry.startsWith(PREFIX));
  const orphaned = owned.filter((entry) => !isIdentityAlive(entry.split('.')[1] ?? ''));
  return orphaned.map((entry) => path.join(tmpdir(), entry));
}
