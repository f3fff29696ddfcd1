// Which frozen archives promise or have locks that are shorter or longer than the user says?
import { entries, NOW_MS, START_MS, YEAR_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, archive, archiveWith, type Made } from './archive-cases.ts';

const DAY_MS = 86_400_000;
const YEAR = { months: 12, ms: 0 } as const;

/** The last segment is locked for that long. */
const lockedFor = (retentionMs: number, more: Omit<Made, 'builder'>) => async (): Promise<Made> => ({
  builder: (await archiveWith({ lines: entries(4, 4), retentionMs }, false)).builder,
  ...more,
});
const ofAll = (more: Omit<Made, 'builder'>) => async (): Promise<Made> => ({ builder: (await archive()).builder, ...more });

export const LOCK_CASES: readonly ArchiveCase[] = [
  {
    name: 'good-promise-a-day-short',
    about: 'Every lock is to be a year at least. One segment promises a day less: so long may a write be repeated.',
    codes: [],
    make: lockedFor(YEAR_MS - DAY_MS, { leastLock: YEAR }),
  },
  {
    name: 'bad-promise-short',
    about: 'The same, and a second less.',
    codes: ['retention-short'],
    copy: ['locks-not-applicable', 'retention-short'],
    make: lockedFor(YEAR_MS - DAY_MS - 1000, { leastLock: YEAR }),
  },
  {
    name: 'good-promise-of-hours-a-tenth-short',
    about: 'Every lock is to be ten hours at least. One segment promises a tenth less.',
    codes: [],
    make: lockedFor(9 * 3_600_000, { leastLock: { months: 0, ms: 36_000_000 } }),
  },
  {
    name: 'bad-promise-of-hours-short',
    about: 'The same, and a second less.',
    codes: ['retention-short'],
    copy: ['locks-not-applicable', 'retention-short'],
    make: lockedFor(9 * 3_600_000 - 1000, { leastLock: { months: 0, ms: 36_000_000 } }),
  },
  {
    name: 'bad-promise-short-by-the-store',
    about: 'Every segment promises a year from its own time. The store took it more than a day later, and says so.',
    codes: ['retention-short'],
    copy: ['locks-not-applicable'],
    make: ofAll({ leastLock: YEAR, tookMs: START_MS + DAY_MS + 3_600_000, nowMs: START_MS + 2 * DAY_MS }),
  },
  {
    name: 'bad-clock-ahead-of-store',
    about: 'The last two seals say that they were made more than two minutes after the store took them.',
    codes: ['clock-ahead'],
    copy: ['locks-not-applicable'],
    make: ofAll({ tookMs: START_MS - 1 }),
  },
  {
    name: 'odd-locks-longer-than-any',
    about: 'No lock is to be longer than two years, and the seals’ are.',
    codes: ['retention-long'],
    copy: ['locks-not-applicable'],
    make: ofAll({ greatestLock: { months: 24, ms: 0 }, tookMs: NOW_MS }),
  },
  {
    name: 'good-locks-not-longer-than-any',
    about: 'No lock is to be longer than eight years and two months: the longest ends before that.',
    codes: [],
    make: ofAll({ greatestLock: { months: 98, ms: 0 }, tookMs: NOW_MS }),
  },
];
