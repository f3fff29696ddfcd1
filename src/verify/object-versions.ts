// What lies at each key besides the version that counts?
import { makeOldestFilter } from '../format/oldest-version.ts';
import type { ArchiveVersion } from './archive-reader.ts';
import type { FindingList } from './finding-list.ts';

/** One key with the version that counts: the oldest. Null when there are only delete markers. */
export type ListedObject = { readonly key: string; readonly oldest: ArchiveVersion | null };

/**
 * Objects in key order, in bounded memory. A delete marker never changes what is committed, and a later
 * version is never part of the archive. Both are attempts, and are reported here.
 */
export async function* listObjects(
  versions: AsyncIterable<ArchiveVersion>,
  findings: FindingList,
): AsyncGenerator<ListedObject> {
  let key: string | null = null;
  let oldest: ArchiveVersion | null = null;
  const counts = makeOldestFilter();
  for await (const version of versions) {
    if (version.key !== key) {
      if (key !== null) yield { key, oldest };
      key = version.key;
      oldest = null;
    }
    const place = { key: version.key, versionId: version.versionId };
    if (version.marker) {
      findings.add({ code: 'delete-marker', expected: null, found: 'a delete marker' }, place);
    } else if (counts(version)) {
      oldest = version;
    } else {
      findings.add({ code: 'extra-version', expected: 'one version', found: 'a newer one' }, place);
    }
    if (version.newerOmitted !== undefined && version.newerOmitted > 0) {
      const found = `${version.newerOmitted} newer versions and markers, not listed`;
      findings.add({ code: 'extra-version', expected: 'one version', found }, { key: version.key });
    }
  }
  if (key !== null) yield { key, oldest };
}

/** Reports a key at which nothing belongs. */
export function addForeign(findings: FindingList, { key, oldest }: ListedObject, expected: string): void {
  const found = oldest === null ? 'delete markers' : `${oldest.size} bytes`;
  findings.add({ code: 'foreign-object', expected, found }, { key, versionId: oldest?.versionId ?? null });
}
