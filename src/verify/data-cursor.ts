// Which data objects are there, and which of them does no seal name?

import { oldestVersion } from '../format/oldest-version.ts';
import { parseKey } from '../format/paths.ts';
import type { ArchiveReader, ArchiveVersion } from './archive-reader.ts';
import type { FindingList } from './finding-list.ts';
import { addForeign, type ListedObject, listObjects } from './object-versions.ts';

/** Data objects held for later seals. An honest chain has none. */
const AHEAD_MAX = 1000;

/**
 * Matches two sorted lists while they arrive: seals by sequence, and data objects by key, which is by day and
 * sequence. A chain's time never goes back, so both have the same order and neither is held in memory. Where
 * it does go back, an object lies before that of an earlier seal: it waits for its own.
 */
export class DataCursor {
  readonly #reader: ArchiveReader;
  readonly #prefix: string;
  #objects: AsyncIterator<ListedObject> | null = null;
  #startAfter: string | null = null;
  readonly #findings: FindingList;
  readonly #signal: AbortSignal | undefined;
  /** Found ahead of the listing, which reaches them later. */
  readonly #takenEarly = new Set<string>();
  /** Passed by, of a greater sequence than the seals so far. */
  #ahead: ListedObject[] = [];
  #current: ListedObject | null = null;
  /** Greatest sequence that a data object's key names; −1 before any. */
  lastSequence = -1;
  /** What seals from this sequence on name is not known. */
  #unknownFrom = Number.POSITIVE_INFINITY;
  #reportedFrom = 0;

  constructor(reader: ArchiveReader, prefix: string, findings: FindingList, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#findings = findings;
    this.#signal = signal;
    this.#prefix = prefix;
  }

  /** Objects up to this key were checked earlier. Call it before anything is taken. */
  startAfter(key: string): void {
    this.#startAfter = key;
  }

  /** Data objects of segments before this one are another's to report. */
  reportFrom(sequence: number): void {
    this.#reportedFrom = sequence;
  }

  /** Seals from this sequence on can't be read, so no data object of theirs is called unreferenced. */
  endAt(sequence: number): void {
    this.#unknownFrom = sequence;
  }

  /**
   * The version that counts of the object that a seal names, or null. `inTurn`: the seal is trusted, so the
   * objects before its key have no seal and are reported. For other seals the list does not move.
   */
  async take(key: string, inTurn: boolean): Promise<ArchiveVersion | null> {
    if (inTurn) {
      while (await this.#peek()) {
        const current = this.#current as ListedObject;
        if (current.key > key) break;
        this.#current = null;
        if (current.key === key) return current.oldest ?? this.#lookUp(key);
        if (sequenceOf(current.key) > sequenceOf(key) && this.#ahead.length < AHEAD_MAX)
          this.#ahead.push(current);
        else this.#reportUnreferenced(current);
      }
    }
    // The listing may be older than the seal, or in the wrong order. Only a look at the key itself can say
    // "missing".
    return this.#lookUp(key);
  }

  /** Reports the rest of the list, or of what lies up to a key. */
  async finish(last: string | null = null): Promise<void> {
    for (const object of this.#ahead) this.#reportUnreferenced(object);
    this.#ahead = [];
    while (await this.#peek()) {
      const current = this.#current as ListedObject;
      if (last !== null && current.key > last) break;
      this.#current = null;
      this.#reportUnreferenced(current);
    }
    // To see that nothing more is there, the list was read beyond it. That belongs to the range that begins
    // there.
    if (last !== null) this.#findings.dropAfter(this.#prefix, last);
  }

  async #lookUp(key: string): Promise<ArchiveVersion | null> {
    const version = await oldestVersion(this.#reader, key, this.#signal);
    if (version !== null) this.#takenEarly.add(key);
    return version;
  }

  /** Moves to the next data object and reports foreign ones. False at the end. */
  async #peek(): Promise<boolean> {
    const objects = this.#objects ?? this.#list();
    while (this.#current === null) {
      const next = await objects.next();
      if (next.done === true) return false;
      const { key, oldest } = next.value;
      const parsed = parseKey(key);
      if (parsed?.kind !== 'data') {
        addForeign(this.#findings, next.value, 'a data object');
        continue;
      }
      if (oldest === null) continue;
      this.lastSequence = Math.max(this.lastSequence, parsed.sequence);
      this.#current = next.value;
    }
    return true;
  }

  #list(): AsyncIterator<ListedObject> {
    const options = {
      ...(this.#startAfter !== null && { startAfter: this.#startAfter }),
      ...(this.#signal && { signal: this.#signal }),
    };
    const versions = this.#reader.listVersions(this.#prefix, options);
    this.#objects = listObjects(versions, this.#findings)[Symbol.asyncIterator]();
    return this.#objects;
  }

  #reportUnreferenced(object: ListedObject): void {
    if (this.#takenEarly.delete(object.key) || object.oldest === null) return;
    const found = `${object.oldest.size} bytes`;
    const sequence = sequenceOf(object.key);
    if (sequence >= this.#unknownFrom || sequence < this.#reportedFrom) return;
    const place = { key: object.key, versionId: object.oldest.versionId, sequence };
    this.#findings.add({ code: 'unreferenced-object', expected: 'a seal that names it', found }, place);
  }
}

/** Of a data object's key. −1 for any other. */
function sequenceOf(key: string): number {
  const parsed = parseKey(key);
  return parsed?.kind === 'data' ? parsed.sequence : -1;
}
