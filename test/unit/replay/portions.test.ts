// Is every line in exactly one portion, in order, and no transaction or batch larger than it may be?
import { describe, expect, it } from 'vitest';
import { encodeEntry, encodeGap } from '../../../src/format/line-writer.ts';
import type { GapLine, KafkaRecord } from '../../../src/format/record.ts';
import { type Portion, type PortionLimits, portionsOf } from '../../../src/replay/portions.ts';
import { entries } from '../../support/archive-builder.ts';

const LIMITS: PortionLimits = { records: 1000, bytes: 1_000_000, batchBytes: 1_000_000 };
const sized = (offset: number, bytes: number, words: Partial<KafkaRecord> = {}): KafkaRecord => ({
  ...(entries(offset, 1)[0] as KafkaRecord),
  ...{ key: null, value: new Uint8Array(bytes) },
  ...words,
});
const gap = (offset: number): GapLine => ({ offset, last: offset, reason: 'expired', by: 'Ada', why: 'w' });

async function* found(lines: readonly (KafkaRecord | GapLine)[], error?: Error) {
  for (const line of lines) {
    const isGap = 'reason' in line;
    const nextOffset = (isGap ? line.last : line.offset) + 1;
    yield { line: isGap ? encodeGap(line) : encodeEntry(line), offset: line.offset, nextOffset } as never;
  }
  if (error !== undefined) throw error;
}

async function cut(
  lines: readonly (KafkaRecord | GapLine)[],
  limits: Partial<PortionLimits> = {},
  error?: Error,
) {
  const portions: Portion[] = [];
  let failed: unknown = null;
  try {
    for await (const one of portionsOf(found(lines, error), { ...LIMITS, ...limits })) portions.push(one);
  } catch (caught) {
    failed = caught;
  }
  const batches = portions.map((one) => one.batches.map((batch) => batch.length));
  return { portions, batches, failed };
}

const countsOf = (portions: readonly Portion[]) => portions.map(({ records }) => records);

describe('a portion', () => {
  it('has no line where there is none', async () => {
    expect(await cut([])).toEqual({ portions: [], batches: [], failed: null });
  });

  it('has so many records at most', async () => {
    const { portions } = await cut(entries(0, 7), { records: 3 });
    expect(countsOf(portions)).toEqual([3, 3, 1]);
    expect(portions.map(({ nextOffset }) => nextOffset)).toEqual([3, 6, 7]);
  });

  it('has so many bytes at most, and one record that is larger alone', async () => {
    const lines = [sized(0, 60), sized(1, 40), sized(2, 1), sized(3, 101), sized(4, 100)];
    const { portions } = await cut(lines, { bytes: 100 });
    expect(countsOf(portions)).toEqual([2, 1, 1, 1]);
    expect(portions.map(({ bytes }) => bytes)).toEqual([100, 1, 101, 100]);
  });

  it('has its gaps beside its records, and each line as it is archived', async () => {
    const lines = [sized(0, 1), gap(1), sized(2, 1), gap(3)];
    const { portions } = await cut(lines, { records: 1 });
    expect(countsOf(portions)).toEqual([1, 1, 0]);
    expect(portions.map(({ gaps }) => gaps.map(({ offset }) => offset))).toEqual([[], [1], [3]]);
    expect(portions.flatMap((one) => one.lines)).toEqual(
      lines.map((line) => ('reason' in line ? encodeGap(line) : encodeEntry(line))),
    );
    expect(portions.at(-1)?.nextOffset).toBe(4);
  });

  it('counts the records whose time is the broker’s', async () => {
    const { portions } = await cut([sized(0, 1), sized(1, 1, { timestampType: 'append' })]);
    expect(portions[0]?.appendTimes).toBe(1);
  });
});

describe('a batch', () => {
  it('counts 40 bytes for each record and 10 for each of its headers', async () => {
    const header = { name: new Uint8Array(0), value: null };
    const three = (batchBytes: number) =>
      cut([sized(0, 10), sized(1, 10, { headers: [header, header] as never }), sized(2, 10)], { batchBytes });
    expect((await three(170)).batches).toEqual([[3]]);
    expect((await three(169)).batches).toEqual([[2, 1]]);
    expect((await three(119)).batches).toEqual([[1, 1, 1]]);
  });

  it('is of one record where that is larger', async () => {
    expect((await cut([sized(0, 1), sized(1, 500), sized(2, 1)], { batchBytes: 100 })).batches).toEqual([
      [1, 1, 1],
    ]);
  });
});

it('what was read before an error comes first, and then the error', async () => {
  const error = new Error('what follows is not verified');
  const { portions, failed } = await cut(entries(0, 5), { records: 2 }, error);
  expect([countsOf(portions), failed]).toEqual([[2, 2, 1], error]);
  expect(await cut([], {}, error)).toMatchObject({ portions: [], failed: error });
});
