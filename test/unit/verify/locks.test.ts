// What is said of a lock that is not as promised, and of a store that shows none?
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { type Period, spanOf } from '../../../src/base/period.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import type { ArchiveLock, ArchiveReader } from '../../../src/verify/archive-reader.ts';
import {
  isStoreWide,
  lockProblem,
  lockSlackMs,
  longLockProblem,
  promiseProblem,
} from '../../../src/verify/locks.ts';
import { storeProblem } from '../../../src/verify/seal-reader.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';
import { findingsOf, verify } from './run-verify.ts';

const END = '2030-01-02T03:04:05.000Z';
const END_MS = Date.parse(END);
const locked = (untilMs: number, mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE'): ArchiveLock => ({
  kind: 'locked',
  lock: { mode, untilMs },
});

describe('lockProblem', () => {
  it.each([
    {
      name: 'no lock',
      state: { kind: 'none' },
      until: END_MS,
      now: 0,
      code: 'lock-missing',
      expected: `COMPLIANCE until ${END}`,
      found: 'no lock',
    },
    {
      name: 'no lock at the promised end',
      state: { kind: 'none' },
      until: END_MS,
      now: END_MS,
      code: 'lock-missing',
      expected: `COMPLIANCE until ${END}`,
      found: 'no lock',
    },
    {
      name: 'no lock without an end',
      state: { kind: 'none' },
      until: null,
      now: END_MS,
      code: 'lock-missing',
      expected: 'COMPLIANCE',
      found: 'no lock',
    },
    {
      name: 'governance',
      state: locked(END_MS, 'GOVERNANCE'),
      until: END_MS,
      now: 0,
      code: 'mode-not-compliance',
      expected: 'COMPLIANCE',
      found: `GOVERNANCE until ${END}`,
    },
    {
      name: 'governance without an end',
      state: locked(END_MS, 'GOVERNANCE'),
      until: null,
      now: 0,
      code: 'mode-not-compliance',
      expected: 'COMPLIANCE',
      found: `GOVERNANCE until ${END}`,
    },
    {
      name: 'a short lock',
      state: locked(END_MS - 1),
      until: END_MS,
      now: 0,
      code: 'retention-short',
      expected: `COMPLIANCE until ${END}`,
      found: 'COMPLIANCE until 2030-01-02T03:04:04.999Z',
    },
    {
      name: 'an end that is no date',
      state: locked(-1e300),
      until: END_MS,
      now: 0,
      code: 'retention-short',
      expected: `COMPLIANCE until ${END}`,
      found: 'COMPLIANCE until -1e+300',
    },
    {
      name: 'a store without locks',
      state: { kind: 'not-applicable' },
      until: END_MS,
      now: 0,
      code: 'locks-not-applicable',
      expected: null,
      found: 'a store without locks',
    },
    {
      name: 'a store that hides them',
      state: { kind: 'not-permitted' },
      until: null,
      now: 0,
      code: 'locks-not-permitted',
      expected: 'permission to read locks',
      found: 'hidden by the store',
    },
  ] as const)('$name', ({ state, until, now, code, expected, found }) => {
    const problem = lockProblem(state, until, now);
    expect(problem).toEqual({ code, expected, found });
    expect(problem !== null && isStoreWide(problem)).toBe(state.kind.startsWith('not-'));
  });

  it.each([
    { name: 'the promised end', state: locked(END_MS), until: END_MS, now: 0 },
    { name: 'a longer lock', state: locked(END_MS + 1), until: END_MS, now: 0 },
    { name: 'any end where none is promised', state: locked(0), until: null, now: 0 },
    { name: 'no lock after the promised end', state: { kind: 'none' }, until: END_MS, now: END_MS + 1 },
  ] as const)('no fault: $name', ({ state, until, now }) => {
    expect(lockProblem(state, until, now)).toBeNull();
  });
});

describe('storeProblem', () => {
  it.each([
    { disposition: 'input', code: 'malformed' },
    { disposition: 'fatal', code: 'unreadable' },
    { disposition: 'retriable', code: 'unreadable' },
  ] as const)('calls an error of disposition $disposition $code', ({ disposition, code }) => {
    const error = new LedgerstoneError('too-large', 'beyond 4 MiB', { disposition });
    expect(storeProblem(error)).toEqual({ code, expected: null, found: 'beyond 4 MiB' });
  });

  it('believes no other kind of error about the object', () => {
    const other = Object.assign(new Error('reset'), { disposition: 'input' });
    expect(storeProblem(other)).toEqual({ code: 'unreadable', expected: null, found: 'reset' });
    expect(storeProblem('reset')).toEqual({ code: 'unreadable', expected: null, found: 'reset' });
  });
});

const DAY_MS = 86_400_000;

describe('the leeway of a period', () => {
  it.each([
    ['a month', { months: 1, ms: 0 }, DAY_MS],
    ['seven years', { months: 84, ms: 0 }, DAY_MS],
    ['a month and an hour', { months: 1, ms: 3_600_000 }, DAY_MS],
    ['ten days', { months: 0, ms: 10 * DAY_MS }, DAY_MS],
    ['ten days and ten seconds', { months: 0, ms: 10 * DAY_MS + 10_000 }, DAY_MS],
    ['nine days', { months: 0, ms: 9 * DAY_MS }, 0.9 * DAY_MS],
    ['ten seconds', { months: 0, ms: 10_000 }, 1000],
  ])('of %s', (_, period, slackMs) => expect(lockSlackMs(period)).toBe(slackMs));

  it('is known without walking the calendar, for it is asked of each object', () => {
    const looked = vi.spyOn(Date, 'UTC');
    expect(lockSlackMs({ months: 84, ms: 0 })).toBe(DAY_MS);
    expect(looked).not.toHaveBeenCalled();
    // What walks the calendar shows so.
    expect(spanOf({ months: 84, ms: 0 }).greatestMs).toBeGreaterThan(DAY_MS);
    expect(looked).toHaveBeenCalled();
    looked.mockRestore();
  });
});

