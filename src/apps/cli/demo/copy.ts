// How does an archive become a plain directory that may be spoilt?
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MIB } from '../../../base/limits.ts';
import type { StoreReader } from '../../../store/store.ts';
import { FindingList } from '../../../verify/finding-list.ts';
import { listObjects } from '../../../verify/object-versions.ts';

/** Greater than any object of the demo. */
const OBJECT_BYTES_MAX = 64 * MIB;

/** The oldest version of every object, under its key: what `aws s3 sync` would give where nothing was overwritten. */
export async function copyArchive(reader: StoreReader, target: string, signal: AbortSignal): Promise<void> {
  await rm(target, { recursive: true, force: true });
  for await (const { key, oldest } of listObjects(reader.listVersions('', { signal }), new FindingList())) {
    if (oldest === null) continue;
    const file = join(target, ...key.split('/'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await reader.read(key, oldest.versionId, { maxBytes: OBJECT_BYTES_MAX, signal }));
  }
}
