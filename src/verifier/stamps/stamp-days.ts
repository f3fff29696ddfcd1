// Of which days can a verifier have a stamp, by the keys that lie there?
import { DAY_MS, dateOf } from '../days/day-keys.ts';
import type { ForeignNote } from '../own-bucket.ts';
import { stampTokenKey } from './stamp-keys.ts';
import type { ListedToken } from './stamp-reader.ts';

/** No verifier stamped a day before the product's first year. */
const FIRST_DAY = '2026-01-01';

/** Ascending. A key of a day that no verifier can have stamped is somebody else's: none of it is read. */
export function stampDays(
  tokens: readonly ListedToken[],
  nowMs: number,
): { readonly dates: readonly string[]; readonly foreign: readonly ForeignNote[] } {
  const tomorrow = dateOf(nowMs + DAY_MS);
  const dates = new Set<string>();
  const foreign: ForeignNote[] = [];
  for (const token of tokens) {
    if (token.date >= FIRST_DAY && token.date <= tomorrow) dates.add(token.date);
    else {
      const why = `no day between ${FIRST_DAY} and tomorrow`;
      foreign.push({ key: stampTokenKey(token), versionId: token.versionId, why });
    }
  }
  return { dates: [...dates].sort(), foreign };
}
