// How are the bytes of one file read, and never those of another?
import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { assert } from '../base/assert.ts';
import { LedgerstoneError } from '../base/error.ts';
import {
  type Binary,
  directoryError,
  directoryState,
  type Files,
  fileOf,
  isCode,
  isPathKey,
  parentOf,
  pathOf,
  show,
  statOf,
} from './directory-files.ts';
import type { ReadOptions } from './store.ts';

/**
 * Each key has at most one version here, and this is its id: what S3 calls a version of a bucket without
 * versions.
 */
export const VERSION_ID = 'null';

/** Of the object at that key; null when there is none, also when the key can't be a path. */
export async function statOfKey(files: Files, root: Binary, key: string): Promise<Stats | null> {
  if (!isPathKey(key)) return null;
  const path = fileOf(root, key);
  if ((await directoryState(files, parentOf(path))) !== 'there') return null;
  const stats = await statOf(files, path);
  return stats === null || stats.isDirectory() ? null : stats;
}

export async function mustExist(files: Files, root: Binary, key: string, versionId: string): Promise<void> {
  if (versionId === VERSION_ID && (await statOfKey(files, root, key)) !== null) return;
  throw notFound(root, key);
}

const notFound = (root: Binary, key: string) =>
  new LedgerstoneError('not-found', `there is no ${key} in ${show(root)}`, {
    remedy: 'The file is not there (any more); verify the archive.',
  });

export async function readFile(
  files: Files,
  root: Binary,
  key: string,
  versionId: string,
  options: ReadOptions,
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  await mustExist(files, root, key, versionId);
  const path = fileOf(root, key);
  let handle: FileHandle | null = null;
  try {
    // Not through a link, and without waiting for the other end of a pipe.
    handle = await files.open(pathOf(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw notAFile(key);
    return await readRange(handle, key, stats.size, options);
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) throw notFound(root, key);
    // A link, a socket, a device without a driver.
    if (isCode(error, 'ELOOP', 'ENXIO', 'EMLINK', 'EOPNOTSUPP')) throw notAFile(key);
    throw directoryError(error, `reading ${show(path)}`);
  } finally {
    await handle?.close();
  }
}

const notAFile = (key: string) =>
  new LedgerstoneError('not-a-file', `${key} is a link or a device, not a file`, { disposition: 'input' });

async function readRange(
  handle: FileHandle,
  key: string,
  size: number,
  { maxBytes, range, signal }: ReadOptions,
): Promise<Uint8Array> {
  assert(
    range === undefined || (range.start >= 0 && range.end > range.start),
    'a range has at least one byte',
  );
  const { start, end } = range ?? { start: 0, end: size };
  if (end - start > maxBytes) {
    const message = `${key} has ${end - start} bytes, more than the ${maxBytes} that it may have`;
    throw new LedgerstoneError('too-large', message, { disposition: 'input' });
  }
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) {
      throw new LedgerstoneError('out-of-range', `${key} ends at ${start + at}, before ${end}`, {
        disposition: 'input',
      });
    }
    at += bytesRead;
  }
  return bytes;
}
