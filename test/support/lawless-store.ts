// How is an archive of the tests' own writer read as a store is?
import type { StoreReader } from '../../src/store/store.ts';
import type { LawlessArchive } from './lawless-archive.ts';

/** Ranges of bytes are cut from the whole object. */
export const lawlessStore = (archive: LawlessArchive): StoreReader => ({
  kind: archive.kind,
  description: 'an archive in memory',
  listVersions: (prefix, options) =>
    archive.listVersions(prefix, options) as ReturnType<StoreReader['listVersions']>,
  async *listPrefixes(prefix, signal) {
    signal?.throwIfAborted();
    const failure = archive.failures.get(`list:${prefix}`);
    if (failure !== undefined) throw failure;
    const below = archive.keys().filter((key) => key.startsWith(prefix));
    const names = below.flatMap((key) => {
      const end = key.indexOf('/', prefix.length);
      return end < 0 ? [] : [key.slice(0, end + 1)];
    });
    yield* new Set(names);
  },
  async read(key, versionId, { range, ...options }) {
    const bytes = await archive.read(
      key,
      versionId,
      range === undefined ? options : { ...options, maxBytes: 1e9 },
    );
    return range === undefined ? bytes : bytes.slice(range.start, range.end);
  },
  lock: (key, versionId) => archive.lock(key, versionId) as ReturnType<StoreReader['lock']>,
  hold: async () => 'not-applicable',
});
