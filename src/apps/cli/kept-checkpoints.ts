// `verify --keep FILE`: how does one run leave its verified checkpoints to the next one?

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, lstat, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalBytes, utf8, utf8Text } from '../../base/bytes.ts';
import { counted, countText } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { parseSignedCheckpoint } from '../../format/note.ts';
import { readInput } from './bounded-input.ts';
import { CHECKPOINTS_BYTES_MAX, parseCheckpoints } from './checkpoint-file.ts';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';
import type { Io } from './output.ts';

export type Kept = {
  readonly file: string;
  /** Null: there is no file yet, so this is the first run. */
  readonly bytes: Uint8Array | null;
  readonly notes: readonly Uint8Array[];
  /** How many of them can contradict an archive: one of size 0 says nothing (FORMAT.md 9.6.2). */
  readonly compared: number;
};

/**
 * Throws UsageError where the file is not what a run has kept, or could not be written in the end: that is
 * known before hours of verifying.
 */
export async function readKept({ stdin }: Pick<Io, 'stdin'>, name: string): Promise<Kept> {
  if (name === '-') throw new UsageError('--keep needs a file', 'Use --checkpoints for standard output.');
  const isThere = await stat(name).then(
    (found) => {
      if (found.isFile()) return true;
      throw new UsageError(
        `${name} is not a file`,
        'Give --keep the name of a file, which need not exist yet.',
      );
    },
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw fileError(`can't read the checkpoints ${name}`, error);
    },
  );
  const isLink =
    !isThere &&
    (await lstat(name).then(
      () => true,
      () => false,
    ));
  if (isLink)
    throw new UsageError(`${name} is a link to nothing`, 'Remove it, or the file that it means is lost.');
  const file = isThere ? await realpath(name) : name;
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw fileError(`nothing can be kept in ${dirname(file)}`, error);
  });
  if (!isThere) return { file, bytes: null, notes: [], compared: 0 };
  const bytes = await readInput(stdin, file, CHECKPOINTS_BYTES_MAX, 'checkpoint');
  if (bytes.length === 0) {
    throw new UsageError(
      `${name} is empty`,
      'No run leaves it so: it was lost. Restore it, or remove it to begin anew.',
    );
  }
  const notes = parseCheckpoints(bytes, name);
  return { file, bytes, notes, compared: notes.filter((note) => checkpointOf(note).size > 0).length };
}

export type KeepOutcome = 'kept' | 'unchanged' | 'changed-meanwhile';

/**
 * Call it only after a verdict of `verified` that all of `kept.notes` were compared for. The file is replaced
 * as a whole or not at all, also if this process dies, and never where another run has written it meanwhile.
 */
export async function writeKept(
  { file, bytes, notes }: Kept,
  verified: readonly string[],
): Promise<KeepOutcome> {
  const origins = new Set(verified.map((note) => checkpointOf(utf8(note)).origin));
  // What says nothing of this archive's chains is left to the next run.
  const others = notes.filter((note) => !origins.has(checkpointOf(note).origin)).map(utf8Text);
  const next = utf8([...verified, ...others].join('\n'));
  if (bytes !== null && equalBytes(bytes, next)) return 'unchanged';
  const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const handle = await open(partial, 'wx');
    try {
      await handle.writeFile(next);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (bytes === null) {
      // Fails where there is a file by now.
      await link(partial, file);
    } else {
      const now = await readNow(file);
      if (now === null || !equalBytes(now, bytes)) return 'changed-meanwhile';
      await rename(partial, file);
    }
    await syncFolder(dirname(file));
    return 'kept';
  } catch (error) {
    if (bytes === null && (error as NodeJS.ErrnoException).code === 'EEXIST') return 'changed-meanwhile';
    const { message, remedy } = fileError(`${file} could not be written`, error);
    throw new LedgerstoneError('not-kept', message, { ...(remedy !== undefined && { remedy }) });
  } finally {
    await rm(partial, { force: true });
  }
}

const checkpointOf = (note: Uint8Array) => parseSignedCheckpoint(note).checkpoint;

const readNow = (file: string): Promise<Uint8Array | null> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });

/** So that the new name outlives a crash of the machine too. Some systems can't open a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** What a run says of the file, beside its verdict. */
export function keptText({ file, bytes, notes, compared }: Kept, outcome: KeepOutcome | null): string {
  const empty = notes.length - compared;
  const but = empty === 0 ? '' : ` (${countText(empty)} more of size 0, which rules nothing out)`;
  const before =
    bytes === null
      ? `first run: ${file} was not there, so nothing was compared with it`
      : `compared with ${counted(compared, 'checkpoint')} of ${file}${but}`;
  const then =
    outcome === null
      ? bytes === null
        ? 'not verified: nothing was kept'
        : 'not verified: it was left as it is'
      : TEXT_OF[outcome];
  return `${before}; ${then}`;
}

const TEXT_OF: Readonly<Record<KeepOutcome, string>> = {
  kept: 'the checkpoints of now are kept there',
  unchanged: 'it holds the checkpoints of now',
  'changed-meanwhile': 'another run has written it meanwhile, so it was left as that one wrote it',
};
