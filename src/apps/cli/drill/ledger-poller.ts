// Has the verifier said anything of what a drill did? Read from its ledger, as anybody with the right to can.
import { LedgerstoneError } from '../../../base/error.ts';
import type { StoreReader } from '../../../store/store.ts';
import { type Opening, readHistory } from '../../../verifier/findings/history.ts';
import {
  ARCHIVE_SCOPE,
  accessScope,
  chainScope,
  FINDING_BYTES_MAX,
  type FindingFile,
  parseFinding,
  type Scope,
} from '../../../verifier/findings/record.ts';
import type { Finding } from '../../../verify/finding.ts';
import type { Act } from './tamper.ts';

export type Seen = {
  readonly scope: Scope;
  readonly id: string;
  readonly file: FindingFile;
  /** Key of the evidence. */
  readonly evidence: string;
};

/** CloudTrail keeps whole seconds, and clocks differ. */
const CLOCKS_MS = 60_000;
/** As long as a key may be in what the verifier says of an attempt. */
const KEY_TEXT_MAX = 200;

/** Where findings of that act can stand. */
export function scopesOf({ refused, place, atMs }: Act): Scope[] {
  if (refused === null) return place === null ? [ARCHIVE_SCOPE] : [chainScope(place)];
  const days = [accessScope(atMs - CLOCKS_MS), accessScope(atMs + CLOCKS_MS)];
  return days[0]?.name === days[1]?.name ? days.slice(0, 1) : days;
}

/** A refused act is known by its key and time, for its event's id is CloudTrail's; any other by key and version. */
export function isFindingOf(
  act: Act,
  { code, key, versionId, severity, found }: Finding,
  prefix: string,
): boolean {
  if (act.refused !== null) {
    const [, at = ''] = / at (\d{4}-\d\d-\d\dT\S+Z) from /.exec(found ?? '') ?? [];
    const isThere = found?.includes(`${prefix}${act.key}`.slice(0, KEY_TEXT_MAX)) === true;
    return code === 'access-attempt' && isThere && Date.parse(at) >= act.atMs - CLOCKS_MS;
  }
  if (key !== act.key || severity === 'notice' || severity === 'info') return false;
  // Of a second version only what names it: the first one is a finding too.
  return versionId === act.versionId || (versionId === null && act.place === null);
}

/** Reads each finding once, however often it looks. */
export class LedgerPoller {
  readonly #own: StoreReader;
  readonly #signal: AbortSignal | undefined;
  readonly #others = new Set<string>();

  constructor(own: StoreReader, signal?: AbortSignal) {
    this.#own = own;
    this.#signal = signal;
  }

  /** Rejects where the verifier's bucket can't be read. */
  async check(): Promise<void> {
    for (const scope of [ARCHIVE_SCOPE, accessScope(0)]) await readHistory(this.#own, scope, this.#signal);
  }

  async hasOpen(scope: Scope): Promise<boolean> {
    const { latest } = await readHistory(this.#own, scope, this.#signal);
    return [...latest.values()].some(({ isOpen }) => isOpen);
  }

  async find(scopes: readonly Scope[], isOurs: (finding: Finding) => boolean): Promise<Seen | null> {
    for (const scope of scopes) {
      const { latest } = await readHistory(this.#own, scope, this.#signal);
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

  /** How that finding stands now. */
  async opening({ scope, id }: Seen): Promise<Opening | null> {
    return (await readHistory(this.#own, scope, this.#signal)).latest.get(id) ?? null;
  }

  async #read({ key, versionId }: Opening['openVersion']): Promise<FindingFile | null> {
    const signal = this.#signal;
    try {
      const options = { maxBytes: FINDING_BYTES_MAX, ...(signal && { signal }) };
      return parseFinding(await this.#own.read(key, versionId, options));
    } catch (error) {
      // No finding of the verifier's: somebody else's file is not what we wait for.
      if (error instanceof LedgerstoneError && error.code === 'malformed') return null;
      throw error;
    }
  }
}
