// Which findings get an entry of their own if there are a hundred thousand of them?
import type { Sha256 } from '../../base/hash.ts';
import { type Finding, type FindingCode, findingOf, SEVERITY, type Severity } from '../../verify/finding.ts';
import { isDecision } from '../decisions.ts';
import { OPENING_MAX } from '../own-keys.ts';
import type { History } from './history.ts';
import { findingId, type Scope } from './record.ts';

/** Open at once per code, so that many findings of one kind hide no other kind. */
const OPEN_PER_CODE_MAX = 100;
/** Openings of one code, ever. It bounds the ledger if findings are made to come and go again and again. */
const OPENINGS_PER_CODE_MAX = 1000;

/**
 * The key of an entry that stands for at least so many findings of a code without their own entries. Each
 * doubling is a new finding. Otherwise an attacker who has filled the ledger once would cause no alarm any
 * more.
 */
const moreKey = (count: number): string => `*${2 ** Math.floor(Math.log2(Math.max(1, count)))}`;
/** Every key that such an entry may have. */
export const MORE_KEYS: readonly string[] = Array.from({ length: 53 }, (_, power) => moreKey(2 ** power));
export const isMore = ({ key }: Pick<Finding, 'key'>): boolean => key?.startsWith('*') === true;

export type Chosen = {
  /** By id. */
  readonly listed: ReadonlyMap<string, Finding>;
  /** True: some findings have no entry of their own, so it is unknown which of the open ones are gone. */
  readonly isOverflown: boolean;
};

/**
 * Open findings keep their entries, and new ones get one while there is room. `omitted`: how many more
 * findings there are that were not given.
 */
export function chooseEntries(
  scope: Scope,
  findings: readonly Finding[],
  omitted: number,
  { latest, openings }: Pick<History, 'latest' | 'openings'>,
  sha256: Sha256,
): Chosen {
  const byCode = new Map<FindingCode, Map<string, Finding>>();
  const given = new Map<FindingCode, number>();
  for (const finding of findings) {
    if (finding.severity === 'info') continue;
    given.set(finding.code, (given.get(finding.code) ?? 0) + 1);
    const same = byCode.get(finding.code) ?? new Map<string, Finding>();
    byCode.set(finding.code, same);
    const id = findingId(scope, finding, sha256);
    if (!same.has(id)) same.set(id, finding);
  }
  const openOfCode = new Map<FindingCode, number>();
  for (const { code, isOpen } of latest.values()) {
    if (isOpen) openOfCode.set(code, (openOfCode.get(code) ?? 0) + 1);
  }
  const listed = new Map<string, Finding>();
  let isOverflown = omitted > 0;
  for (const [code, same] of byCode) {
    const openingsLeft = OPENINGS_PER_CODE_MAX - (openings.get(code) ?? 0);
    // Decisions stay open for ever, and people are notified of each.
    const openRoom = OPEN_PER_CODE_MAX - (openOfCode.get(code) ?? 0);
    let room = isDecision({ code }) ? openingsLeft : Math.min(openRoom, openingsLeft);
    let left = 0;
    for (const [id, finding] of same) {
      const known = latest.get(id);
      if (known?.isOpen) listed.set(id, finding);
      else if (room > 0 && (known?.opening ?? 0) < OPENING_MAX) {
        room--;
        listed.set(id, finding);
      } else left++;
    }
    // A list is cut per code, so the omitted findings have one of the codes that fill their limit.
    if ((given.get(code) ?? 0) >= OPEN_PER_CODE_MAX) left += omitted;
    if (left === 0) continue;
    isOverflown = true;
    const found = `${left} more than have an entry of their own`;
    const more = findingOf(code, { key: moreKey(left), found });
    listed.set(findingId(scope, more, sha256), more);
  }
  return { listed, isOverflown };
}

export function countBySeverity(codes: readonly FindingCode[]): ReadonlyMap<Severity, number> {
  const counts = new Map<Severity, number>();
  for (const code of codes) counts.set(SEVERITY[code], (counts.get(SEVERITY[code]) ?? 0) + 1);
  return counts;
}
