// What does the verifier's bucket say about the findings of one scope? By the keys of its signed notes.
import { oldestVersions } from '../../format/oldest-version.ts';
import type { ObjectVersion, StoreReader } from '../../store/store.ts';
import type { FindingCode } from '../../verify/finding.ts';
import type { ForeignNote } from '../own-bucket.ts';
import { type FindingKey, findingsPrefix, parseFindingKey } from '../own-keys.ts';
import { type CheckedNotes, flooded } from './checked-notes.ts';
import type { Scope } from './record.ts';

/** The latest opening of one finding. */
export type Opening = {
  readonly code: FindingCode;
  readonly opening: number;
  readonly openVersion: Pick<ObjectVersion, 'key' | 'versionId'>;
  /** By the store's clock. */
  readonly openedMs: number;
  /** When it was last noted that the finding is still there. */
  seenMs: number;
  /** The greatest age that was noted. */
  age: number;
  isOpen: boolean;
  /** Null: it is open. */
  readonly closedVersion: Pick<ObjectVersion, 'key' | 'versionId'> | null;
  /** Channels that took the opening. */
  readonly notified: Set<string>;
  /** Channels that took the closing. */
  readonly cleared: ReadonlySet<string>;
};

export type History = {
  /** By id. */
  readonly latest: ReadonlyMap<string, Opening>;
  /** How often findings of that code were opened, ever. */
  readonly openings: ReadonlyMap<FindingCode, number>;
  /** What lies at keys of notes and is none. */
  readonly foreign: readonly ForeignNote[];
};

/** What the keys say of one opening before its `open` comes. */
const noClosing = (nth: string) => ({
  nth,
  version: null as Opening['closedVersion'],
  cleared: new Set<string>(),
});

/** Far more than the ledger's own bounds allow, so somebody else writes there. */
const NOTES_MAX = 1_000_000;

/** A note of a finding, as it was listed. */
export type ListedFinding = Pick<ObjectVersion, 'key' | 'versionId' | 'lastModifiedMs'> & {
  readonly parsed: FindingKey;
};

/**
 * Only the oldest version of a key counts, so delete markers and later versions hide nothing; and of those
 * only what the verifier signed, so that nobody else can say that a finding is open, closed or known.
 */
export async function readHistory(
  store: Pick<StoreReader, 'listVersions'>,
  notes: CheckedNotes,
  scope: Scope,
  signal?: AbortSignal,
): Promise<History> {
  const listed: ListedFinding[] = [];
  const options = signal === undefined ? {} : { signal };
  for await (const version of oldestVersions(store.listVersions(findingsPrefix(scope), options))) {
    const { key, versionId, lastModifiedMs } = version;
    const parsed = parseFindingKey(key);
    if (parsed === null || parsed.scope !== scope.name) continue;
    listed.push({ key, versionId, lastModifiedMs, parsed });
    if (listed.length > NOTES_MAX) throw flooded(findingsPrefix(scope));
  }
  return checkedHistory(notes, listed, signal);
}

/** Of notes of one scope, in the order of their keys. */
export async function checkedHistory(
  notes: Pick<CheckedNotes, 'check'>,
  listed: readonly ListedFinding[],
  signal?: AbortSignal,
): Promise<History> {
  const why = await notes.check(listed, signal);
  const foreign = listed.flatMap(({ key, versionId }, index) => {
    const reason = why[index];
    return reason == null ? [] : [{ key, versionId, why: reason }];
  });
  return { ...historyOf(listed.filter((_, index) => why[index] === null)), foreign };
}

/** In key order. */
function historyOf(notes: readonly ListedFinding[]): Omit<History, 'foreign'> {
  const latest = new Map<string, Opening>();
  const openings = new Map<FindingCode, number>();
  // In key order `cleared` and `closed` come before `open` within one opening, and openings ascend.
  let closing = noClosing('');
  for (const { key, versionId, lastModifiedMs, parsed } of notes) {
    const { id, opening, state, code, mark } = parsed;
    const nth = `${id}/${opening}`;
    const known = latest.get(id);
    if (closing.nth !== nth) closing = noClosing(nth);
    switch (state) {
      case 'cleared':
        closing.cleared.add(mark);
        break;
      case 'closed':
        closing.version ??= { key, versionId };
        break;
      case 'open':
        // Written twice: something else lay at its key for a while.
        if (known?.opening === opening) break;
        openings.set(code, (openings.get(code) ?? 0) + 1);
        latest.set(id, {
          ...{ code, opening, openVersion: { key, versionId }, openedMs: lastModifiedMs },
          ...{ seenMs: lastModifiedMs, age: 0, isOpen: closing.version === null, notified: new Set() },
          ...{ closedVersion: closing.version, cleared: closing.cleared },
        });
        break;
      case 'seen':
      case 'told':
        if (known?.opening !== opening) break;
        known.seenMs = Math.max(known.seenMs, lastModifiedMs);
        if (state === 'told') known.notified.add(mark);
        else known.age = Math.max(known.age, Number(mark));
        break;
    }
  }
  return { latest, openings };
}
