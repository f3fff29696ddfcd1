// Is this version locked as promised?
import { afterPeriod, type Period } from '../base/period.ts';
import type { Manifest } from '../format/manifest.ts';
import { parseTime, parseUntil } from '../format/time.ts';
import type { ArchiveLock, ArchiveVersion } from './archive-reader.ts';
import type { Problem } from './finding.ts';
import type { Run } from './run.ts';

/**
 * `untilMs`: the earliest end that was promised. Null if none was (keys, FORMAT). A lock may be longer but
 * never shorter. Only compliance mode counts, because some roles may bypass governance mode. Once the promise
 * is over, a missing lock is no fault.
 */
export function lockProblem(state: ArchiveLock, untilMs: number | null, nowMs: number): Problem | null {
  switch (state.kind) {
    case 'not-applicable':
      return { code: 'locks-not-applicable', expected: null, found: 'a store without locks' };
    case 'not-permitted':
      return {
        code: 'locks-not-permitted',
        expected: 'permission to read locks',
        found: 'hidden by the store',
      };
    case 'none':
      if (untilMs !== null && nowMs > untilMs) return null;
      return { code: 'lock-missing', expected: lockText('COMPLIANCE', untilMs), found: 'no lock' };
    case 'locked': {
      const { mode, untilMs: lockedUntilMs } = state.lock;
      const found = lockText(mode, lockedUntilMs);
      if (mode !== 'COMPLIANCE') return { code: 'mode-not-compliance', expected: 'COMPLIANCE', found };
      if (untilMs === null || lockedUntilMs >= untilMs) return null;
      return { code: 'retention-short', expected: lockText('COMPLIANCE', untilMs), found };
    }
  }
}

const DAY_MS = 86_400_000;

/**
 * An object may be written hours after the time from which its lock counts. A tenth of a month is more than
 * a day. It is asked of each object, so the calendar is not walked for it.
 */
export const lockSlackMs = ({ months, ms }: Period): number =>
  months > 0 ? DAY_MS : Math.min(DAY_MS, ms / 10);

/**
 * Locked for longer than the user says that anything is? `greatest` null: nobody said so. An event hold has
 * no end, whatever was said.
 */
export function longLockProblem(
  state: ArchiveLock,
  { lastModifiedMs }: ArchiveVersion,
  greatest: Period | null,
): Problem | null {
  if (state.kind !== 'locked' && state.kind !== 'none') return null;
  const { eventHold } = state;
  if (eventHold !== undefined)
    return { code: 'retention-long', expected: 'a lock that ends', found: eventHold };
  if (state.kind === 'none' || greatest === null || lastModifiedMs === undefined) return null;
  const { mode, untilMs } = state.lock;
  const latestMs = afterPeriod(lastModifiedMs, greatest) + lockSlackMs(greatest);
  if (untilMs <= latestMs) return null;
  const expected = `no lock beyond ${new Date(latestMs).toISOString()}`;
  return { code: 'retention-long', expected, found: lockText(mode, untilMs) };
}

/** Too short, of the wrong kind, or too long. */
export const lockProblems = (
  state: ArchiveLock,
  untilMs: number | null,
  version: ArchiveVersion,
  { nowMs, greatestLock }: Pick<Run, 'nowMs' | 'greatestLock'>,
): Problem[] =>
  [lockProblem(state, untilMs, nowMs), longLockProblem(state, version, greatestLock)].filter(
    (problem) => problem !== null,
  );

/**
 * Does a seal promise less than any lock was ever to be? Counted from its own time, and from the time at
 * which the store took it, for a writer can choose the first. `leastLock` null: nobody said so.
 */
export function promiseProblem(
  { time, retention }: Manifest,
  { lastModifiedMs }: ArchiveVersion,
  { reader, leastLock }: Pick<Run, 'reader' | 'leastLock'>,
): Problem | null {
  if (leastLock === null) return null;
  const storedMs = reader.kind === 's3' ? (lastModifiedMs ?? 0) : 0;
  const fromMs = Math.max(parseTime(time.sealed), storedMs);
  const leastMs = afterPeriod(fromMs, leastLock) - lockSlackMs(leastLock);
  if (parseUntil(retention.until) >= leastMs) return null;
  const expected = `${PROMISE} ${new Date(leastMs).toISOString()} or later: no lock is shorter`;
  return { code: 'retention-short', expected, found: `promised until ${retention.until}` };
}

const PROMISE = 'a promise until';

/** Whether a finding says that a seal promises less than any lock was to be, as `promiseProblem` does. */
export const isOfLeastLock = ({
  code,
  expected,
}: {
  readonly code: string;
  readonly expected: string | null;
}): boolean => code === 'retention-short' && expected?.startsWith(PROMISE) === true;

/** True if it holds for the whole store: then it is reported once per chain and not asked again. */
export const isStoreWide = (problem: Problem): boolean =>
  problem.code === 'locks-not-applicable' || problem.code === 'locks-not-permitted';

/** For people. */
export function lockText(mode: string, untilMs: number | null): string {
  if (untilMs === null) return mode;
  const date = new Date(untilMs);
  return `${mode} until ${Number.isNaN(date.getTime()) ? String(untilMs) : date.toISOString()}`;
}
