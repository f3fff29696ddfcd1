// How does a key become a file inside the root, and never one outside?
import type { Stats } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { LedgerstoneError, WAIT } from '../base/error.ts';
import { keyBytes, keyText } from './key-bytes.ts';

/** What the directory store needs of a file system, so that tests can make each step fail. */
export type Files = Pick<
  typeof nodeFiles,
  'open' | 'link' | 'unlink' | 'mkdir' | 'lstat' | 'realpath' | 'opendir'
>;

export const realFiles: Files = nodeFiles;

/**
 * Names are raw bytes on disk. They are handled as binary text, one character for each byte: JavaScript's own
 * order of such text is byte order, and no name is lost for not being UTF-8.
 */
export type Binary = string & { readonly binary: unique symbol };

export const binary = (bytes: Uint8Array): Binary => Buffer.from(bytes).toString('latin1') as Binary;
export const binaryOfKey = (key: string): Binary => binary(keyBytes(key));
export const keyOfBinary = (text: string): string => keyText(Buffer.from(text, 'latin1'));
export const pathOf = (text: Binary): Buffer => Buffer.from(text, 'latin1');

/** Where new files are written before they get their name. Leftovers of a crash in it are no objects. */
export const PARTIAL_DIRECTORY = '.partial';
export const PARTIAL_NAME = /^[0-9]+-[0-9a-f]{32}\.partial$/;

/** A key that a path can carry. Others can't lie in a directory: they are never found and never stored. */
export function isPathKey(key: string): boolean {
  const segments = binaryOfKey(key).split('/');
  return (
    !key.includes('\0') &&
    segments.every(
      (segment) => segment !== '' && segment !== '.' && segment !== '..' && segment.length <= 255,
    )
  );
}

/** The file of a key. `root` is real (no links in it) and does not end with a slash. */
export const fileOf = (root: Binary, key: string): Binary => `${root}/${binaryOfKey(key)}` as Binary;

export const parentOf = (path: Binary): Binary => path.slice(0, path.lastIndexOf('/')) as Binary;

/**
 * `linked`: some directory on the way to it is a link, so that it would lie elsewhere. Somebody who swaps
 * directories for links at this very moment can still make us read a file of theirs; its bytes are checked
 * like any others.
 */
export async function directoryState(files: Files, path: Binary): Promise<'there' | 'absent' | 'linked'> {
  try {
    return (await realPath(files, path)) === path ? 'there' : 'linked';
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    if (isCode(error, 'ELOOP')) return 'linked';
    throw directoryError(error, `looking at ${show(path)}`);
  }
}

/** With `/` between names, on Windows too. */
export async function realPath(files: Files, path: Binary): Promise<Binary> {
  const real = binary(await files.realpath(pathOf(path), { encoding: 'buffer' }));
  return process.platform === 'win32' ? (real.replaceAll('\\', '/') as Binary) : real;
}

/** Puts a directory's names on disk. */
export async function syncDirectory(files: Files, path: Binary): Promise<void> {
  // Windows has no such call; its file system keeps names in a journal.
  if (process.platform === 'win32') return;
  const handle = await files.open(pathOf(path), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of the thing itself, never of what it links to; null when there is none. */
export async function statOf(files: Files, path: Binary): Promise<Stats | null> {
  try {
    return await files.lstat(pathOf(path));
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return null;
    throw directoryError(error, `looking at ${show(path)}`);
  }
}

export const show = (path: Binary): string => pathOf(path).toString('utf8');

export const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

/** What a failed system call means to the caller. */
export function directoryError(cause: unknown, doing: string): unknown {
  const system = (cause as NodeJS.ErrnoException).code;
  // Why a call was stopped, or a bug: no file system said that.
  if (cause instanceof LedgerstoneError || typeof system !== 'string') return cause;
  const { code, remedy, retriable } = meaningOf(system);
  return new LedgerstoneError(code, `${doing}: ${(cause as Error).message}`, {
    disposition: retriable === true ? 'retriable' : 'fatal',
    remedy,
    cause,
  });
}

function meaningOf(system: string): { code: string; remedy: string; retriable?: boolean } {
  switch (system) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'disk-full',
        remedy: 'Free space and start again: what was sealed is whole, nothing half-written is part of it.',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'not-permitted',
        remedy: 'Give this user the right to it; for EPERM on link: use a file system with hard links.',
      };
    case 'EROFS':
      return { code: 'not-permitted', remedy: 'The file system is mounted read-only.' };
    case 'ENOTSUP':
    case 'EXDEV':
    case 'EMLINK':
      return { code: 'no-hard-links', remedy: 'Put the archive on one file system that has hard links.' };
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ELOOP':
      return {
        code: 'not-a-file',
        remedy:
          'Something else than a file or directory of the archive stands in the way: look at it and move it.',
      };
    case 'EMFILE':
    case 'ENFILE':
    case 'EAGAIN':
    case 'EBUSY':
      return {
        code: 'busy',
        remedy: `Too much at once on this machine. ${WAIT}`,
        retriable: true,
      };
    default:
      return {
        code: 'io-error',
        remedy: 'The disk or the file system reports trouble: look at the system log.',
      };
  }
}
