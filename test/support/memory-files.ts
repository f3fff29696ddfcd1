// Where do the unit tests write their files? In memory, where there is such a place and it is large: they write
// thousands of small ones, each put on disk for good, and delete them at once.
import { accessSync, constants, statfsSync } from 'node:fs';

const PLACE = '/dev/shm';
const ROOM_BYTES = 2 * 1024 ** 3;

/** Variables for a process of tests. Who has named a place keeps it. */
export function memoryFiles(env: NodeJS.ProcessEnv): Record<string, string> {
  if (env['TMPDIR'] !== undefined) return {};
  try {
    accessSync(PLACE, constants.W_OK);
    const { bsize, bavail } = statfsSync(PLACE);
    return bsize * bavail >= ROOM_BYTES ? { TMPDIR: PLACE } : {};
  } catch {
    return {};
  }
}
