// What does the verifier's bucket say about the findings of one scope? Read from the keys alone.

import { LedgerstoneError } from '../../base/error.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import type { ObjectVersion, StoreReader } from '../../store/store.ts';
import type { FindingCode } from '../../verify/finding.ts';
import { findingsPrefix, parseFindingKey } from '../own-keys.ts';
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
};

/** Far more than the ledger's own bounds allow, so somebody else writes there. */
const FINDINGS_MAX = 200_000;

/** What the keys say of one opening before its `open` comes. */
const noClosing = (nth: string) => ({
  nth,
  version: null as Opening['closedVersion'],
  cleared: new Set<string>(),
});

/** Only the oldest version of a key counts, so delete markers and later versions hide nothing. */
export async function readHistory(
  store: Pick<StoreReader, 'listVersions'>,
  scope: Scope,
  signal?: AbortSignal,
): Promise<History> {
  const latest = new Map<string, Opening>();
  const openings = new Map<FindingCode, number>();
  // In key order `cleared` and `closed` come before `open` within one opening, and openings ascend.
  let closing = noClosing('');
  const options = signal === undefined ? {} : { signal };
  const listed = store.listVersions(findingsPrefix(scope), options);
  for await (const { key, versionId, lastModifiedMs } of oldestVersions(listed)) {
    const parsed = parseFindingKey(key);
    if (parsed === null || parsed.scope !== scope.name) continue;
    const { id, opening, state, code, mark } = parsed;
    const nth = `${id}/${opening}`;
    const known = latest.get(id);
    if (closing.nth !== nth) closing = noClosing(nth);
    switch (state) {
      case 'cleared':
        closing.cleared.add(mark);
        break;
      case 'closed':
        closing.version = { key, versionId };
        break;
      case 'open':
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
    if (latest.size > FINDINGS_MAX) {
      throw new LedgerstoneError(
        'findings-flooded',
        `${findingsPrefix(scope)}: more findings than a ledger writes`,
        {
          remedy: 'Somebody else writes to the attestation bucket: find out who, and remove the permission.',
        },
      );
    }
  }
  return { latest, openings };
}
