// How does the ledger write and read its notes, where others may have laid something else at their keys?
import { LedgerstoneError } from '../../base/error.ts';
import { type ForeignNote, type OwnBucket, putNote, readNote } from '../own-bucket.ts';
import { COPY_MAX, findingKey, findingsRoot, parseFindingKey } from '../own-keys.ts';
import { CheckedNotes } from './checked-notes.ts';
import { type History, type Opening, readHistory } from './history.ts';
import {
  encodeFinding,
  FINDING_BYTES_MAX,
  type FindingFile,
  parseFinding,
  type Scope,
  scopeOfName,
} from './record.ts';

/** `stored`: by this call. */
export type NotePut = { readonly isStored: boolean; readonly key: string };

/** Foreign notes that wait until somebody reports them. */
const FOREIGN_MAX = 200;
/** The same one is handed out again after this time, as long as it is seen. */
const FOREIGN_AGAIN_MS = 3_600_000;
const UNNOTED_MAX = 10_000;

/** A note that people were notified, which could not be written yet. */
type Unnoted = { readonly scope: Scope; readonly id: string; readonly file: FindingFile };

export class LedgerNotes {
  readonly #bucket: OwnBucket;
  readonly #checked: CheckedNotes;
  readonly #foreign = new Map<string, ForeignNote>();
  readonly #handedOutMs = new Map<string, number>();
  /** By scope, finding, opening, state and channel. */
  readonly #unnoted = new Map<string, Unnoted>();

  constructor(bucket: OwnBucket) {
    this.#bucket = bucket;
    this.#checked = new CheckedNotes({ store: bucket.store, keys: bucket.signing });
  }

  async read(scope: Scope, signal?: AbortSignal): Promise<History> {
    const history = await readHistory(this.#bucket.store, this.#checked, scope, signal);
    for (const note of history.foreign) this.#sawForeign(note);
    return history;
  }

  async scopes(signal?: AbortSignal): Promise<Scope[]> {
    const names = new Set<string>();
    for await (const { key } of this.#bucket.store.listVersions(findingsRoot, signal && { signal })) {
      const parsed = parseFindingKey(key);
      if (parsed !== null) names.add(parsed.scope);
    }
    return [...names].map(scopeOfName);
  }

  /** Throws FormatError if there is no finding any more. */
  async finding(version: Opening['openVersion'], signal?: AbortSignal): Promise<FindingFile> {
    const { store, signing } = this.#bucket;
    return parseFinding(await readNote(store, signing, version, FINDING_BYTES_MAX, signal));
  }

  /**
   * Signs and puts it. Where something else lies at its key it is put beside it. Rejects with
   * `findings-obstructed` where no such key is free.
   */
  async put(
    scope: Scope,
    id: string,
    file: FindingFile,
    mark: string,
    signal?: AbortSignal,
  ): Promise<NotePut> {
    const { state, opening, finding } = file;
    const content = encodeFinding(file);
    let key = '';
    for (let copy = 0; copy <= COPY_MAX; copy++) {
      key = findingKey({ scope: scope.name, code: finding.code, id, opening, state, mark, copy });
      const { kind } = await putNote(this.#bucket, key, content, signal);
      if (kind === 'stored') this.#checked.wrote(key);
      if (kind === 'stored' || (await this.#checked.isNote(key, signal))) {
        return { isStored: kind === 'stored', key };
      }
    }
    throw new LedgerstoneError('findings-obstructed', `${key}: something else lies there and at its copies`, {
      remedy: 'Somebody else writes to the attestation bucket: find out who, and remove the permission.',
    });
  }

  /**
   * This process knows at once that the channel took these. `noteTaken` writes it down, and `noteAgain` what
   * could not be written: a key service or a bucket that fails sends nobody the same alarm over and over.
   */
  take(scope: Scope, taken: readonly Omit<Unnoted, 'scope'>[], channel: string): void {
    if (this.#unnoted.size + taken.length > UNNOTED_MAX) this.#unnoted.clear();
    for (const { id, file } of taken)
      this.#unnoted.set(takenName(scope, id, file, channel), { scope, id, file });
  }

  async noteTaken(
    scope: Scope,
    { id, file }: Omit<Unnoted, 'scope'>,
    channel: string,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.put(scope, id, file, channel, signal);
    this.#unnoted.delete(takenName(scope, id, file, channel));
  }

  /** Of that scope, up to the first that fails again. */
  async noteAgain(scope: Scope, signal?: AbortSignal): Promise<void> {
    for (const [name, taken] of [...this.#unnoted]) {
      if (taken.scope.name !== scope.name) continue;
      try {
        await this.noteTaken(scope, taken, name.slice(name.lastIndexOf(' ') + 1), signal);
      } catch {
        signal?.throwIfAborted();
        return;
      }
    }
  }

  /** Whether the channel has taken it in this process, and no note says so. */
  isTaken(scope: Scope, id: string, file: Pick<FindingFile, 'opening' | 'state'>, channel: string): boolean {
    return this.#unnoted.has(takenName(scope, id, file, channel));
  }

  /** What was found at keys of notes, and was not handed out within the last hour. */
  takeForeign(): ForeignNote[] {
    const notes = [...this.#foreign.values()];
    const nowMs = this.#bucket.clock.now();
    for (const [id, atMs] of this.#handedOutMs) {
      if (nowMs - atMs >= FOREIGN_AGAIN_MS) this.#handedOutMs.delete(id);
    }
    for (const id of this.#foreign.keys()) this.#handedOutMs.set(id, nowMs);
    this.#foreign.clear();
    return notes;
  }

  #sawForeign(note: ForeignNote): void {
    const id = `${note.versionId}\n${note.key}`;
    const atMs = this.#handedOutMs.get(id);
    const isRecent = atMs !== undefined && this.#bucket.clock.now() - atMs < FOREIGN_AGAIN_MS;
    if (!isRecent && this.#foreign.size < FOREIGN_MAX) this.#foreign.set(id, note);
  }
}

const takenName = (
  scope: Scope,
  id: string,
  { opening, state }: Pick<FindingFile, 'opening' | 'state'>,
  channel: string,
): string => `${scope.name} ${id} ${opening} ${state} ${channel}`;
