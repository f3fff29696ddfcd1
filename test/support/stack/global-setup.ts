// Where do all test files of one vitest run find their one stack, and who ends it?
import { stopStack, temporaryStackDir } from '../../../localstack/stack.ts';
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
    await stopStack(dir);
  };
}
