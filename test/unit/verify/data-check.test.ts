// What is said of a data object that is gone, of another size, or can't be read, and what is counted?
import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/base/concurrency.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import type { ArchiveVersion } from '../../../src/verify/archive-reader.ts';
import type { ChainTally } from '../../../src/verify/chain-tally.ts';
import type { DataOutcome } from '../../../src/verify/content.ts';
import { contentProblems, listedProblem, missingProblem } from '../../../src/verify/data-check.ts';
import type { OpenedSeal } from '../../../src/verify/open-seal.ts';
import type { Run } from '../../../src/verify/run.ts';

const UNTIL = '2030-01-01T00:00:00Z';
const UNTIL_MS = Date.parse(UNTIL);
const manifest = {
  ...{
    data: { bytes: 9 },
    records: 'records',
    entries: 'entries',
    time: 'time',
    retention: { until: UNTIL },
  },
};
const opened = { manifest } as unknown as OpenedSeal;
const empty = { manifest: { ...manifest, data: null } } as unknown as OpenedSeal;
const version: ArchiveVersion = { key: 'data/x', versionId: 'v1', marker: false, size: 9 };

describe('an object that is gone', () => {
  it.each([
    [UNTIL_MS, UNTIL_MS, 'data-missing'],
    [UNTIL_MS + 1, UNTIL_MS, 'expired'],
    [UNTIL_MS + 1, UNTIL_MS + 1, 'data-missing'],
    [UNTIL_MS + 2, UNTIL_MS + 1, 'expired'],
  ])('at %s, kept until %s: %s', (nowMs, untilMs, code) => {
    const until = untilMs === UNTIL_MS ? UNTIL : '2030-01-01T00:00:01Z';
    const problem = { code, expected: `kept until ${until}`, found: 'no object' };
    expect(missingProblem({ untilMs, cases: [], lateMs: null }, nowMs)).toEqual(problem);
  });

  it('under a hold that nothing has ended', () => {
    const kept = { untilMs: Number.POSITIVE_INFINITY, cases: ['C-1', 'C-2'], lateMs: null };
    const expected = 'kept under a legal hold for C-1, C-2';
    expect(missingProblem(kept, UNTIL_MS)).toEqual({ code: 'data-missing', expected, found: 'no object' });
  });

  it('and that was to be kept when it might have gone: the time of that is said', () => {
    const kept = { untilMs: UNTIL_MS, cases: [], lateMs: UNTIL_MS + 5000 };
    const expected = `kept until ${UNTIL}; that it is kept longer was decided at 2030-01-01T00:00:05.000Z`;
    expect(missingProblem(kept, UNTIL_MS + 9000)).toMatchObject({ code: 'expired', expected });
  });
});

describe('an object in the listing', () => {
  it.each<[string, OpenedSeal, Partial<ArchiveVersion>, object | null]>([
    ['as stated', opened, {}, null],
    ['of any size, where the seal has none', empty, { size: LIMITS.dataBytesMax }, null],
    [
      'that is no file',
      opened,
      { notAFile: true },
      { code: 'malformed', expected: 'a file', found: 'a link or a device' },
    ],
    [
      'of a byte more',
      opened,
      { size: 10 },
      { code: 'data-altered', expected: '9 bytes', found: '10 bytes' },
    ],
    [
      ...(['of a byte more than any may have', empty, { size: LIMITS.dataBytesMax + 1 }] as const),
      {
        ...{ code: 'malformed', expected: `at most ${LIMITS.dataBytesMax} bytes` },
        found: `${LIMITS.dataBytesMax + 1} bytes`,
      },
    ],
  ])('%s', (_, of, change, problem) => {
    expect(listedProblem(of, { ...version, ...change })).toEqual(problem);
  });
});

