// Which versions and delete markers lie under a prefix of a bucket?
import {
  type DeleteMarkerEntry,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type ObjectVersion as S3Version,
} from '@aws-sdk/client-s3';
import { LedgerstoneError } from '../base/error.ts';
import { compareKeys } from './key-bytes.ts';
import { KeyVersions, type Listed } from './key-versions.ts';
import type { S3Connection } from './s3-connection.ts';
import type { ListOptions, ObjectVersion } from './store.ts';

const PAGE_MAX = 1000;

/**
 * A key's versions may run over any number of pages, newest first: a key is held back until the next one
 * begins.
 */
export async function* listS3Versions(
  s3: S3Connection,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ObjectVersion> {
  const { startAfter, exact = false, limit = Number.POSITIVE_INFINITY, signal } = options;
  if (limit < 1) return;
  let open: KeyVersions | null = null;
  let keys = 0;
  for await (const page of pages(s3, { prefix, startAfter, limit, signal })) {
    for (const entry of page.entries) {
      if (startAfter !== undefined && compareKeys(entry.key, startAfter) <= 0) continue;
      if (open !== null && open.key !== entry.key) {
        if (compareKeys(open.key, entry.key) > 0)
          throw misbehaves(s3, `lists ${entry.key} after ${open.key}`);
        yield* open.oldestFirst();
        open = null;
        keys += 1;
        if (keys >= limit) return;
      }
      // The key itself is the first of all keys that begin with it.
      if (exact && entry.key !== prefix) return;
      open ??= new KeyVersions(entry.key);
      open.add(entry);
    }
  }
  if (open !== null) yield* open.oldestFirst();
}

/** Of markers too: an object list would hide a chain whose every object was "deleted". */
export async function* listS3Prefixes(
  s3: S3Connection,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  let last: string | null = null;
  for await (const page of pages(s3, { prefix, delimiter: '/', limit: PAGE_MAX, signal })) {
    for (const name of page.prefixes) {
      // A page may begin with the common prefix that the last one ended with.
      if (last === null || compareKeys(name, last) > 0) yield name;
      last = name;
    }
  }
}

/** By key; newest first among the versions of a key, and among its markers. */
type Page = { readonly entries: readonly Listed[]; readonly prefixes: readonly string[] };

type PageRequest = {
  readonly prefix: string;
  readonly delimiter?: string;
  readonly startAfter?: string | undefined;
  /** So many keys are wanted. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

async function* pages(s3: S3Connection, request: PageRequest): AsyncGenerator<Page> {
  const archive = s3.options.prefix;
  let keyMarker = request.startAfter === undefined ? undefined : archive + request.startAfter;
  let versionMarker: string | undefined;
  // Who wants a few keys gets a small page first; one key with many versions then comes in full pages.
  let pageSize = Math.min(PAGE_MAX, request.limit * 2 + 8);
  for (;;) {
    const answer = await listOnce(s3, request.signal, {
      Prefix: archive + request.prefix,
      MaxKeys: pageSize,
      Delimiter: request.delimiter,
      KeyMarker: keyMarker,
      VersionIdMarker: versionMarker,
    });
    yield readPage(s3, answer);
    if (answer.IsTruncated !== true) return;
    const nextKey = nextMarker(s3, answer);
    const nextVersion = answer.NextVersionIdMarker === '' ? undefined : answer.NextVersionIdMarker;
    if (nextKey === undefined || (nextKey === keyMarker && nextVersion === versionMarker)) {
      throw misbehaves(s3, `says that a list goes on after "${keyMarker ?? ''}" but not where`);
    }
    keyMarker = nextKey;
    versionMarker = nextVersion;
    pageSize = PAGE_MAX;
  }
}

type ListInput = Pick<
  ListObjectVersionsCommandInput,
  'Prefix' | 'MaxKeys' | 'Delimiter' | 'KeyMarker' | 'VersionIdMarker'
>;

/**
 * Keys come URL-encoded, since XML can't carry every character of a key. Some servers (LocalStack 4) then
 * compare encoded keys with the marker as sent and leave out keys; such a server returns the marker
 * unencoded. From it keys are requested plain.
 */
async function listOnce(
  s3: S3Connection,
  signal: AbortSignal | undefined,
  input: ListInput,
): Promise<ListObjectVersionsCommandOutput> {
  const call = { operation: 'ListObjectVersions', key: input.Prefix ?? '', signal };
  const list = (encoding: { EncodingType?: 'url' }) =>
    s3.run(call, (http) =>
      s3.client.send(new ListObjectVersionsCommand({ ...s3.target, ...input, ...encoding }), http),
    );
  if (s3.listing.plainKeys) return list({});
  const answer = await list({ EncodingType: 'url' });
  const { KeyMarker: sent } = input;
  if (sent === undefined || answer.KeyMarker !== sent || !NEEDS_ENCODING.test(sent)) return answer;
  s3.listing.plainKeys = true;
  return list({});
}

const NEEDS_ENCODING = /[^A-Za-z0-9/._~*-]/;

/**
 * Some servers encode it like the keys, some don't: it is the last thing listed, which tells the two apart.
 */
function nextMarker(s3: S3Connection, answer: ListObjectVersionsCommandOutput): string | undefined {
  const { NextKeyMarker: text } = answer;
  const last = [
    answer.Versions?.at(-1)?.Key,
    answer.DeleteMarkers?.at(-1)?.Key,
    answer.CommonPrefixes?.at(-1)?.Prefix,
  ];
  const isLast = last.some((key) => key !== undefined && decodeKey(s3, answer, key) === text);
  return text === undefined || isLast ? text : decodeKey(s3, answer, text);
}

function readPage(s3: S3Connection, answer: ListObjectVersionsCommandOutput): Page {
  // Without this member it is no list, but some error that came with status 200; taken for an empty list it
  // would say "no archive here".
  if (answer.IsTruncated === undefined) {
    throw new LedgerstoneError(
      'bad-answer',
      `S3 answered a list of ${s3.options.bucket} with something else`,
      {
        disposition: 'retriable',
      },
    );
  }
  const listed = (entry: S3Version | DeleteMarkerEntry, size: number | null | undefined): Listed => {
    const { Key, VersionId, LastModified } = entry;
    if (Key === undefined || VersionId === undefined || LastModified === undefined || size === undefined)
      throw misbehaves(s3, 'lists a version without key, id, time or size');
    return {
      key: withoutPrefix(s3, decodeKey(s3, answer, Key)),
      versionId: VersionId,
      marker: size === null,
      size: size ?? 0,
      lastModifiedMs: LastModified.getTime(),
      latest: entry.IsLatest === true,
    };
  };
  const versions = (answer.Versions ?? []).map((version) => listed(version, version.Size));
  const markers = (answer.DeleteMarkers ?? []).map((marker) => listed(marker, null));
  return {
    // A stable sort: the order within a key stays S3's.
    entries: [...versions, ...markers].sort((a, b) => compareKeys(a.key, b.key)),
    prefixes: (answer.CommonPrefixes ?? [])
      .map((common) => withoutPrefix(s3, decodeKey(s3, answer, common.Prefix ?? '')))
      .sort(compareKeys),
  };
}

/**
 * S3 writes a space as `+` and a plus as `%2B`. A server that does not know EncodingType says nothing of it.
 */
function decodeKey(s3: S3Connection, answer: ListObjectVersionsCommandOutput, text: string): string {
  if (answer.EncodingType !== 'url') return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw misbehaves(s3, `lists a key that can't be decoded: ${text}`);
  }
}

function withoutPrefix(s3: S3Connection, key: string): string {
  if (!key.startsWith(s3.options.prefix))
    throw misbehaves(s3, `lists ${key}, which is outside ${s3.options.prefix}`);
  return key.slice(s3.options.prefix.length);
}

const misbehaves = (s3: S3Connection, what: string): LedgerstoneError =>
  new LedgerstoneError('store-misbehaves', `the store of bucket ${s3.options.bucket} ${what}`, {
    remedy: 'It does not do what S3 does: use another server, or report this with its name and version.',
  });
