// Is this version locked as promised?
import type { ArchiveLock } from './archive-reader.ts';
import type { Problem } from './finding.ts';

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

/** True if it holds for the whole store: then it is reported once per chain and not asked again. */
export const isStoreWide = (problem: Problem): boolean =>
  problem.code === 'locks-not-applicable' || problem.code === 'locks-not-permitted';

function lockText(mode: string, untilMs: number | null): string {
  if (untilMs === null) return mode;
  const date = new Date(untilMs);
  return `${mode} until ${Number.isNaN(date.getTime()) ? String(untilMs) : date.toISOString()}`;
}