describe('the content', () => {
  const outcome = {
    lines: 3,
    problems: [{ code: 'malformed', expected: 'a', found: 'b' }],
  } as unknown as DataOutcome;
  type Words = {
    readonly read?: () => Uint8Array;
    readonly check?: () => DataOutcome;
    readonly signal?: AbortSignal;
  };
  function world({ read = () => new Uint8Array(9), check = () => outcome, signal }: Words = {}) {
    const [asked, reports, added, seen, bytes] = [
      [] as unknown[],
      [] as number[],
      [] as unknown[],
      [] as unknown[],
      new Semaphore(20),
    ];
    const counts = () => ({ dataObjects: 1, lines: 10, bytes: 100 });
    const progress = counts();
    const tally = { ...counts(), addContent: (...args: unknown[]) => added.push(args) };
    const run = {
      ...{ signal, reads: new Semaphore(1), bytes, progress, report: () => reports.push(progress.lines) },
      reader: {
        read: async (...args: unknown[]) => {
          asked.push(args);
          return read();
        },
      },
      checker: {
        check: async (...args: unknown[]) => {
          asked.push(args);
          return check();
        },
      },
    } as unknown as Run;
    const visit = { checked: (...args: unknown[]) => seen.push(args) };
    const problems = (of = opened, visits = true, size = version.size) =>
      contentProblems(
        of,
        { ...version, size },
        run,
        tally as unknown as ChainTally,
        visits ? (visit as never) : null,
      );
    return { problems, asked, tally, progress, reports, added, seen };
  }

  it('does not tell again the size that the listing showed', async () => {
    const other = { code: 'data-altered', expected: 'aa', found: 'bb' };
    const problems = [{ code: 'data-altered', expected: '9 bytes', found: '10 bytes' }, other];
    const check = () => ({ ...outcome, problems }) as unknown as DataOutcome;
    expect(await world({ check }).problems(opened, true, 10)).toEqual([other]);
    // Read as another size than listed: the listing did not show that.
    expect(await world({ check }).problems()).toEqual(problems);
    expect(await world({ check }).problems(opened, true, 11)).toEqual(problems);
  });

  it('is read, compared with what the seal says, and counted', async () => {
    const { signal } = new AbortController();
    const made = world({ signal });
    expect(await made.problems()).toBe(outcome.problems);
    const { data, records, entries, time } = manifest;
    expect(made.asked).toEqual([
      ['data/x', 'v1', { maxBytes: LIMITS.dataBytesMax, signal }],
      [new Uint8Array(9), { data, records, entries, time }],
    ]);
    for (const counts of [made.tally, made.progress])
      expect(counts).toMatchObject({ dataObjects: 2, lines: 13, bytes: 109 });
    expect([made.added, made.seen, made.reports]).toEqual([
      [[manifest, outcome]],
      [[version, outcome]],
      [13],
    ]);
  });

  it('is checked where nobody else looks', async () => {
    const made = world();
    expect(await made.problems(opened, false)).toBe(outcome.problems);
    expect(made.asked[0]).toEqual(['data/x', 'v1', { maxBytes: LIMITS.dataBytesMax }]);
  });

  it('of a segment without one is nothing', async () => {
    const made = world();
    expect([await made.problems(empty), made.asked]).toEqual([[], []]);
  });

  it.each<[string, Words, object]>([
    [...(['can not be read', { read: thrower('gone') }] as const), { code: 'unreadable' }],
    [
      ...(['can not be checked', { check: thrower('a thread died') }] as const),
      { code: 'unreadable', expected: 'a check of every line', found: 'a thread died' },
    ],
    [
      ...(['can not be checked, for what is no error', { check: thrower('odd', String) }] as const),
      { code: 'unreadable', expected: 'a check of every line', found: 'odd' },
    ],
  ])('%s', async (_, words, problem) => {
    const made = world(words);
    expect(await made.problems()).toMatchObject([problem]);
    expect([made.tally.dataObjects, made.reports]).toEqual([1, []]);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(world({ ...words, signal }).problems()).rejects.toThrow('stopped');
  });

  function thrower(message: string, make: (text: string) => unknown = (text) => new Error(text)) {
    return (): never => {
      throw make(message);
    };
  }
});
