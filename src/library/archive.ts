// How does another program open an archive, for reading alone?
import { LedgerstoneError } from '../base/error.ts';
import { openForReading } from '../clients/open.ts';
import { storeFromName } from '../clients/store-from-name.ts';
import type { ReadableStore } from '../store/store.ts';

export type OpenOptions = {
  /** Of the bucket. Default: AWS_REGION or AWS_DEFAULT_REGION. */
  readonly region?: string;
  /** An S3-compatible server. Default: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. */
  readonly endpoint?: string;
};

const stores = new WeakMap<ReadOnlyArchive, ReadableStore>();

/** An archive that is open for reading: no method of it writes, and none gives a store that does. */
export class ReadOnlyArchive {
  /** For people: `s3://bucket/prefix` or a path. */
  readonly description: string;

  /** Use `openArchive`. */
  constructor(store: ReadableStore) {
    this.description = store.description;
    stores.set(this, store);
  }

  /** Ends connections. Calls under way fail. */
  async close(): Promise<void> {
    await storeBehind(this).close();
  }
}

/** Of `ReadOnlyArchive`s that this file made. */
export function storeBehind(archive: ReadOnlyArchive): ReadableStore {
  const store = stores.get(archive);
  if (store !== undefined) return store;
  throw new LedgerstoneError('usage', 'this is no archive that openArchive gave', { disposition: 'input' });
}

/**
 * Opens `s3://bucket/prefix` or a directory. Credentials of AWS come the usual way: environment, profile,
 * role. Close it at the end. Throws LedgerstoneError: `usage`, or `no-archive` if there is no such directory.
 */
export const openReadOnly = async (name: string, options: OpenOptions): Promise<ReadOnlyArchive> =>
  new ReadOnlyArchive(await openForReading(storeFromName(name, options, process.env)));