describe('longLockProblem', () => {
  const TOOK = Date.parse('2026-01-01T00:00:00.000Z');
  const version = { key: 'k', versionId: 'v', marker: false, size: 1, lastModifiedMs: TOOK };
  const YEAR = { months: 12, ms: 0 };
  const LATEST = Date.parse('2027-01-02T00:00:00.000Z');

  it('takes a lock up to the period and its leeway, from when the store took it', () => {
    expect(longLockProblem(locked(LATEST), version, YEAR)).toBeNull();
    expect(longLockProblem(locked(LATEST + 1, 'GOVERNANCE'), version, YEAR)).toEqual({
      code: 'retention-long',
      expected: 'no lock beyond 2027-01-02T00:00:00.000Z',
      found: 'GOVERNANCE until 2027-01-02T00:00:00.001Z',
    });
  });

  it('says nothing where nobody said how long, or when it was taken', () => {
    expect(longLockProblem(locked(9e14), version, null)).toBeNull();
    const { lastModifiedMs: _, ...unknown } = version;
    expect(longLockProblem(locked(9e14), unknown, YEAR)).toBeNull();
    expect(longLockProblem({ kind: 'none' }, version, YEAR)).toBeNull();
    expect(longLockProblem({ kind: 'not-permitted' }, version, YEAR)).toBeNull();
    expect(longLockProblem({ kind: 'not-applicable' }, version, YEAR)).toBeNull();
  });

  it.each([
    ['with a lock', { ...locked(TOOK), eventHold: 'held' }],
    ['without one', { kind: 'none', eventHold: 'held' } as const],
  ])('calls an event hold one without end, %s, whoever said what', (_, state) => {
    const problem = { code: 'retention-long', expected: 'a lock that ends', found: 'held' };
    expect(longLockProblem(state as ArchiveLock, version, null)).toEqual(problem);
    expect(longLockProblem(state as ArchiveLock, version, YEAR)).toEqual(problem);
  });
});

describe('promiseProblem', () => {
  const SEALED = '2026-01-01T00:00:00.000Z';
  const manifest = (until: string) => ({ time: { sealed: SEALED }, retention: { until } }) as Manifest;
  const at = (lastModifiedMs?: number) => ({
    ...{ key: 'k', versionId: 'v', marker: false, size: 1 },
    ...(lastModifiedMs !== undefined && { lastModifiedMs }),
  });
  const run = (leastLock: Period | null, kind?: 's3' | 'directory') =>
    ({ leastLock, reader: { kind } }) as Parameters<typeof promiseProblem>[2];
  const YEAR = { months: 12, ms: 0 };

  it('asks for the period less its leeway, from the seal’s own time', () => {
    expect(promiseProblem(manifest('2026-12-31T00:00:00Z'), at(), run(YEAR))).toBeNull();
    expect(promiseProblem(manifest('2026-12-30T23:59:59Z'), at(), run(YEAR))).toEqual({
      code: 'retention-short',
      expected: 'a promise until 2026-12-31T00:00:00.000Z or later: no lock is shorter',
      found: 'promised until 2026-12-30T23:59:59Z',
    });
  });

  it('counts from when the store took it, if that is later and the store says so', () => {
    const later = at(Date.parse(SEALED) + 1000);
    expect(promiseProblem(manifest('2026-12-31T00:00:00Z'), later, run(YEAR, 's3'))?.code).toBe(
      'retention-short',
    );
    expect(promiseProblem(manifest('2026-12-31T00:00:01Z'), later, run(YEAR, 's3'))).toBeNull();
    expect(promiseProblem(manifest('2026-12-31T00:00:00Z'), later, run(YEAR, 'directory'))).toBeNull();
    const earlier = at(Date.parse(SEALED) - 9 * DAY_MS);
    expect(promiseProblem(manifest('2026-12-30T00:00:00Z'), earlier, run(YEAR, 's3'))?.code).toBe(
      'retention-short',
    );
    expect(promiseProblem(manifest('2026-12-31T00:00:00Z'), at(), run(YEAR, 's3'))).toBeNull();
  });

  it('asks for nothing where nobody said how long', () => {
    expect(promiseProblem(manifest('2026-01-01T00:00:01Z'), at(), run(null))).toBeNull();
  });
});

describe('a store that shows no locks', () => {
  it('is asked once, and the finding stands once', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(8, 2);
    let asked = 0;
    const reader: ArchiveReader = {
      listVersions: (prefix, options) => builder.archive.listVersions(prefix, options),
      read: (key, versionId, options) => builder.archive.read(key, versionId, options),
      lock: async () => {
        asked++;
        // Several are under way when the first one answers.
        await nextTurn();
        return { kind: 'not-permitted' };
      },
    };
    const report = await verify(reader, { trusted: builder.trusted });
    // One of the chain, and one of the objects beside the chains.
    expect(report.chains[0]?.findings.map(({ code }) => code)).toEqual(['locks-not-permitted']);
    expect(findingsOf(report, 'locks-not-permitted').length).toBe(2);
    expect(asked).toBeLessThanOrEqual(4);
  });
});
