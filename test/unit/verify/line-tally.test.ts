// Which sums does the verifier keep of lines, and what does it say where the manifest states others?
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { rootOfLeaves } from '../../../src/merkle/tree.ts';
import type { DataClaim } from '../../../src/verify/data-claim.ts';
import { LineTally } from '../../../src/verify/line-tally.ts';
import { ProblemList } from '../../../src/verify/problem-list.ts';
import { tools } from './run-verify.ts';

const T0 = Date.parse('1970-01-01T00:00:00.000Z');
const record = (offset: number, ms: number) => `{"offset":${offset},"timestamp":${ms},"value":${offset}}`;
const gap = (offset: number, last: number) =>
  `{"offset":${offset},"gap":{"last":${last},"reason":"transaction","control":1,"aborted":${last - offset}}}`;
const LINES = [record(5, T0 + 30), record(6, T0 + 10), gap(7, 9), record(10, T0 + 20), gap(11, 11)];

const leafOf = (line: string) => nodeSha256(new Uint8Array([0, ...utf8(line)]));

type Sums = {
  readonly root: string;
  readonly size: number;
  readonly count: number;
  readonly nextOffset: number;
  readonly missing: DataClaim['records']['missing'];
  readonly first: string | null;
  readonly last: string | null;
};

const SUMS: Sums = {
  root: toHex(rootOfLeaves(nodeSha256, LINES.map(leafOf))),
  size: 5,
  count: 3,
  nextOffset: 12,
  missing: { transaction: 4 },
  first: '1970-01-01T00:00:00.010Z',
  last: '1970-01-01T00:00:00.030Z',
};

const claimOf = (change: Partial<Sums> = {}): DataClaim => {
  const { root, size, count, nextOffset, missing, first, last } = { ...SUMS, ...change };
  return {
    entries: { size, root },
    records: { firstOffset: 5, nextOffset, count, before: 0, missing },
    time: { first, last, sealed: '2030-01-01T00:00:00.000Z' },
  } as unknown as DataClaim;
};

it('shows each line as it is, those that are plain and those that are not', () => {
  const odd = `{"offset":12,"timestamp":-1,"value":12}`;
  const late = `{"offset":13,"timestamp":20,"headers":[["h","1"]],"value":{"a":[1]}}`;
  const lines = [...LINES, odd, late];
  const content = utf8(lines.map((line) => `${line}\n`).join(''));
  const seen: unknown[] = [];
  const problems = new ProblemList();
  new LineTally(5, tools, problems, (line) => {
    expect(line.content).toBe(content);
    const text = Buffer.from(line.content.subarray(line.start, line.end)).toString();
    seen.push([text, line.offset, line.nextOffset, line.timestampMs, line.gapLine?.last ?? null]);
  }).addBlock(content, lines.length, 0);
  expect(problems.all).toEqual([]);
  expect(seen).toEqual([
    [lines[0], 5, 6, 30, null],
    [lines[1], 6, 7, 10, null],
    [lines[2], 7, 10, -1, 9],
    [lines[3], 10, 11, 20, null],
    [lines[4], 11, 12, -1, 11],
    [lines[5], 12, 13, -1, null],
    [lines[6], 13, 14, 20, null],
  ]);
});

type Block = readonly string[] | null;

function tallied(blocks: readonly Block[], change: Partial<Sums> = {}, stated?: readonly number[]) {
  const problems = new ProblemList();
  const tally = new LineTally(5, tools, problems);
  for (const [index, lines] of blocks.entries()) {
    if (lines === null) tally.skipBlock();
    else
      tally.addBlock(utf8(lines.map((line) => `${line}\n`).join('')), stated?.[index] ?? lines.length, index);
  }
  tally.compareWith(claimOf(change), problems);
  return { lines: tally.lines, problems: problems.all };
}

