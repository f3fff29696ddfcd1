// Which files lie below a root, in the order of their whole keys, however many there are?
import type { Dirent, Stats } from 'node:fs';
import {
  type Binary,
  directoryError,
  type Files,
  isCode,
  PARTIAL_DIRECTORY,
  PARTIAL_NAME,
  pathOf,
  show,
  statOf,
} from './directory-files.ts';

/** A file, or anything else that is no directory: links and devices are listed, never followed or opened. */
export type Walked = { readonly key: Binary; readonly stats: Stats };

type WalkOptions = {
  readonly prefix: Binary;
  readonly startAfter?: Binary | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with what can't be looked at below the prefix, which is passed by. Without it, it is thrown. */
  readonly onUnlisted?: ((key: Binary, error: Error) => void) | undefined;
  /** Names of one directory held in memory at once, at most twice. */
  readonly windowMax: number;
};

/**
 * A name as it sorts: a directory's ends with `/`, for its files' keys go on with it (`a-` < `a/b` < `a0`).
 */
type SortName = string;

/** A directory being walked: its names in order, a window at a time. */
type Level = { readonly directory: Binary; names: SortName[]; at: number; readonly more: boolean };

/**
 * Sorting by name in each directory is not enough: `a/b` comes after `a-` but before `a0`. With the slash as
 * part of a directory's name the walk in depth yields the keys' own byte order. `root` ends without a slash;
 * keys are relative.
 */
export async function* walk(files: Files, root: Binary, options: WalkOptions): AsyncGenerator<Walked> {
  const { prefix, signal } = options;
  // Everything that begins with the prefix lies below its last whole directory.
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1) as Binary;
  const levels = [await readLevel(files, root, start, '', options)];
  for (;;) {
    signal?.throwIfAborted();
    const level = levels.at(-1);
    if (level === undefined) return;
    const name = level.names[level.at];
    if (name === undefined) {
      levels.pop();
      const last = level.names.at(-1);
      if (level.more && last !== undefined)
        levels.push(await readLevel(files, root, level.directory, last, options));
    } else if (name.endsWith('/')) {
      level.at += 1;
      const directory = (level.directory + name) as Binary;
      const below = await passingBy(directory, options, () => readLevel(files, root, directory, '', options));
      if (below !== null) levels.push(below);
    } else {
      yield* await statRun(files, root, level, options);
    }
  }
}

/** Null: it can't be looked at, and `onUnlisted` was called. */
async function passingBy<T>(
  key: Binary,
  { onUnlisted }: WalkOptions,
  look: () => Promise<T>,
): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (onUnlisted === undefined || !(error instanceof Error)) throw error;
    onUnlisted(key, error);
    return null;
  }
}

/**
 * The directories right below the prefix that hold a file at any depth, each with its slash: what S3 calls
 * common prefixes. One that can't be looked at is among them: it may hold files.
 */
export async function* directoriesWithFiles(
  files: Files,
  root: Binary,
  options: WalkOptions,
): AsyncGenerator<Binary> {
  const { prefix } = options;
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1) as Binary;
  let after = '';
  for (;;) {
    const level = await readLevel(files, root, start, after, options);
    for (const name of level.names) {
      if (!name.endsWith('/')) continue;
      const directory = (start + name) as Binary;
      if (await mayHoldFiles(files, root, { ...options, prefix: directory, windowMax: 64 })) yield directory;
    }
    after = level.names.at(-1) ?? '';
    if (!level.more) return;
  }
}

async function mayHoldFiles(files: Files, root: Binary, options: WalkOptions): Promise<boolean> {
  let mayHold = false;
  const onUnlisted = () => {
    mayHold = true;
  };
  try {
    for await (const _ of walk(files, root, { ...options, onUnlisted })) return true;
  } catch {
    options.signal?.throwIfAborted();
    return true;
  }
  return mayHold;
}

/** Looks at the files up to the next directory, some at a time. */
async function statRun(files: Files, root: Binary, level: Level, options: WalkOptions): Promise<Walked[]> {
  const run: Binary[] = [];
  for (; run.length < 64; level.at += 1) {
    const name = level.names[level.at];
    if (name === undefined || name.endsWith('/')) break;
    run.push((level.directory + name) as Binary);
  }
  const found = await Promise.all(
    run.map(async (key) => ({
      key,
      stats: await passingBy(key, options, () => statOf(files, `${root}/${key}` as Binary)),
    })),
  );
  // Gone since it was listed, or a directory now.
  return found.filter(
    (file): file is Walked =>
      file.stats !== null && !file.stats.isDirectory() && !isPartial(file.key, file.stats),
  );
}

/**
 * The next names of a directory after `after`, as many as the window holds, sorted. One pass over it for each
 * window.
 */
async function readLevel(
  files: Files,
  root: Binary,
  directory: Binary,
  after: SortName,
  { prefix, startAfter = '' as Binary, windowMax }: WalkOptions,
): Promise<Level> {
  let names: SortName[] = [];
  let more = false;
  const shrink = () => {
    names.sort();
    if (names.length > windowMax) {
      names = names.slice(0, windowMax);
      more = true;
    }
  };
  for await (const entry of entriesOf(files, `${root}/${directory}` as Binary)) {
    const name: SortName = entry.isDirectory() ? `${entry.name}/` : entry.name;
    const key = directory + name;
    if (name <= after || !canHold(key, prefix) || isBehind(key, startAfter)) continue;
    names.push(name);
    if (names.length >= windowMax * 2) shrink();
  }
  shrink();
  return { directory, names, at: 0, more };
}

/** A file of the prefix, or a directory on the way to it or below it. */
const canHold = (key: string, prefix: string): boolean =>
  key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key));

/** Neither greater than `startAfter` nor a directory that holds something greater. */
const isBehind = (key: string, startAfter: string): boolean =>
  key <= startAfter && !(key.endsWith('/') && startAfter.startsWith(key));

async function* entriesOf(files: Files, path: Binary): AsyncGenerator<Dirent> {
  try {
    // `latin1` gives the raw bytes of each name, one character a byte.
    yield* await files.opendir(pathOf(path), { encoding: 'latin1', bufferSize: 256 });
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return;
    throw directoryError(error, `listing ${show(path)}`);
  }
}

/**
 * Half-written files of a crash or of a writer at work. Anything else in that directory is listed like all.
 */
function isPartial(key: Binary, stats: Stats): boolean {
  const [directory, name = '', ...deeper] = key.split('/');
  return directory === PARTIAL_DIRECTORY && deeper.length === 0 && PARTIAL_NAME.test(name) && stats.isFile();
}
