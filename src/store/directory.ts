// How are the bytes of an archive kept in a directory, where nothing is WORM?
import type { Stats } from 'node:fs';
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { Semaphore } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import { momentOf } from './clock-offset.ts';
import {
  type Binary,
  binary,
  binaryOfKey,
  directoryError,
  directoryState,
  type Files,
  isCode,
  keyOfBinary,
  parentOf,
  pathOf,
  realFiles,
  realPath,
  syncDirectory,
} from './directory-files.ts';
import { mustExist, readFile, statOfKey, VERSION_ID } from './directory-read.ts';
import { directoriesWithFiles, type Walked, walk } from './directory-walk.ts';
import { DirectoryWriter } from './directory-write.ts';
import type { HoldWriter, ListOptions, ObjectVersion, Store } from './store.ts';

export type DirectoryOptions = {
  readonly path: string;
  /** Create a missing directory at the first use; else it is an error. For writers, never for verifiers. */
  readonly create?: boolean;
  readonly clock?: Clock;
  /** For tests: a file system whose steps fail. */
  readonly files?: Files;
};

/** Names of one directory held in memory at once, at most twice; a larger one is read in several passes. */
const WINDOW_MAX = 131_072;

/** Files open at once. */
const OPEN_MAX = 16;

/** Reads need no right to write: any local copy of a bucket will do. */
export function directoryStore(options: DirectoryOptions): Store & HoldWriter {
  const files = options.files ?? realFiles;
  const clock = options.clock ?? systemClock;
  const root = lazily(() => openRoot(files, options));
  const turns = new Semaphore(OPEN_MAX);
  const writer = new DirectoryWriter(files, root);
  return {
    kind: 'directory',
    description: options.path,
    putIfAbsent: (key, bytes, _lock, { signal } = {}) =>
      turns.run(
        async () => {
          const outcome = await writer.putIfAbsent(key, bytes, signal);
          return outcome === 'stored' ? { kind: 'stored', versionId: VERSION_ID } : { kind: 'exists' };
        },
        { signal },
      ),
    extendLock: async () => {},
    setHold: async (key) => {
      throw new LedgerstoneError('no-holds', `${key} can't be held: a directory has no legal holds`, {
        remedy: 'Keep the archive in a bucket with Object Lock.',
      });
    },
    listVersions: (prefix, list) => listVersions(files, root, prefix, list),
    listPrefixes: (prefix, signal) => listPrefixes(files, root, prefix, signal),
    read: (key, versionId, read) =>
      turns.run(async () => readFile(files, await root(), key, versionId, read), read),
    lock: async (key, versionId) => {
      await mustExist(files, await root(), key, versionId);
      return { kind: 'not-applicable' };
    },
    hold: async (key, versionId) => {
      await mustExist(files, await root(), key, versionId);
      return 'not-applicable';
    },
    clockOffset: () => ({ offsetMs: 0, measuredAt: momentOf(clock) }),
    close: async () => {},
  };
}

/** Runs once; a failure is tried again at the next use. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}

async function openRoot(files: Files, { path, create = false }: DirectoryOptions): Promise<Binary> {
  const wanted = binary(Buffer.from(resolve(path)));
  try {
    if (create) await makeRoot(files, wanted);
    // The root itself may be a link: it was named by the person who runs this.
    return await realPath(files, wanted);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw directoryError(error, `opening the archive ${path}`);
    throw new LedgerstoneError('no-archive', `there is no directory ${path}`, {
      remedy: 'Correct the path, or let ledgerstone init make it.',
      cause: error,
    });
  }
}

async function makeRoot(files: Files, root: Binary): Promise<void> {
  const first = await files.mkdir(pathOf(root), { recursive: true });
  if (first === undefined) return;
  // Each new name is synced into its parent, down from the first directory that was made.
  const above = parentOf(binary(Buffer.from(first)));
  for (let at = root; at.length > above.length; at = parentOf(at)) await syncDirectory(files, parentOf(at));
}

async function* listVersions(
  files: Files,
  root: () => Promise<Binary>,
  prefix: string,
  { startAfter, exact = false, limit = Number.POSITIVE_INFINITY, signal, onUnlisted }: ListOptions = {},
): AsyncGenerator<ObjectVersion> {
  const from = await root();
  if (exact || limit === 1) {
    // The key that is the prefix itself is the first of all: seen without reading its whole directory.
    const stats = await statOfKey(files, from, prefix);
    const wanted =
      stats !== null && (startAfter === undefined || binaryOfKey(prefix) > binaryOfKey(startAfter));
    if (wanted) yield versionOf(prefix, stats);
    if (exact || wanted) return;
  }
  let listed = 0;
  for await (const { key, stats } of filesUnder(files, from, prefix, {
    startAfter,
    limit,
    signal,
    onUnlisted,
  })) {
    if (listed >= limit) return;
    listed += 1;
    yield versionOf(keyOfBinary(key), stats);
  }
}

async function* listPrefixes(
  files: Files,
  root: () => Promise<Binary>,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const from = await root();
  const at = await startOf(files, from, prefix);
  if (at === null) return;
  for await (const directory of directoriesWithFiles(files, from, {
    prefix: at,
    windowMax: WINDOW_MAX,
    signal,
  })) {
    yield keyOfBinary(directory);
  }
}

/** The prefix as bytes; null when its last whole directory is not there or is reached through a link. */
async function startOf(files: Files, root: Binary, prefix: string): Promise<Binary | null> {
  const bytes = binaryOfKey(prefix);
  if (bytes.includes('\0')) return null;
  const directory = bytes.slice(0, Math.max(0, bytes.lastIndexOf('/')));
  if (directory === '') return bytes.startsWith('/') ? null : bytes;
  // `..`, `.` and empty segments fail here too: the real path is another.
  return (await directoryState(files, `${root}/${directory}` as Binary)) === 'there' ? bytes : null;
}

async function* filesUnder(
  files: Files,
  root: Binary,
  prefix: string,
  {
    startAfter,
    limit,
    signal,
    onUnlisted,
  }: {
    startAfter: string | undefined;
    limit: number;
    signal: AbortSignal | undefined;
    onUnlisted: ListOptions['onUnlisted'];
  },
): AsyncGenerator<Walked> {
  const at = await startOf(files, root, prefix);
  if (at === null) return;
  yield* walk(files, root, {
    prefix: at,
    // A reader of the first few names of a large directory need not hold them all.
    windowMax: Math.min(Math.max(limit, 64), WINDOW_MAX),
    startAfter: startAfter === undefined ? undefined : binaryOfKey(startAfter),
    signal,
    onUnlisted: onUnlisted && ((key, error) => onUnlisted(keyOfBinary(key), error)),
  });
}

const versionOf = (key: string, stats: Stats): ObjectVersion => ({
  key,
  versionId: VERSION_ID,
  marker: false,
  size: stats.isFile() ? stats.size : 0,
  lastModifiedMs: Math.floor(stats.mtimeMs),
  ...(stats.isFile() ? {} : { notAFile: true }),
});
