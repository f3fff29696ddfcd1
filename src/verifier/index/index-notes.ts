// Which indexes of a segment lie in the verifier's own bucket, and how does one get there?
import { equalBytes } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import {
  encodeIndex,
  INDEX_BYTES_MAX,
  type IndexedField,
  parseIndex,
  type SegmentIndex,
} from '../../read/find/index/segment-index.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import {
  type ForeignNote,
  type ListedNote,
  listNotes,
  type OwnBucket,
  putNote,
  readNote,
} from '../own-bucket.ts';
import { COPY_MAX } from '../own-keys.ts';
import { type IndexNoteKey, indexNoteKey, parseIndexKey, segmentPrefix } from './index-key.ts';

/** Of the whole note: beside the content there are a few lines. */
export const INDEX_NOTE_BYTES_MAX = INDEX_BYTES_MAX + 4096;

/** Objects that are read for one segment. There is one for each set of fields that was ever configured. */
export const NOTES_MAX = 16;

export type IndexNote = {
  readonly key: string;
  readonly versionId: string;
  readonly content: Uint8Array;
  readonly index: SegmentIndex;
};

type Wrong = { readonly key: string; readonly versionId: string; readonly why: string };

/**
 * `wrong`: this verifier has signed them, and they are no index. What others laid there is reported as
 * foreign.
 * Those of a newer format are left out of account. Rejects if the bucket can't be read.
 */
export async function indexNotes(
  bucket: OwnBucket,
  place: ChainInArchive,
  sequence: number,
  signal?: AbortSignal,
): Promise<{ readonly notes: readonly IndexNote[]; readonly wrong: readonly Wrong[] }> {
  const notes: IndexNote[] = [];
  const wrong: Wrong[] = [];
  const foreign: ForeignNote[] = [];
  const options = signal === undefined ? {} : { signal };
  let seen = 0;
  for await (const note of listNotes(bucket.store, segmentPrefix(place, sequence), parseIndexKey, options)) {
    if (++seen > NOTES_MAX) {
      const why = `more than ${NOTES_MAX} objects at the keys of one segment's indexes`;
      foreign.push({ key: note.key, versionId: note.versionId, why });
      break;
    }
    const content = await contentOf(bucket, note, foreign, signal);
    if (content === null) continue;
    try {
      const index = parseIndex(content);
      if (index !== null) notes.push({ key: note.key, versionId: note.versionId, content, index });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      wrong.push({ key: note.key, versionId: note.versionId, why: error.message });
    }
  }
  if (foreign.length > 0) await bucket.onForeign?.(foreign);
  return { notes, wrong };
}

/** Null: not signed by this verifier. */
async function contentOf(
  { store, signing }: Pick<OwnBucket, 'store' | 'signing'>,
  note: ListedNote<IndexNoteKey>,
  foreign: ForeignNote[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  try {
    return await readNote(store, signing, note, INDEX_NOTE_BYTES_MAX, signal);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    foreign.push({ key: note.key, versionId: note.versionId, why: error.message });
    return null;
  }
}

/**
 * Create-only, at the first of its keys that is free or has this very index. Two verifiers at once put the
 * same
 * bytes but for the signature's time, and the one that comes later finds them there.
 */
export async function putIndex(
  bucket: OwnBucket,
  place: ChainInArchive,
  sequence: number,
  index: SegmentIndex,
  signal?: AbortSignal,
): Promise<'written' | 'there' | 'no-key-free'> {
  const content = encodeIndex(index);
  for (let copy = 0; copy <= COPY_MAX; copy++) {
    const key = indexNoteKey(place, sequence, index, copy);
    const put = await putNote(bucket, key, content, signal);
    if (put.kind === 'stored') return 'written';
    const version = await oldestVersion(bucket.store, key, signal);
    const there =
      version === null
        ? null
        : await contentOf(bucket, { ...version, parsed: { ...place, sequence } }, [], signal);
    if (there !== null && equalBytes(there, content)) return 'there';
  }
  return 'no-key-free';
}

/** The same index of these fields alone, in this order. */
export function onlyFields(index: SegmentIndex, fields: readonly string[]): SegmentIndex {
  const byName = new Map(index.fields.map((one): [string, IndexedField] => [one.field, one]));
  return { ...index, fields: fields.flatMap((field) => byName.get(field) ?? []) };
}

/** Null: the note says what the segment holds. `index`: of the segment, with all fields of the note. */
export function differenceOf({ index: said, content }: IndexNote, index: SegmentIndex): string | null {
  if (said.segment !== index.segment) {
    return 'an index of other bytes: this verifier was shown another segment with this number';
  }
  const right = onlyFields(
    index,
    said.fields.map(({ field }) => field),
  );
  const expected = encodeIndex(right);
  if (equalBytes(content, expected)) return null;
  const parts = (['records', 'tombstones', 'notJson'] as const).filter((name) => said[name] !== right[name]);
  const fields = said.fields.flatMap(({ field }, at) =>
    JSON.stringify(said.fields[at]) === JSON.stringify(right.fields[at]) ? [] : [field],
  );
  const differs = [...parts, ...fields].join(', ');
  if (differs === '') return 'an index that is written in another way than any should be';
  return `an index that says something else of ${differs}`;
}
