// What can the user do where a file that the command line names can't be read or written?
import { messageOf } from '../../base/error.ts';
import { UsageError } from './exit-code.ts';

const REMEDY_OF: Readonly<Record<string, string>> = {
  EACCES: 'This user has no right to it: look at the rights of the file and of the folders above it.',
  EEXIST: 'Something else has that name already: give another one.',
  EISDIR: 'That is a folder: give the name of a file.',
  ELOOP: 'Its links lead in a circle: give the name of the file itself.',
  ENAMETOOLONG: 'Give a shorter name.',
  ENOENT: 'There is no such file or folder: check the name. A relative one begins at the current folder.',
  ENOSPC: 'The disk is full: free space.',
  ENOTDIR: 'A part of the path before the last one is no folder: check the name.',
  EPERM: 'This user has no right to it: look at the rights of the file and of the folders above it.',
  EROFS: 'The file system is mounted read-only: give a name on another one.',
};

const OTHER = 'The disk or the file system reports trouble: look at the system log.';

/** `doing` stands before the system's own words: `can't read the checkpoint x`. */
export function fileError(doing: string, cause: unknown): UsageError {
  const { code = '' } = cause as { readonly code?: string };
  return new UsageError(`${doing}: ${messageOf(cause)}`, REMEDY_OF[code] ?? OTHER);
}
