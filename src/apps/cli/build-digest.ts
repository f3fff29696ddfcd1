// Which bytes of this program run? A version alone does not say what somebody has changed in it.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In a checkout all of `src`; in the package the folder of the built files. */
const CODE = import.meta.url.endsWith('.ts') ? join(import.meta.dirname, '../..') : import.meta.dirname;

let known: Promise<string> | undefined;

/**
 * `sha256:` and the hash over name, length and bytes of every file of code, in the order of their names. Read
 * once: a process runs what it has loaded.
 */
export function buildDigest(): Promise<string> {
  known ??= readDigest();
  return known;
}

async function readDigest(): Promise<string> {
  const found = await readdir(CODE, { recursive: true, withFileTypes: true });
  const files = found
    .filter((one) => one.isFile() && /\.(ts|js|cjs|html|sh|md|json|yaml)$/.test(one.name))
    .map((one) =>
      join(one.parentPath, one.name)
        .slice(CODE.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = await readFile(join(CODE, file));
    hash.update(`${file}\n${bytes.length}\n`).update(bytes);
  }
  return `sha256:${hash.digest('hex')}`;
}
