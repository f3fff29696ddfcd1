// Which version of a key counts? FORMAT.md 2.5, and nowhere else in the code.

type ListedVersion = { readonly key: string; readonly marker: boolean };

/** Lists versions and delete markers by key, and oldest first within a key, as every store does. */
type VersionLister<V extends ListedVersion> = {
  listVersions(
    prefix: string,
    options: { readonly exact: true; readonly limit: 1; readonly signal?: AbortSignal },
  ): AsyncIterable<V>;
};

/**
 * Asked about each version of such a listing in turn: is it the one that counts at its key? That is the
 * oldest version which is not a delete marker, whatever its size or content.
 */
export function makeOldestFilter(): (version: ListedVersion) => boolean {
  let counted: string | null = null;
  return ({ key, marker }) => {
    if (marker || key === counted) return false;
    counted = key;
    return true;
  };
}

/** Of such a listing, the version that counts at each key. */
export async function* oldestVersions<V extends ListedVersion>(
  versions: AsyncIterable<V>,
): AsyncGenerator<V> {
  const counts = makeOldestFilter();
  for await (const version of versions) if (counts(version)) yield version;
}

/** The version that counts at one key; null where there is none, or only delete markers. */
export async function oldestVersion<V extends ListedVersion>(
  lister: VersionLister<V>,
  key: string,
  signal?: AbortSignal,
): Promise<V | null> {
  const options = { exact: true, limit: 1, ...(signal && { signal }) } as const;
  for await (const version of oldestVersions(lister.listVersions(key, options))) {
    if (version.key === key) return version;
  }
  return null;
}
