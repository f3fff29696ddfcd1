// Do two places of a configuration lie within each other, whatever links lead there?
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { LedgerstoneError } from '../base/error.ts';
import type { StoreConfig } from '../config/connections.ts';
import type { VerifierConfig } from '../config/verifier.ts';

/** Whether the file or directory is the other one, or lies in it. Of what is not there yet by its parents. */
export async function liesIn(path: string, folder: string): Promise<boolean> {
  const real = await realLocation(path);
  const outer = await realLocation(folder);
  if (isWithin(real, outer)) return true;
  // The same directory by another mount has another name.
  const identity = await identityOf(outer);
  for (let at = real; identity !== null; at = dirname(at)) {
    if ((await identityOf(at)) === identity) return true;
    if (at === dirname(at)) break;
  }
  return false;
}

/** Two directories; of buckets the configuration's own rule knows by their names. */
const areOverlapping = async (a: StoreConfig, b: StoreConfig): Promise<boolean> =>
  a.kind === 'directory' &&
  b.kind === 'directory' &&
  ((await liesIn(a.path, b.path)) || (await liesIn(b.path, a.path)));

/**
 * An attestation that lies in the archive is in its writer's hands, and a foreign object there. Throws
 * `config`.
 */
export async function requireSeparate({
  archive,
  attestations,
}: Pick<VerifierConfig, 'archive' | 'attestations'>): Promise<void> {
  if (!(await areOverlapping(archive.store, attestations.store))) return;
  throw new LedgerstoneError('config', 'attestations.store leads into the archive, or the other way round', {
    disposition: 'input',
    remedy: 'Look where its links lead: attestations need a place of their own.',
  });
}

/** Of the deepest part that is there; the rest as it is written. */
async function realLocation(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realLocation(parent), relative(parent, path));
  }
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

const identityOf = (path: string): Promise<string | null> =>
  stat(path, { bigint: true }).then(
    ({ dev, ino }) => (ino === 0n ? null : `${dev}/${ino}`),
    () => null,
  );
