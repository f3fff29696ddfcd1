// Is a lock ever called as promised where that is not known?
import { describe, expect, it } from 'vitest';
import type { ReportedChain } from '../../../src/evidence/report/printed-report.ts';
import { type RetentionData, retentionVerdict } from '../../../src/evidence/report/retention.ts';
import { type LockFact, RetentionTally } from '../../../src/evidence/report/retention-tally.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-30T12:00:00Z');
const PROMISED_MS = NOW_MS + 100 * DAY_MS;

const fact = (state: LockFact['state'], more: Partial<LockFact> = {}): LockFact => ({
  ...{ chain: 'orders', partition: 0, key: 'seals/x', sealedMs: NOW_MS - DAY_MS, promisedMs: PROMISED_MS },
  ...{ state, ...more },
});
const locked = (mode: string, untilMs: number): LockFact['state'] => ({
  kind: 'locked',
  lock: { mode, untilMs },
});
const GOOD = locked('COMPLIANCE', PROMISED_MS);
const CHAIN: ReportedChain = {
  ...{ chain: 'orders', partition: 0, origin: 'o/orders/0', checkpoint: { size: 1, root: '00' } },
  ...{
    firstOffset: 0,
    lastOffset: 1,
    archived: 2,
    gaps: 0,
    lastSealed: '2026-11-29T12:00:00.000Z',
    problem: null,
  },
};
const ALL = { from: null, to: null };

function verdictOf(facts: readonly LockFact[], more: Partial<RetentionData> = {}, chains = [CHAIN]) {
  const tally = new RetentionTally(NOW_MS);
  tally.add(facts);
  const data: RetentionData = {
    ...{ rows: tally.rows(), ends: tally.ends(), faults: tally.faults, faultsOmitted: tally.faultsOmitted },
    ...{ unknown: tally.unknown(), policies: null, unlisted: [], decisions: null, ...more },
  };
  return { ...retentionVerdict(ALL, chains, data), tally, row: tally.rows()[0] };
}

