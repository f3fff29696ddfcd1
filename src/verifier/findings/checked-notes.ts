// Which notes of findings are the verifier's own? Each is read once and its signature checked.
import { TaskGroup } from '../../base/concurrency.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { ObjectVersion } from '../../store/store.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import { type ForeignNote, REPLACEABLE, readNote } from '../own-bucket.ts';
import type { NoteKeys } from '../signed-notes.ts';
import { FINDING_BYTES_MAX } from './record.ts';

export type CheckedNotesOptions = {
  readonly store: Pick<ArchiveReader, 'listVersions' | 'read'>;
  readonly keys: NoteKeys;
  /** Notes that one look reads. What it has read it remembers, so the next one goes on behind them. */
  readonly readsMax?: number;
};

type Listed = Pick<ObjectVersion, 'key' | 'versionId'>;

const READS_MAX = 50_000;
const READS_AT_ONCE = 16;
const REMEMBERED_MAX = 400_000;

/** The finding about what lies at a note's key and is none. */
export const foreignNoteFinding = ({ key, versionId, why }: ForeignNote): Finding =>
  findingOf('foreign-object', { key, versionId, expected: 'a note of this verifier', found: why });

export class CheckedNotes {
  readonly #options: CheckedNotesOptions;
  /** Keys of notes that were signed. Once said, it stays said, whatever lies there now. */
  readonly #signed = new Set<string>();
  /** Why a version is none, by version and key. */
  readonly #foreign = new Map<string, string>();

  constructor(options: CheckedNotesOptions) {
    this.#options = options;
  }

  /** This process has just written it. */
  wrote(key: string): void {
    this.#remember(key);
  }

  /**
   * Why each of these is no note of the verifier, in their order. Null: it is one. Rejects with
   * `findings-flooded` where there are too many to read, and goes on there the next time.
   */
  async check(notes: readonly Listed[], signal?: AbortSignal): Promise<(string | null)[]> {
    const found: (string | null)[] = [];
    let reads = 0;
    const group = new TaskGroup(READS_AT_ONCE);
    try {
      for (const [index, note] of notes.entries()) {
        const known = this.#known(note);
        if (known !== undefined) {
          found[index] = known;
          continue;
        }
        if (++reads > (this.#options.readsMax ?? READS_MAX)) throw flooded(note.key);
        await group.start(async () => {
          found[index] = await this.#read(note, signal);
        });
      }
    } finally {
      await group.finish();
    }
    return found;
  }

  /** Whether a note lies at that key. False too if nothing does. */
  async isNote(key: string, signal?: AbortSignal): Promise<boolean> {
    const version = await oldestVersion(this.#options.store, key, signal);
    if (version === null) return false;
    return (await this.check([version], signal))[0] === null;
  }

  #known({ key, versionId }: Listed): string | null | undefined {
    return this.#signed.has(key) ? null : this.#foreign.get(`${versionId}\n${key}`);
  }

  async #read(note: Listed, signal?: AbortSignal): Promise<string | null> {
    const { store, keys } = this.#options;
    try {
      await readNote(store, keys, note, FINDING_BYTES_MAX, signal);
      this.#remember(note.key);
      return null;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (this.#foreign.size >= REMEMBERED_MAX) this.#foreign.clear();
      if (note.versionId !== REPLACEABLE) this.#foreign.set(`${note.versionId}\n${note.key}`, error.message);
      return error.message;
    }
  }

  #remember(key: string): void {
    if (this.#signed.size >= REMEMBERED_MAX) this.#signed.clear();
    this.#signed.add(key);
  }
}

export const flooded = (key: string) =>
  new LedgerstoneError('findings-flooded', `${key}: far more notes than a ledger writes`, {
    remedy: 'Somebody else writes to the attestation bucket: find out who, and remove the permission.',
  });
