// What has a trusted second party written down of the segments of a chain? Read in their order, some ahead.
import { readAhead } from '../../base/concurrency.ts';
import { FormatError, messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import type { RefusedIndex, SegmentIndexes, SignedIndex } from '../../read/find/index/index-skips.ts';
import { parseIndex, type SegmentIndex } from '../../read/find/index/segment-index.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { type ListedNote, listNotes, readObject } from '../own-bucket.ts';
import { type NoteKeys, openNoteBy } from '../signed-notes.ts';
import { type IndexNoteKey, indexPrefix, parseIndexKey, segmentPrefix } from './index-key.ts';
import { INDEX_NOTE_BYTES_MAX, NOTES_MAX } from './index-notes.ts';

type Store = Pick<ArchiveReader, 'listVersions' | 'read'>;
type Group = { readonly sequence: number; readonly notes: readonly ListedNote<IndexNoteKey>[] };
type Read = {
  readonly sequence: number;
  readonly indexes: readonly SignedIndex[];
  readonly refused: readonly RefusedIndex[];
};

/** Segments whose indexes are read ahead. Each may have several of them. */
const AHEAD = 8;
/** Chains are searched side by side: each holds about so many bytes of indexes ahead, or one segment's. */
const BYTES_AHEAD = 16 * MIB;
const NONE = { indexes: [], refused: [] } as const;

export class IndexReader implements SegmentIndexes {
  readonly #store: Store;
  readonly #keys: NoteKeys;
  readonly #chains = new Map<string, ChainIndexes>();

  /** Only what one of the cosigners of `keys` has signed is believed. */
  constructor(store: Store, keys: NoteKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  async of(
    place: ChainInArchive,
    sequence: number,
    signal: AbortSignal,
  ): Promise<Pick<Read, 'indexes' | 'refused'>> {
    const name = `${place.chain}/${place.partition}`;
    let chain = this.#chains.get(name);
    if (chain === undefined || chain.isPast(sequence)) {
      chain = new ChainIndexes(this.#store, this.#keys, place, sequence, signal);
      this.#chains.set(name, chain);
    }
    return chain.of(sequence);
  }
}

class ChainIndexes {
  readonly #reads: AsyncGenerator<Read>;
  readonly #place: ChainInArchive;
  readonly #signal: AbortSignal;
  #next: Read | null = null;
  #last = -1;
  #isEnded = false;

  constructor(store: Store, keys: NoteKeys, place: ChainInArchive, from: number, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
    this.#reads = readsAhead(groupsOf(store, place, from, signal), (group) =>
      readGroup(store, keys, group, signal),
    );
  }

  isPast = (sequence: number): boolean => sequence <= this.#last;

  async of(sequence: number): Promise<Pick<Read, 'indexes' | 'refused'>> {
    this.#last = sequence;
    try {
      while (!this.#isEnded && (this.#next === null || this.#next.sequence < sequence)) {
        const { done, value } = await this.#reads.next();
        this.#isEnded = done === true;
        this.#next = done === true ? null : value;
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#isEnded = true;
      // The rest is read as if there were no index.
      const why = `the indexes from here on could not be listed: ${messageOf(error)}`;
      return { indexes: [], refused: [{ key: segmentPrefix(this.#place, sequence), why }] };
    }
    return this.#next?.sequence === sequence ? this.#next : NONE;
  }
}

/** The indexes of a chain's segments are about as large as those of its first one. */
async function* readsAhead(
  groups: AsyncGenerator<Group>,
  read: (group: Group) => Promise<Read>,
): AsyncGenerator<Read> {
  const { done, value: first } = await groups.next();
  if (done === true) return;
  const bytes = first.notes.reduce((sum, { size }) => sum + size, 0);
  const all = async function* () {
    yield first;
    yield* groups;
  };
  yield* readAhead(all(), Math.min(AHEAD, Math.max(1, Math.floor(BYTES_AHEAD / Math.max(1, bytes)))), read);
}

async function* groupsOf(
  store: Store,
  place: ChainInArchive,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Group> {
  const options = { startAfter: segmentPrefix(place, from).slice(0, -1), signal };
  let group: { sequence: number; notes: ListedNote<IndexNoteKey>[] } | null = null;
  for await (const note of listNotes(store, indexPrefix(place), parseIndexKey, options)) {
    const { sequence } = note.parsed;
    if (group !== null && group.sequence !== sequence) {
      yield group;
      group = null;
    }
    group ??= { sequence, notes: [] };
    // One more than are read, to say so.
    if (group.notes.length <= NOTES_MAX) group.notes.push(note);
  }
  if (group !== null) yield group;
}

async function readGroup(store: Store, keys: NoteKeys, group: Group, signal: AbortSignal): Promise<Read> {
  const indexes: SignedIndex[] = [];
  const refused: RefusedIndex[] = [];
  for (const note of group.notes.slice(0, NOTES_MAX)) {
    try {
      const bytes = await readObject(store, note, INDEX_NOTE_BYTES_MAX, signal);
      const { content, by } = await openNoteBy(keys, note.key, bytes);
      const read = { key: note.key, by: by.name };
      const index = signedIndex(content, by.name);
      if (index !== null) indexes.push({ ...read, index });
    } catch (error) {
      signal.throwIfAborted();
      const isForeign = error instanceof FormatError;
      const why = isForeign ? error.message : messageOf(error);
      refused.push({ key: note.key, why: isForeign ? why : `it could not be used: ${why}` });
      // It may say something else than the others, so none of them is believed.
      if (!isForeign) return { sequence: group.sequence, indexes: [], refused };
    }
  }
  const [first] = group.notes;
  if (group.notes.length > NOTES_MAX && first !== undefined) {
    const why = `more than ${NOTES_MAX} objects at the keys of one segment's indexes: none is used`;
    return { sequence: group.sequence, indexes: [], refused: [{ key: first.key, why }] };
  }
  return { sequence: group.sequence, indexes, refused };
}

/** Null: of a newer format. Throws an Error that is no FormatError: a cosigner did sign this. */
function signedIndex(content: Uint8Array, by: string): SegmentIndex | null {
  try {
    return parseIndex(content);
  } catch (error) {
    throw new Error(`${by} signed it, and it is none: ${messageOf(error)}`);
  }
}
