// Has the verifier found what a drill did? Reads the verifier's ledger until it has.
import { FormatError } from '../../../base/error.ts';
import type { StoreReader } from '../../../store/store.ts';
import { CheckedNotes } from '../../../verifier/findings/checked-notes.ts';
import { type History, type Opening, readHistory } from '../../../verifier/findings/history.ts';
import {
  ARCHIVE_SCOPE,
  accessScope,
  chainScope,
  FINDING_BYTES_MAX,
  type FindingFile,
  parseFinding,
  type Scope,
} from '../../../verifier/findings/record.ts';
import { readNote } from '../../../verifier/own-bucket.ts';
import type { NoteKeys } from '../../../verifier/signed-notes.ts';
import type { Finding } from '../../../verify/finding.ts';
import type { DrillAct } from './tamper.ts';

export type Seen = {
  readonly scope: Scope;
  readonly id: string;
  readonly file: FindingFile;
  /** Key of the evidence. */
  readonly evidence: string;
};

/** CloudTrail keeps whole seconds, and clocks differ. */
const CLOCKS_MS = 60_000;
/** Length to which the verifier cuts keys in its text about an attempt. */
const KEY_TEXT_MAX = 200;

/** Scopes that can hold a finding of that act. */
export function scopesOf({ refused, place, atMs }: DrillAct): Scope[] {
  if (refused === null) return place === null ? [ARCHIVE_SCOPE] : [chainScope(place)];
  const days = [accessScope(atMs - CLOCKS_MS), accessScope(atMs + CLOCKS_MS)];
  return days[0]?.name === days[1]?.name ? days.slice(0, 1) : days;
}

/**
 * Is this the finding of that act? A refused act is recognised by key and time, since CloudTrail chooses the
 * event's id. Any other is recognised by key and version.
 */
export function isFindingOf(
  act: DrillAct,
  { code, key, versionId, severity, found }: Finding,
  prefix: string,
): boolean {
  if (act.refused !== null) {
    const [, at = ''] = / at (\d{4}-\d\d-\d\dT\S+Z) from /.exec(found ?? '') ?? [];
    const isThere = found?.includes(`${prefix}${act.key}`.slice(0, KEY_TEXT_MAX)) === true;
    return code === 'access-attempt' && isThere && Date.parse(at) >= act.atMs - CLOCKS_MS;
  }
  if (key !== act.key || severity === 'notice' || severity === 'info') return false;
  // The first version of a second-version drill is a finding too, but not the wanted one.
  return versionId === act.versionId || (versionId === null && act.place === null);
}

/** Reads each finding once, however often it polls. */
export class LedgerPoller {
  readonly #own: StoreReader;
  readonly #keys: NoteKeys;
  readonly #notes: CheckedNotes;
  readonly #signal: AbortSignal | undefined;
  readonly #others = new Set<string>();

  /** `keys`: only what the verifier signed counts. */
  constructor(own: StoreReader, keys: NoteKeys, signal?: AbortSignal) {
    this.#own = own;
    this.#keys = keys;
    this.#notes = new CheckedNotes({ store: own, keys });
    this.#signal = signal;
  }

  /** Rejects if the verifier's bucket can't be read. */
  async check(): Promise<void> {
    for (const scope of [ARCHIVE_SCOPE, accessScope(0)]) await this.#history(scope);
  }

  async hasOpen(scope: Scope): Promise<boolean> {
    const { latest } = await this.#history(scope);
    return [...latest.values()].some(({ isOpen }) => isOpen);
  }

  async find(scopes: readonly Scope[], isOurs: (finding: Finding) => boolean): Promise<Seen | null> {
    for (const scope of scopes) {
      const { latest } = await this.#history(scope);
      for (const [id, { isOpen, opening, openVersion }] of latest) {
        const nth = `${scope.name}/${id}/${opening}`;
        if (!isOpen || this.#others.has(nth)) continue;
        const file = await this.#read(openVersion);
        if (file !== null && isOurs(file.finding)) return { scope, id, file, evidence: openVersion.key };
        this.#others.add(nth);
      }
    }
    return null;
  }

  /** The present state of that finding. */
  async opening({ scope, id }: Seen): Promise<Opening | null> {
    return (await this.#history(scope)).latest.get(id) ?? null;
  }

  #history(scope: Scope): Promise<History> {
    return readHistory(this.#own, this.#notes, scope, this.#signal);
  }

  async #read(version: Opening['openVersion']): Promise<FindingFile | null> {
    try {
      return parseFinding(await readNote(this.#own, this.#keys, version, FINDING_BYTES_MAX, this.#signal));
    } catch (error) {
      // Not a finding of the verifier: not what the drill waits for.
      if (error instanceof FormatError) return null;
      throw error;
    }
  }
}
