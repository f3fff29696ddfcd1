// How is an archive copied into a directory, so that the copy can be attacked?
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MIB } from '../../../base/limits.ts';
import type { StoreReader } from '../../../store/store.ts';
import { FindingList } from '../../../verify/finding-list.ts';
import { listObjects } from '../../../verify/object-versions.ts';

/** Larger than any object of the demo. */
const OBJECT_BYTES_MAX = 64 * MIB;

/** Copies the oldest version of every object, as `aws s3 sync` does if nothing was overwritten. */
export async function copyArchive(reader: StoreReader, target: string, signal: AbortSignal): Promise<void> {
  await rm(target, { recursive: true, force: true });
  for await (const { key, oldest } of listObjects(reader.listVersions('', { signal }), new FindingList())) {
    if (oldest === null) continue;
    const file = join(target, ...key.split('/'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await reader.read(key, oldest.versionId, { maxBytes: OBJECT_BYTES_MAX, signal }));
  }
}
