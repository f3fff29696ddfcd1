// What is said of a lock that is not as promised, and of a store that shows none?
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import type { ArchiveLock } from '../../../src/verify/archive-reader.ts';
import { isStoreWide, lockProblem } from '../../../src/verify/locks.ts';
import { storeProblem } from '../../../src/verify/seal-reader.ts';

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
