// Which files does a package on the disk hold: a zip, or the folder into which somebody unpacked it?
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../../base/limits.ts';
import type { PackageFiles } from '../../evidence/check-files.ts';
import { type OpenedZip, openZip } from '../../evidence/foreign-zip.ts';
import { isLeftover } from '../../evidence/leftovers.ts';
import { readZip, ZIP_CONTENT_MAX, ZIP_FILES_MAX } from '../../evidence/zip.ts';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';

/** What Node reads at once. */
const ZIP_BYTES_MAX = 2 ** 31 - 1;

/** Throws UsageError where it can't be read, and ZipError where it is no zip of a package. */
export async function readPackage(name: string): Promise<PackageFiles> {
  const read = await folderOrZip(name);
  return read instanceof Uint8Array ? readZip(read) : read;
}

/** Of a zip that another program packed too. Throws as `readPackage`. */
export async function readAnyPackage(
  name: string,
): Promise<{ readonly files: PackageFiles } & Pick<OpenedZip, 'packedAgain'>> {
  const read = await folderOrZip(name);
  return read instanceof Uint8Array ? openZip(read) : { files: read, packedAgain: null };
}

async function folderOrZip(name: string): Promise<PackageFiles | Uint8Array> {
  const status = await stat(name).catch((error: unknown) => {
    throw fileError(`can't read the package ${name}`, error);
  });
  if (status.isDirectory()) return readFolder(name);
  if (!status.isFile() || status.size > ZIP_BYTES_MAX)
    throw new UsageError(
      `${name} is not a zip of a package`,
      'Give a zip, or the folder that it was unpacked to.',
    );
  const zip = await readFile(name).catch((error: unknown) => {
    throw fileError(`can't read the package ${name}`, error);
  });
  return zip;
}

async function readFolder(folder: string): Promise<PackageFiles> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (isLeftover(path)) continue;
      if (entry.isDirectory()) {
        await walk(path);
        continue;
      }
      const at = join(folder, path);
      // A link leads elsewhere: it is no file of a package.
      const { size } = await lstat(at);
      bytes += size;
      if (files.size >= ZIP_FILES_MAX || bytes > ZIP_CONTENT_MAX + LIMITS.lineBytesMax)
        throw new UsageError(`${folder} has more files or bytes than a package`, 'Is it the right folder?');
      files.set(path, entry.isFile() ? await readFile(at) : new Uint8Array(0));
    }
  };
  try {
    await walk('');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw fileError(`can't read the package ${folder}`, error);
  }
  return files;
}