describe('the lock of an object', () => {
  it('as promised, or longer, is as promised', () => {
    const { standing, sentence, tally } = verdictOf([
      fact(GOOD),
      fact(locked('COMPLIANCE', PROMISED_MS + 40 * DAY_MS)),
    ]);
    expect(standing).toBe('whole');
    expect(sentence).toBe(
      'All 2 objects of 1 segment of 1 chain are locked in COMPLIANCE mode until the promised date or later. The first lock ends 2027-03-10T12:00:00.000Z, the last 2027-04-19T12:00:00.000Z.',
    );
    expect(tally.ends()).toEqual([
      { month: '2027-03', objects: 1 },
      { month: '2027-04', objects: 1 },
    ]);
  });

  it.each<[string, LockFact['state'], string]>([
    ['a second short', locked('COMPLIANCE', PROMISED_MS - 1000), 'retention-short'],
    ['in governance mode', locked('GOVERNANCE', PROMISED_MS), 'mode-not-compliance'],
    ['none', { kind: 'none' }, 'lock-missing'],
    ['gone', { kind: 'gone' }, 'data-missing'],
    [
      'an event hold',
      { kind: 'locked', lock: { mode: 'COMPLIANCE', untilMs: PROMISED_MS }, eventHold: 'on' },
      'retention-long',
    ],
  ])('%s is found', (_, state, code) => {
    const { standing, sentence, tally } = verdictOf([fact(GOOD), fact(state)]);
    expect([standing, tally.faults.map((one) => one.code)]).toEqual(['found', [code]]);
    expect(sentence).toMatch(/^1 object is not locked as promised \(looked at: 2 objects/);
  });

  it.each<[string, LockFact['state']]>([
    ['a directory', { kind: 'not-applicable' }],
    ['hidden', { kind: 'not-permitted' }],
    ['no answer', { kind: 'unreadable', why: 'the store is away' }],
  ])('%s is not known', (_, state) => {
    for (const facts of [[fact(state)], [fact(GOOD), fact(state)]]) {
      const { standing, sentence, bounds } = verdictOf(facts);
      expect(standing).toBe('open');
      expect(sentence).not.toMatch(/^All/);
      expect(bounds.join('\n')).toContain('of 1 object the lock is not known: ');
    }
    expect(verdictOf([fact(state)]).sentence).toBe(
      'Of no object could it be shown that it is locked (1 object of 1 segment of 1 chain).',
    );
  });
});

describe('decisions', () => {
  const gone = (kept: LockFact['kept']) => fact({ kind: 'gone' }, { kept: kept ?? null });
  it('that came too late demand nothing of what is gone: it is over', () => {
    const { standing, row } = verdictOf([
      fact(GOOD),
      gone({ untilMs: NOW_MS - 1, cases: [], lateMs: NOW_MS - 1 }),
    ]);
    expect([standing, row?.kept, row?.over, row?.broken]).toEqual(['whole', 1, 1, 0]);
  });
  it('that came in time do, in the words of verify', () => {
    const kept = { untilMs: Number.POSITIVE_INFINITY, cases: ['C-1'], lateMs: null };
    expect(verdictOf([gone(kept)]).tally.faults).toMatchObject([
      { code: 'data-missing', expected: 'kept under a legal hold for C-1' },
    ]);
    expect(verdictOf([gone({ untilMs: PROMISED_MS, cases: [], lateMs: null })]).tally.faults).toMatchObject([
      { code: 'data-missing', expected: 'kept until 2027-03-10T12:00:00Z' },
    ]);
  });
  it.each([
    [null, 'whole', /^Compared with what the seals promise/],
    [{ acts: 3, why: null }, 'whole', /^Promised is what the seals say, and what 3 acts made longer/],
    [{ acts: 3, why: 'a break' }, 'open', /^Of what people decided .*: a break$/],
    [
      { acts: null, why: 'no key' },
      'open',
      /^Whether people decided on longer locks was not looked at.*: no key$/,
    ],
  ])('%j: the report is %s, and says so', (decisions, standing, bound) => {
    const said = verdictOf([fact(GOOD)], { decisions });
    expect(said.standing).toBe(standing);
    expect(said.bounds[0]).toMatch(bound);
  });
});

describe('a promise that is over', () => {
  const past = { promisedMs: NOW_MS - DAY_MS };
  it('needs no lock and no object, and is counted apart', () => {
    const { standing, sentence, row } = verdictOf([
      fact(GOOD),
      fact({ kind: 'none' }, past),
      fact({ kind: 'gone' }, past),
    ]);
    expect([standing, row?.kept, row?.over]).toEqual(['whole', 1, 2]);
    expect(sentence).toMatch(/^Of 3 objects .* all whose promise is not over \(1\) are locked/);
  });
  it('with a lock that S3 still shows, and that has ended: nothing is called locked', () => {
    const ended = fact(locked('COMPLIANCE', past.promisedMs), past);
    const { standing, sentence, row, tally } = verdictOf([ended]);
    expect([standing, row?.kept, row?.over, tally.ends()]).toEqual(['open', 0, 1, []]);
    expect(sentence).toMatch(/^Nothing of it is locked any more/);
    const both = verdictOf([fact(GOOD), ended]);
    expect(both.sentence).toMatch(/^Of 2 objects .* all whose promise is not over \(1\) are locked/);
    expect(both.sentence).toContain('The first lock ends 2027-03-10');
  });
  it('and a lock beyond it that still holds is counted as locked', () => {
    const { standing, row } = verdictOf([fact(GOOD, past)]);
    expect([standing, row?.kept, row?.over]).toEqual(['whole', 1, 0]);
  });
  it('of all: nothing is called locked', () => {
    const { standing, sentence } = verdictOf([fact({ kind: 'none' }, past)]);
    expect([standing, sentence]).toEqual([
      'open',
      expect.stringMatching(/^Nothing of it is locked any more/),
    ]);
  });
});

describe('what was not looked at', () => {
  it('nothing at all, a chain that could not be read, a folder that could not be listed', () => {
    expect(verdictOf([])).toMatchObject({
      standing: 'open',
      sentence: 'No segment was found: no lock was looked at.',
    });
    const broken = { ...CHAIN, problem: 'a seal is missing' };
    const unlisted = [{ folder: 'seals/topic=x/', problem: 'denied' }];
    for (const verdict of [verdictOf([fact(GOOD)], {}, [broken]), verdictOf([fact(GOOD)], { unlisted })]) {
      expect(verdict.standing).toBe('open');
      expect(verdict.sentence).toBe(
        '1 object of 1 segment of 1 chain are locked as promised; of the rest it is not known.'.replace(
          '1 object',
          '1 of 1 object',
        ),
      );
    }
  });

  it('a promise below the configuration is found, and a chain that it does not name is said', () => {
    const policy = { name: 'default', mode: 'COMPLIANCE', period: '1y' };
    const one = { chain: 'orders', partition: 0, segments: 1, example: null };
    const short = verdictOf([fact(GOOD)], { policies: [{ ...one, policy, short: 1 }] });
    expect(short.sentence).toMatch(/^The promise of 1 segment is less than the configuration asks for now/);
    const unnamed = verdictOf([fact(GOOD)], { policies: [{ ...one, policy: null, short: 0 }] });
    expect(unnamed.bounds.join()).toContain(
      'The configuration names no retention of orders/0: not compared with it.',
    );
    expect(verdictOf([fact(GOOD)]).bounds.join()).toContain(
      'With --config it is compared with the configuration too.',
    );
  });

  it('lists 200 faults and counts the others', () => {
    const tally = new RetentionTally(NOW_MS);
    for (let index = 0; index < 250; index++) tally.add([fact({ kind: 'none' })]);
    expect([tally.faults.length, tally.faultsOmitted, tally.rows()[0]?.broken]).toEqual([200, 50, 250]);
  });
});
