// How does the verifier keep a locked, create-only note in its own bucket, and find the newest one?
import type { z } from 'zod';
import { utf8Text } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { FormatError, LedgerstoneError } from '../base/error.ts';
import { afterPeriod, type Period } from '../base/period.ts';
import { oldestVersions } from '../format/oldest-version.ts';
import type { Lock, PutOutcome, StoreReader, StoreWriter } from '../store/store.ts';
import type { ArchiveReader } from '../verify/archive-reader.ts';
import { type NoteKeys, type NoteSigning, openNote, signNote } from './signed-notes.ts';

/** An object at the key of a note that is none. */
export type ForeignNote = { readonly key: string; readonly versionId: string; readonly why: string };

/** The version of a file, or of an object that is older than the bucket's versioning. Those can change. */
export const REPLACEABLE = 'null';

export type OwnBucket = {
  readonly store: Pick<StoreReader, 'listVersions' | 'listPrefixes' | 'read'> &
    Pick<StoreWriter, 'putIfAbsent'>;
  readonly retention: { readonly mode: Lock['mode']; readonly period: Period };
  readonly clock: Clock;
  readonly signing: NoteSigning;
  /** Hears of objects that were passed over in a search for a note. */
  readonly onForeign?: (notes: readonly ForeignNote[]) => Promise<void>;
};

type PutTools = Pick<OwnBucket, 'retention' | 'clock'> & { readonly store: Pick<StoreWriter, 'putIfAbsent'> };

/** A note that was listed. */
export type ListedNote<K> = {
  readonly key: string;
  readonly versionId: string;
  /** Stored bytes. */
  readonly size: number;
  readonly parsed: K;
};

/**
 * Foreign objects that are passed over in a search for a note. Others who may write there could add any
 * number.
 */
export const FOREIGN_MAX = 50;

/**
 * One object under its key, locked for the whole period from now on. `exists`: another run was first. Even
 * `stored` does not say that this is the version that counts: a delete marker makes the key free again.
 */
export function putLocked(
  { store, retention, clock }: PutTools,
  key: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<PutOutcome> {
  const untilMs = Math.ceil(afterPeriod(clock.now(), retention.period) / 1000) * 1000;
  const lock = { mode: retention.mode, untilMs };
  return store.putIfAbsent(key, bytes, lock, signal === undefined ? {} : { signal });
}

/** The same of a note, which is signed first. Rejects if it could not be signed, and nothing is put then. */
export async function putNote(
  bucket: PutTools & Pick<OwnBucket, 'signing'>,
  key: string,
  content: Uint8Array,
  signal?: AbortSignal,
): Promise<PutOutcome> {
  return putLocked(bucket, key, await signNote(bucket.signing, bucket.clock, key, content, signal), signal);
}

/**
 * Notes below a prefix, ascending by key. Other objects, delete markers and later versions hide none of them.
 */
export async function* listNotes<K>(
  store: Pick<ArchiveReader, 'listVersions'>,
  prefix: string,
  parseKey: (key: string) => K | null,
  options: { readonly startAfter?: string; readonly signal?: AbortSignal } = {},
): AsyncGenerator<ListedNote<K>> {
  for await (const { key, versionId, size } of oldestVersions(store.listVersions(prefix, options))) {
    const parsed = parseKey(key);
    if (parsed !== null) yield { key, versionId, size, parsed };
  }
}

/** Throws FormatError for an object that can't be a note, because it is too long for instance. */
export async function readObject(
  store: Pick<ArchiveReader, 'read'>,
  { key, versionId }: Pick<ListedNote<unknown>, 'key' | 'versionId'>,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return store.read(key, versionId, { maxBytes, ...(signal && { signal }) }).catch((error: unknown) => {
    if (!(error instanceof LedgerstoneError) || error.disposition !== 'input') throw error;
    throw new FormatError(error.message);
  });
}

/** The content of a note. Throws FormatError for all that this verifier has not signed for that key. */
export async function readNote(
  store: Pick<ArchiveReader, 'read'>,
  keys: NoteKeys,
  note: Pick<ListedNote<unknown>, 'key' | 'versionId'>,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return openNote(keys, note.key, await readObject(store, note, maxBytes, signal));
}

/** Members that the schema does not name are ignored. Throws FormatError. */
export function parseNote<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError(`${what} that is not JSON`, 'malformed', cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new FormatError(`${what} that is malformed: ${where}${issue?.message ?? ''}`);
}

/**
 * The first of these notes that `open` accepts; null when it accepts none. `open` throws FormatError for a
 * foreign object: at most `foreignMax` of them are passed over, and the first ones are handed to `onForeign`.
 */
export async function firstNote<K, T>(
  notes: readonly ListedNote<K>[],
  open: (note: ListedNote<K>) => Promise<T>,
  {
    foreignMax = FOREIGN_MAX,
    onForeign,
  }: { readonly foreignMax?: number; readonly onForeign?: OwnBucket['onForeign'] | undefined } = {},
): Promise<{ readonly parsed: K; readonly content: T } | null> {
  const foreign: ForeignNote[] = [];
  let found: { readonly parsed: K; readonly content: T } | null = null;
  for (const note of notes.slice(0, foreignMax)) {
    try {
      found = { parsed: note.parsed, content: await open(note) };
      break;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const { key, versionId } = note;
      if (foreign.length < FOREIGN_MAX) foreign.push({ key, versionId, why: error.message });
    }
  }
  if (foreign.length > 0) await onForeign?.(foreign);
  return found;
}