describe('the sums of lines', () => {
  it.each([
    { name: 'one block', blocks: [LINES] },
    { name: 'several blocks', blocks: [LINES.slice(0, 1), LINES.slice(1, 4), LINES.slice(4)] },
  ])('fit what is stated of them, in $name', ({ blocks }) => {
    expect(tallied(blocks)).toEqual({ lines: 5, problems: [] });
  });

  it.each<{ change: Partial<Sums>; code?: string; expected: string; found: string }>([
    { change: { root: 'ab' }, code: 'entry-root-mismatch', expected: 'ab', found: SUMS.root },
    { change: { size: 6 }, expected: 'entries.size 6', found: '5' },
    { change: { count: 4 }, expected: 'records.count 4', found: '3' },
    { change: { missing: { transaction: 3 } }, expected: 'records.missing.transaction 3', found: '4' },
    { change: { missing: {} }, expected: 'records.missing.transaction 0', found: '4' },
    {
      change: { missing: { transaction: 4, accepted: 2 } },
      expected: 'records.missing.accepted 2',
      found: '0',
    },
    { change: { first: SUMS.last }, expected: `time.first ${SUMS.last}`, found: `${SUMS.first}` },
    { change: { first: null }, expected: 'time.first null', found: `${SUMS.first}` },
    { change: { last: SUMS.first }, expected: `time.last ${SUMS.first}`, found: `${SUMS.last}` },
    { change: { last: null }, expected: 'time.last null', found: `${SUMS.last}` },
    { change: { nextOffset: 13 }, code: 'offset-gap', expected: 'nextOffset 13', found: 'nextOffset 12' },
  ])('differ from $change', ({ change, code = 'count-mismatch', expected, found }) => {
    expect(tallied([LINES], change).problems).toEqual([{ code, expected, found }]);
  });

  it('of times begin at 1970-01-01 itself', () => {
    const lines = [record(5, 0), record(6, 7)].map((line) => line.replace('"value"', '"key":"é","value"'));
    for (const one of [lines, lines.map((line) => line.replace('"key":"é",', ''))]) {
      const root = toHex(rootOfLeaves(nodeSha256, one.map(leafOf)));
      const sums = { root, size: 2, count: 2, nextOffset: 7, missing: {} };
      const [first, last] = ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.007Z'];
      expect(tallied([one], { ...sums, first, last }).problems).toEqual([]);
      const alone = toHex(rootOfLeaves(nodeSha256, one.slice(0, 1).map(leafOf)));
      const single = { ...sums, root: alone, size: 1, count: 1, nextOffset: 6, first, last: first };
      expect(tallied([one.slice(0, 1)], single).problems).toEqual([]);
    }
  });

  it('of times leave out what is no time', () => {
    const lines = [record(5, 9), record(6, 3).replace('3', '-3'), record(7, 4)];
    const root = toHex(rootOfLeaves(nodeSha256, lines.map(leafOf)));
    const sums = { root, size: 3, count: 3, nextOffset: 8, missing: {} };
    const [first, last] = ['1970-01-01T00:00:00.004Z', '1970-01-01T00:00:00.009Z'];
    expect(tallied([lines], { ...sums, first, last }).problems).toEqual([]);
  });

  it('leave out nothing but what follows from a line that can not be read', () => {
    const { problems } = tallied([LINES.with(1, '{"offset":x}')], { size: 9, count: 9, nextOffset: 99 });
    expect(problems.map(({ code }) => code)).toEqual(['malformed', 'entry-root-mismatch']);
    expect(problems[0]?.found).toMatch(new RegExp(`^block 0, byte ${(LINES[0] as string).length + 1}: .`));
    expect(problems[1]?.expected).toBe(SUMS.root);
  });

  it('say nothing of sums after a block that was skipped, nor of the offset behind it', () => {
    const { lines, problems } = tallied([LINES.slice(0, 1), null, LINES.slice(3)], {
      size: 9,
      nextOffset: 99,
    });
    expect(lines).toBe(3);
    expect(problems.map(({ code }) => code)).toEqual(['entry-root-mismatch']);
  });
});

