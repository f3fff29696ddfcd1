// How many findings were opened and closed on a day, and how many of them by drills?
import { CANARY_CHAIN } from '../../format/chain.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import type { CheckedNotes } from '../findings/checked-notes.ts';
import type { OwnBucket } from '../own-bucket.ts';
import { findingsRoot, parseFindingKey } from '../own-keys.ts';
import { DAY_MS, dayStartMs } from './day-keys.ts';
import type { DayRecord } from './day-notes.ts';

const DRILLS = `topic=${CANARY_CHAIN}/`;

/** By the store's time, and of the verifier's own notes alone. */
export async function findingsOfDay(
  store: OwnBucket['store'],
  checked: Pick<CheckedNotes, 'check'>,
  date: string,
  signal?: AbortSignal,
): Promise<Pick<DayRecord, 'findings' | 'drills'>> {
  const [fromMs, toMs] = [dayStartMs(date), dayStartMs(date) + DAY_MS];
  const ofDay: { key: string; versionId: string }[] = [];
  const options = signal === undefined ? {} : { signal };
  for await (const { key, versionId, lastModifiedMs } of oldestVersions(
    store.listVersions(findingsRoot, options),
  )) {
    const state = parseFindingKey(key)?.state;
    if (state !== 'open' && state !== 'closed' && state !== 'told') continue;
    // People may be notified after midnight of what was opened before.
    if (lastModifiedMs >= fromMs && (lastModifiedMs < toMs || state === 'told'))
      ofDay.push({ key, versionId });
  }
  const why = await checked.check(ofDay, signal);
  const own = ofDay.flatMap(({ key }, index) => {
    const parsed = parseFindingKey(key);
    return why[index] === null && parsed !== null ? [parsed] : [];
  });
  const opened = new Set(
    own.filter(({ state }) => state === 'open').map(({ id, opening }) => `${id}/${opening}`),
  );
  const drills = own.filter(
    ({ scope, id, opening }) => scope.startsWith(DRILLS) && opened.has(`${id}/${opening}`),
  );
  const ids = (state: string) =>
    new Set(drills.filter((one) => one.state === state).map(({ id, opening }) => `${id}/${opening}`)).size;
  const closed = new Set(
    own.filter(({ state }) => state === 'closed').map(({ id, opening }) => `${id}/${opening}`),
  );
  return {
    findings: { opened: opened.size, closed: closed.size },
    drills: { opened: ids('open'), notified: ids('told') },
  };
}
