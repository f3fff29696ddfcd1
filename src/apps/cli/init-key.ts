// How does `init` make a local key, and hand out the text of a key?
import { access, writeFile } from 'node:fs/promises';
import type { KeyAlgorithm } from '../../format/vkey.ts';
import { fileError } from './file-error.ts';

/** False: there is one already, and it is never replaced. */
export async function makeKey(keyFile: string, algorithm: KeyAlgorithm): Promise<boolean> {
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

export async function writeVkey(file: string, vkey: string): Promise<void> {
  try {
    await writeFile(file, `${vkey}\n`);
  } catch (cause) {
    throw fileError(`can't write the verifier key to ${file}`, cause);
  }
}
