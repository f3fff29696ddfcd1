// What did CloudTrail record, in every Region? Its files lie in a bucket; digests show when it delivered.
import { utf8Text } from '../../base/bytes.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { nodeGunzip } from '../../base/node/decompress.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { StoreReader } from '../../store/store.ts';

/** CloudTrail's own files are smaller. A larger one becomes a dead letter, and its alarm rings. */
const STORED_BYTES_MAX = 16 * MIB;
const CONTENT_BYTES_MAX = 64 * MIB;
const DAY_MS = 86_400_000;

const RECORDS = /^AWSLogs\/(?:o-[a-z0-9]+\/)?\d{12}\/CloudTrail\/[^/]+\/\d{4}\/\d\d\/\d\d\/[^/]+\.json\.gz$/;

/** Not its digests, which have a folder beside it. */
export const isTrailFileKey = (key: string): boolean => RECORDS.test(key);

/** The parsed file. Rejects if it can't be read, since nothing is known then. */
export async function readTrailFile(
  store: Pick<StoreReader, 'listVersions' | 'read'>,
  key: string,
  signal?: AbortSignal,
): Promise<unknown> {
  const version = await oldestVersion(store, key, signal);
  if (version === null) {
    throw new LedgerstoneError('trail-file-not-there', `an event speaks of ${key}, which is not there`, {
      disposition: 'retriable',
      remedy: 'The event comes again. If it stays so, somebody removed the file: look at the bucket.',
    });
  }
  const options = { maxBytes: STORED_BYTES_MAX, ...(signal && { signal }) };
  const content = nodeGunzip(await store.read(key, version.versionId, options), CONTENT_BYTES_MAX);
  try {
    return JSON.parse(utf8Text(content));
  } catch (cause) {
    throw new FormatError(`${key} is not JSON`, 'malformed', cause);
  }
}

/** Where a trail's digests lie: its account and its own Region. */
export type TrailHome = { readonly account: string; readonly region: string };

/**
 * Where the files of an account lie: those of its own trails, and of trails of its organisation
 * (`AWSLogs/<organisation>/<account>/`).
 */
export async function* accountFolders(
  store: Pick<StoreReader, 'listPrefixes'>,
  account: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  yield `AWSLogs/${account}/`;
  for await (const folder of store.listPrefixes('AWSLogs/', signal)) {
    if (/^AWSLogs\/o-[a-z0-9]+\/$/.test(folder)) yield `${folder}${account}/`;
  }
}

/**
 * When CloudTrail delivered its newest digest of yesterday and today, or null if it delivered none. It writes
 * one an hour, also where nothing happened, so a trail that somebody stopped shows by its silence.
 */
export async function newestDigest(
  store: Pick<StoreReader, 'listVersions' | 'listPrefixes'>,
  { account, region }: TrailHome,
  nowMs: number,
  signal?: AbortSignal,
): Promise<number | null> {
  let newest: number | null = null;
  for await (const folder of accountFolders(store, account, signal)) {
    for (const dayMs of [nowMs - DAY_MS, nowMs]) {
      const day = new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '/');
      const prefix = `${folder}CloudTrail-Digest/${region}/${day}/`;
      for await (const { marker, lastModifiedMs } of store.listVersions(prefix, signal && { signal })) {
        if (!marker) newest = Math.max(newest ?? 0, lastModifiedMs);
      }
    }
  }
  return newest;
}
