// Which data objects are there, and which of them does no seal speak of?

import { oldestVersion } from '../format/oldest-version.ts';
import { parseKey } from '../format/paths.ts';
import type { ArchiveReader, ArchiveVersion } from './archive-reader.ts';
import type { FindingList } from './finding-list.ts';
import { addForeign, type ListedObject, listObjects } from './object-versions.ts';

/**
 * Matches two sorted lists as they come: seals by sequence, and data objects by key, which is by day and
 * sequence. A chain's time never goes back, so both run the same way and neither is ever held in memory.
 */
export class DataCursor {
  readonly #reader: ArchiveReader;
  readonly #prefix: string;
  #objects: AsyncIterator<ListedObject> | null = null;
  #startAfter: string | null = null;
  readonly #findings: FindingList;
  readonly #signal: AbortSignal | undefined;
  /** Found out of turn: the listing comes upon them later. */
  readonly #takenEarly = new Set<string>();
  #current: ListedObject | null = null;
  /** Greatest sequence that a data object's key names; −1 before any. */
  lastSequence = -1;

  constructor(reader: ArchiveReader, prefix: string, findings: FindingList, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#findings = findings;
    this.#signal = signal;
    this.#prefix = prefix;
  }

  /** Objects up to this key were looked at by an earlier check. Before anything is taken. */
  startAfter(key: string): void {
    this.#startAfter = key;
  }

  /**
   * The version that counts of the object that a seal names, or null. `inTurn`: the seal is believed, so
   * everything before its key is spoken of by nobody; another seal's word moves nothing.
   */
  async take(key: string, inTurn: boolean): Promise<ArchiveVersion | null> {
    if (inTurn) {
      while (await this.#peek()) {
        const current = this.#current as ListedObject;
        if (current.key > key) break;
        this.#current = null;
        if (current.key === key) return current.oldest ?? this.#lookUp(key);
        this.#reportUnreferenced(current);
      }
    }
    // The listing may be older than the seal, or its order broken: only a look at the very key says
    // "missing".
    return this.#lookUp(key);
  }

  /** Reports what is left of the list. */
  async finish(): Promise<void> {
    while (await this.#peek()) {
      const current = this.#current as ListedObject;
      this.#current = null;
      this.#reportUnreferenced(current);
    }
  }

  async #lookUp(key: string): Promise<ArchiveVersion | null> {
    const version = await oldestVersion(this.#reader, key, this.#signal);
    if (version !== null) this.#takenEarly.add(key);
    return version;
  }

  /** Moves to the next data object, reporting what is none. False at the end. */
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
    const parsed = parseKey(object.key);
    const sequence = parsed?.kind === 'data' ? parsed.sequence : null;
    const place = { key: object.key, versionId: object.oldest.versionId, sequence };
    this.#findings.add({ code: 'unreferenced-object', expected: 'a seal that names it', found }, place);
  }
}
