// Where do all test files of one vitest run find their one stack, and who ends it?
import { readdir, rmdir } from 'node:fs/promises';
import { temporaryStackDir } from '../../../localstack/temporary.ts';
import { SHARED_DIR_VARIABLE } from './shared-dir.ts';

/**
 * Only names the directory: workers inherit the variable, and the first that needs a stack starts it there. The
 * directory belongs to this process, so a run that is killed leaves nothing for longer than until the next one.
 * A variable that is set already names a stack of the developer, which stays.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[SHARED_DIR_VARIABLE]) return undefined;
  const dir = await temporaryStackDir();
  process.env[SHARED_DIR_VARIABLE] = dir;
  return async () => {
    delete process.env[SHARED_DIR_VARIABLE];
    if ((await readdir(dir)).length === 0) return rmdir(dir); // no test needed a stack
    const { stopStack } = await import('../../../localstack/stack.ts'); // loads the SDK: not for every unit test
    await stopStack(dir);
  };
}
