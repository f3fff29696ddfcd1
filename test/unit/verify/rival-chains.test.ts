// Which chains claim the same place in history, told from their reports alone?
import { describe, expect, it } from 'vitest';
import type { Anchor } from '../../../src/verify/anchor.ts';
import type { Problem } from '../../../src/verify/finding.ts';
import type { ChainReport } from '../../../src/verify/report.ts';
import { secondContinuations, withRivals, withUnread } from '../../../src/verify/rival-chains.ts';

const O = 'audit.example.com/prod';
const SOURCE = { kind: 'kafka', cluster: 'c', topic: 't', topicId: 'id', partition: 0 } as const;

const chain = (name: string, first: number | null, next: number | null, more: object = {}): ChainReport =>
  ({
    ...{ origin: `${O}/${name}/0`, chain: name, partition: 0, source: SOURCE, verdict: 'verified' },
    ...{ firstOffset: first, nextOffset: next, findings: [], checkpoint: 'a checkpoint' },
    ...more,
  }) as unknown as ChainReport;

const told = (chains: readonly ChainReport[]) =>
  withRivals(chains, []).map(({ verdict, findings, checkpoint }) => [
    ...[verdict, checkpoint === null ? 'no checkpoint' : 'checkpoint'],
    ...findings.map(({ code, found }) => `${code} ${found}`),
  ]);
const GOOD = ['verified', 'checkpoint'];
const overlap = (first: number, last: number, other: string) => [
  ...['unverifiable', 'no checkpoint'],
  `source-overlap offsets ${first} to ${last} are in ${O}/${other}/0 too: which is the record can't be told`,
];

describe('offsets that two chains have', () => {
  it('are told of both, with the first and the last', () => {
    expect(told([chain('a', 0, 5), chain('b', 4, 9)])).toEqual([overlap(4, 4, 'b'), overlap(4, 4, 'a')]);
    expect(told([chain('a', 2, 5), chain('b', 0, 9)])).toEqual([overlap(2, 4, 'b'), overlap(2, 4, 'a')]);
  });

  it('are none where one ends at which the other begins, or has none', () => {
    expect(told([chain('a', 0, 5), chain('b', 5, 9)])).toEqual([GOOD, GOOD]);
    expect(told([chain('a', 0, 5), chain('b', 3, 3)])).toEqual([GOOD, GOOD]);
    expect(told([chain('a', 0, 5), chain('b', null, 3)])).toEqual([GOOD, GOOD]);
    expect(told([chain('a', 0, 5), chain('b', 3, null)])).toEqual([GOOD, GOOD]);
  });

  it('are told of each of several, against the widest before it', () => {
    expect(told([chain('a', 0, 9), chain('b', 1, 2), chain('c', 5, 12), chain('d', 11, 13)])).toEqual([
      ...[overlap(1, 1, 'b'), overlap(1, 1, 'a'), overlap(5, 8, 'a'), overlap(11, 11, 'c')],
    ]);
  });

  it('say nothing of another source, of one without an id, of a file, or of a chain that is not verified', () => {
    const other = (source: object | null) => told([chain('a', 0, 5, { source }), chain('b', 0, 5)]);
    expect(other({ ...SOURCE, topicId: 'other' })).toEqual([GOOD, GOOD]);
    expect(other(null)).toEqual([GOOD, GOOD]);
    const both = (source: object) => told([chain('a', 0, 5, { source }), chain('b', 0, 5, { source })]);
    expect(both({ ...SOURCE, topicId: null })).toEqual([GOOD, GOOD]);
    expect(both({ kind: 'file', name: 'f', partition: 0 })).toEqual([GOOD, GOOD]);
    const verdict = { verdict: 'unverifiable' };
    expect(told([chain('a', 0, 5, verdict), chain('b', 0, 5)])).toEqual([
      ['unverifiable', 'checkpoint'],
      GOOD,
    ]);
  });
});

const handover = (older: string, newer?: string, size = 1): Anchor => ({
  ...{ kind: 'handover', origin: older, size, root: new Uint8Array(32), nextOffset: 0, signed: null },
  ...{ from: `${newer} continues it`, ...(newer !== undefined && { newer }) },
});

describe('a second continuation', () => {
  it('is told of each chain, and names another', () => {
    const problems = secondContinuations([
      ...[handover('A', 'X', 1), handover('A', 'Y', 2), handover('A', 'Z', 2)],
      handover('B', 'V'),
    ]);
    expect([...problems]).toEqual([
      ['X', { code: 'fork', expected: 'the only chain that continues A', found: 'Y continues it' }],
      ['Y', { code: 'fork', expected: 'the only chain that continues A', found: 'X continues it' }],
      ['Z', { code: 'fork', expected: 'the only chain that continues A', found: 'X continues it' }],
    ]);
  });

  it('is none where chains of two origins in one folder are continued, or the same one twice', () => {
    const twice = [handover('A', 'X'), handover('O', 'Y'), handover('A', 'X', 2)];
    expect(secondContinuations(twice).size).toBe(0);
    expect(secondContinuations([handover('A'), handover('A')]).size).toBe(0);
  });

  it('breaks the newer chain, which has no offsets to compare then', () => {
    const forks = [handover('A', `${O}/b/0`), handover('A', `${O}/c/0`)];
    const reports = withRivals([chain('a', 0, 5), chain('b', 0, 5), chain('c', 6, 8)], forks);
    expect(reports.map(({ verdict, checkpoint }) => [verdict, checkpoint])).toEqual([
      ['verified', 'a checkpoint'],
      ['broken', null],
      ['broken', null],
    ]);
  });
});

describe('a first seal that could not be read when others needed it', () => {
  const problem: Problem = { code: 'unreadable', expected: null, found: 'reset' };
  const unread = new Map([['a/0', problem]]);
  const key = 'seals/topic=a/partition=0/000000000000.tlog-proof';

  it('is told of its chain', () => {
    const [a, b] = withUnread([chain('a', 0, 5), chain('b', 0, 5)], unread);
    expect(a).toMatchObject({
      verdict: 'unverifiable',
      checkpoint: null,
      findings: [{ ...problem, key, sequence: 0 }],
    });
    expect(b).toEqual(chain('b', 0, 5));
  });

  it('is told once', () => {
    const is = (finding: object) =>
      withUnread([chain('a', 0, 5, { findings: [finding] })], unread)[0]?.findings.length;
    expect(is({ ...problem, sequence: 0 })).toBe(1);
    expect(is({ ...problem, sequence: 1 })).toBe(2);
    expect(is({ code: 'malformed', sequence: 0 })).toBe(2);
  });
});
