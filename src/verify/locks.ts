// Is this version locked as it was promised?
import type { ArchiveLock } from './archive-reader.ts';
import type { Problem } from './finding.ts';

/**
 * `untilMs`: the least that was promised; null where no time was (keys, FORMAT). A lock may be longer, never
 * shorter, and only compliance mode counts: whoever may bypass governance mode may delete. Once the promise
 * is over, a lock that is gone is nothing to report.
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

/** True for what holds of a store rather than of one object: said once per chain, and not asked again. */
export const isStoreWide = (problem: Problem): boolean =>
  problem.code === 'locks-not-applicable' || problem.code === 'locks-not-permitted';

function lockText(mode: string, untilMs: number | null): string {
  if (untilMs === null) return mode;
  const date = new Date(untilMs);
  return `${mode} until ${Number.isNaN(date.getTime()) ? String(untilMs) : date.toISOString()}`;
}
