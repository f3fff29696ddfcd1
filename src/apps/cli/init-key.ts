// How does `init` make a local key, and hand out the text of a key?
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import type { CosigningAlgorithm } from '../../format/vkey.ts';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';

/** False: there is one already, and it is never replaced. */
export async function makeKey(keyFile: string, algorithm: CosigningAlgorithm): Promise<boolean> {
  if (
    await access(keyFile).then(
      () => true,
      () => false,
    )
  )
    return false;
  const { generateLocalKey } = await import('../../sign/local-key.ts');
  await generateLocalKey(keyFile, algorithm);
  return true;
}

/** A file that holds this key already stays; one that holds anything else is never replaced. */
export async function writeVkey(file: string, vkey: string): Promise<void> {
  const text = `${vkey}\n`;
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'EEXIST') {
      if ((await readFile(file, 'utf8').catch(() => null)) === text) return;
      throw new UsageError(
        `${file} holds something else than this verifier key, and stays as it is: choose another path`,
      );
    }
    throw fileError(`can't write the verifier key to ${file}`, cause);
  }
}

/** Beside a key that this command has just made: without its verifier key it does not stay either. */
export async function writeVkeyOfNew(keyFile: string, file: string, vkey: string): Promise<void> {
  try {
    await writeVkey(file, vkey);
  } catch (cause) {
    await rm(keyFile, { force: true });
    throw cause;
  }
}
