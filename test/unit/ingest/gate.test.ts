// Which fetches does the gate take, and how does it name what it refuses?
import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/ingest/gate.ts';
import type { Fetched, SeenOffsets } from '../../../src/ingest/source.ts';
import { kafkaRecord } from '../../support/records.ts';

const control = (first: number, last = first): SeenOffsets => ({ first, last, kind: 'control' });
const aborted = (first: number, last = first): SeenOffsets => ({ first, last, kind: 'aborted' });

const fetched = (
  offsets: readonly number[],
  seen: readonly SeenOffsets[] = [],
  undecodable?: { offset: number; last?: number; reason: string },
): Fetched => ({
  topic: 'orders',
  partition: 0,
  records: offsets.map((offset) => kafkaRecord({ offset, value: `v${offset}` })),
  seen,
  highWatermark: 1_000,
  ...(undecodable === undefined ? {} : { undecodable }),
});

/** Items as text: `5` a record, `6-7(1c1a)` a gap line. */
const shape = (admission: ReturnType<typeof admit>): string => {
  if (admission.kind !== 'accept') return JSON.stringify(admission);
  const items = admission.items.map((item) =>
    item.kind === 'record'
      ? String(item.offset)
      : `${item.gap.offset}-${item.gap.last}(${item.gap.control}c${item.gap.aborted}a)`,
  );
  return `${items.join(' ')} → ${admission.next}${admission.stop === null ? '' : ` ${JSON.stringify(admission.stop)}`}`;
};

describe('what continues is accepted', () => {
  it('records without a hole', () => {
    expect(shape(admit(5, fetched([5, 6, 7])))).toBe('5 6 7 → 8');
  });

  it('an empty fetch is nothing, not an answer', () => {
    expect(admit(5, fetched([]))).toEqual({ kind: 'nothing' });
  });

  it('control and aborted offsets between, before and after records, as gap lines in their place', () => {
    expect(shape(admit(5, fetched([6, 9], [aborted(5), control(7), aborted(8), control(10, 11)])))).toBe(
      '5-5(0c1a) 6 7-8(1c1a) 9 10-11(2c0a) → 12',
    );
  });

  it('neighbouring runs make one gap line that counts both kinds', () => {
    expect(shape(admit(0, fetched([], [aborted(0, 4), control(5), aborted(6, 7), control(8)])))).toBe(
      '0-8(2c7a) → 9',
    );
  });

  it('a gap line has exactly the members of a transaction gap', () => {
    const admission = admit(0, fetched([], [aborted(0, 1), control(2)]));
    expect(admission.kind === 'accept' && admission.items[0]).toEqual({
      kind: 'gap',
      gap: { offset: 0, last: 2, reason: 'transaction', control: 1, aborted: 2 },
    });
  });

  it('bytes are those of key, headers and value', () => {
    const record = kafkaRecord({
      offset: 0,
      key: 'abc',
      value: 'defg',
      headers: [
        ['n', 'vw'],
        ['m', null],
      ],
    });
    const admission = admit(0, { ...fetched([]), records: [record] });
    expect(admission.kind === 'accept' && admission.bytes).toBe(3 + 4 + 1 + 2 + 1);
  });

  it('offsets up to the last that the format carries', () => {
    const last = Number.MAX_SAFE_INTEGER - 1;
    expect(shape(admit(last, fetched([last])))).toBe(`${last} → ${Number.MAX_SAFE_INTEGER}`);
    expect(admit(last + 1, fetched([last + 1]))).toMatchObject({ kind: 'undecodable', offset: last + 1 });
    // Beyond it two offsets are one number: that must not pass as a record that follows itself.
    expect(admit(2 ** 53, fetched([2 ** 53, 2 ** 53]))).toMatchObject({ kind: 'disorder' });
    expect(admit(last, fetched([], [aborted(last, last + 1)]))).toMatchObject({
      kind: 'undecodable',
      offset: last,
    });
  });
});

describe('a hole', () => {
  it('at the start is refused with what was expected and what came', () => {
    expect(admit(5, fetched([8]))).toEqual({ kind: 'hole', expected: 5, found: 8 });
    expect(admit(5, fetched([], [control(6)]))).toEqual({ kind: 'hole', expected: 5, found: 6 });
  });

  it('inside stops there: what came before it is good and is kept', () => {
    expect(shape(admit(5, fetched([5, 6, 9])))).toBe('5 6 → 7 {"kind":"hole","expected":7,"found":9}');
    expect(shape(admit(5, fetched([5, 9], [control(6)])))).toBe(
      '5 6-6(1c0a) → 7 {"kind":"hole","expected":7,"found":9}',
    );
  });
});

describe('an overlap is refused whole', () => {
  it.each([
    ['all below', [3, 4], [], 3, 4],
    ['records that reach beyond', [3, 4, 5, 6], [], 3, 6],
    ['one seen run across the expected offset', [6], [aborted(4, 5)], 4, 6],
    ['only control records below', [5], [control(4)], 4, 5],
    ['a log that begins again', [0, 1], [], 0, 1],
  ] as const)('%s', (_name, offsets, seen, from, to) => {
    expect(admit(5, fetched(offsets, seen))).toEqual({ kind: 'overlap', expected: 5, from, to });
  });
});

describe('disorder is refused whole', () => {
  it.each([
    ['a record twice', [5, 6, 6, 7], [], 6, 6],
    ['a record twice and nothing else', [5, 5], [], 5, 5],
    ['records that step back', [5, 7, 6], [], 7, 6],
    ['a record that was also seen as aborted', [5, 6], [aborted(6)], 6, 6],
    ['a seen run across a record', [5, 7], [aborted(6, 8)], 8, 7],
    ['a run seen twice', [5], [control(6), control(6)], 6, 6],
    ['a run that ends before it begins', [5], [control(6, 3)], 5, 6],
    ['an offset that is no integer', [5, 6.5], [], 5, 6.5],
    ['a negative offset', [-1, 0], [], -1, -1],
  ] as const)('%s', (_name, offsets, seen, after, offset) => {
    expect(admit(5, fetched(offsets, seen))).toEqual({ kind: 'disorder', after, offset });
  });
});

describe('an offset that the source cannot carry', () => {
  it('is refused in its place, after what came before it', () => {
    expect(admit(5, fetched([], [], { offset: 5, reason: 'too long' }))).toEqual({
      kind: 'undecodable',
      offset: 5,
      last: 5,
      reason: 'too long',
    });
    expect(admit(5, fetched([], [], { offset: 5, last: 9, reason: 'torn batch' }))).toEqual({
      kind: 'undecodable',
      offset: 5,
      last: 9,
      reason: 'torn batch',
    });
    expect(shape(admit(5, fetched([5], [], { offset: 6, reason: 'too long' })))).toBe(
      '5 → 6 {"kind":"undecodable","offset":6,"last":6,"reason":"too long"}',
    );
  });

  it('hides no hole, no overlap and no disorder', () => {
    expect(admit(5, fetched([], [], { offset: 7, reason: '' }))).toEqual({
      kind: 'hole',
      expected: 5,
      found: 7,
    });
    expect(admit(5, fetched([], [], { offset: 4, reason: '' }))).toMatchObject({ kind: 'overlap', from: 4 });
    expect(admit(5, fetched([], [], { offset: 5, last: 4, reason: '' }))).toMatchObject({ kind: 'disorder' });
    expect(admit(5, fetched([5, 6], [], { offset: 6, reason: '' }))).toMatchObject({
      kind: 'disorder',
      offset: 6,
    });
  });
});