describe('a block', () => {
  it.each([
    { stated: 6, found: 'block 0: 5' },
    { stated: 4, found: 'block 0: more than 4' },
    { stated: 1, found: 'block 0: more than 1' },
  ])('with 5 lines where $stated are stated', ({ stated, found }) => {
    const { lines, problems } = tallied([LINES], {}, [stated]);
    expect(problems[0]).toEqual({ code: 'block-mismatch', expected: `${stated} lines`, found });
    expect(lines).toBe(Math.min(5, stated + 1));
  });

  it('without its last LF is not read', () => {
    const problems = new ProblemList();
    const tally = new LineTally(5, tools, problems);
    tally.addBlock(utf8(LINES.slice(0, 2).join('\n')), 2, 3);
    expect(tally.lines).toBe(0);
    expect(problems.all).toEqual([
      { code: 'block-mismatch', expected: 'LF as the last byte', found: 'block 3: a line without its end' },
    ]);
    tally.compareWith(claimOf(), problems);
    expect(problems.all.map(({ code }) => code)).toEqual(['block-mismatch', 'entry-root-mismatch']);
  });

  it('whose lines skip or repeat an offset says which was expected, and goes on from the line', () => {
    const { problems } = tallied([[record(5, 1), record(8, 2), record(9, 3)], [record(9, 4)]], {
      size: 4,
      count: 4,
      nextOffset: 10,
      missing: {},
      first: '1970-01-01T00:00:00.001Z',
      last: '1970-01-01T00:00:00.004Z',
    });
    expect(problems.filter(({ code }) => code !== 'entry-root-mismatch')).toEqual([
      { code: 'offset-gap', expected: 'offset 6', found: 'block 0: offset 8' },
      { code: 'offset-gap', expected: 'offset 10', found: 'block 1: offset 9' },
    ]);
  });
});

describe('an object with many problems', () => {
  it('lists twenty of each code, and hides no other', () => {
    const problems = new ProblemList();
    for (let i = 0; i < 20; i++) {
      expect(problems.isFull('offset-gap')).toBe(false);
      problems.add('offset-gap', null, String(i));
    }
    expect(problems.isFull('offset-gap')).toBe(true);
    problems.add('offset-gap', null, '20');
    problems.add('entry-root-mismatch', 'a', 'b');
    expect(problems.isFull('entry-root-mismatch')).toBe(false);
    expect(problems.all.map(({ found }) => found)).toEqual([
      ...Array.from({ length: 20 }, (_, i) => `${i}`),
      'b',
    ]);
  });

  it('says that its root is another, behind many offsets that are', () => {
    const lines = Array.from({ length: 30 }, () => record(50, 1));
    const codes = tallied([lines], { size: 30 }).problems.map(({ code }) => code);
    expect(codes.filter((code) => code === 'offset-gap')).toHaveLength(20);
    expect(codes).toContain('entry-root-mismatch');
    expect(codes).toContain('count-mismatch');
  });

  it('is read no further than twenty lines that are none, and its root is compared all the same', () => {
    const bad = Array.from({ length: 20 }, () => 'no line');
    const after = [record(9, 1), record(3, 1)];
    const root = toHex(rootOfLeaves(nodeSha256, [...bad, ...after].map(leafOf)));
    const of = (lines: readonly string[], change: Partial<Sums>) =>
      tallied([lines], change).problems.map(({ code }) => code);
    expect(of([...bad, ...after], { root })).toEqual(bad.map(() => 'malformed'));
    expect(of([...bad, ...after], {})).toEqual([...bad.map(() => 'malformed'), 'entry-root-mismatch']);
    // One less, and what follows is compared from the line after the next on.
    expect(of([...bad.slice(1), ...after], {})).toEqual([
      ...bad.slice(1).map(() => 'malformed'),
      ...['offset-gap', 'entry-root-mismatch'],
    ]);
  });
});
