// For any log and any way to cut, repeat, skip or shuffle it: does the gate take each offset once, in order, or say no?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../../src/ingest/gate.ts';
import type { Item } from '../../../src/ingest/item.ts';
import type { Fetched, SeenOffsets } from '../../../src/ingest/source.ts';
import { kafkaRecord } from '../../support/records.ts';

/** What the log holds at an offset. `missing`: compacted away, so no fetch shows it. */
type Cell = { readonly offset: number; readonly kind: 'record' | 'control' | 'aborted' | 'missing' };

const anyLog = fc
  .tuple(
    fc.constantFrom(0, 1, 77, 2 ** 40),
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant('record' as const) },
        { weight: 2, arbitrary: fc.constantFrom('control' as const, 'aborted' as const) },
        { weight: 1, arbitrary: fc.constant('missing' as const) },
      ),
      { minLength: 1, maxLength: 40 },
    ),
  )
  .map(([base, kinds]) => kinds.map((kind, index): Cell => ({ offset: base + index, kind })));

/** A fetch as it was delivered: cells in the order in which they came. */
type Trouble = { readonly kind: 'repeat' | 'drop' | 'swap'; readonly at: number } | { readonly kind: 'none' };
type Step = {
  readonly shift: number;
  readonly count: number;
  readonly trouble: Trouble;
  readonly join: boolean;
};

const anyStep: fc.Arbitrary<Step> = fc.record({
  shift: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -12, max: 12 }) },
  ),
  count: fc.nat(12),
  trouble: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Trouble>({ kind: 'none' }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('repeat' as const, 'drop' as const, 'swap' as const),
        at: fc.nat(11),
      }),
    },
  ),
  join: fc.boolean(),
});

function deliver(log: readonly Cell[], from: number, step: Step): readonly Cell[] {
  const start = Math.max(0, from + step.shift);
  const cells = log.slice(start, start + step.count).filter((cell) => cell.kind !== 'missing');
  const { trouble } = step;
  if (trouble.kind === 'none' || trouble.at >= cells.length) return cells;
  const cell = cells[trouble.at] as Cell;
  if (trouble.kind === 'repeat') return cells.toSpliced(trouble.at, 0, cell);
  if (trouble.kind === 'drop') return cells.toSpliced(trouble.at, 1);
  const next = cells[trouble.at + 1];
  return next === undefined ? cells : cells.toSpliced(trouble.at, 2, next, cell);
}

function toFetched(cells: readonly Cell[], join: boolean): Fetched {
  const seen: SeenOffsets[] = [];
  for (const { offset, kind } of cells) {
    if (kind !== 'control' && kind !== 'aborted') continue;
    const previous = seen.at(-1);
    if (join && previous?.kind === kind && previous.last === offset - 1)
      seen[seen.length - 1] = { ...previous, last: offset };
    else seen.push({ first: offset, last: offset, kind });
  }
  const records = cells.filter((cell) => cell.kind === 'record').map(({ offset }) => kafkaRecord({ offset }));
  return { topic: 't', partition: 0, records, seen, highWatermark: 0 };
}

const coveredBy = (item: Item): Cell[] =>
  item.kind === 'record'
    ? [{ offset: item.offset, kind: 'record' }]
    : Array.from({ length: item.gap.last - item.gap.offset + 1 }, (_, index) => ({
        offset: item.gap.offset + index,
        kind: 'aborted',
      }));

/** What the gate has to say, by definition and without cleverness. */
function verdict(expected: number, { records, seen }: Fetched): string {
  const recordOffsets = records.map((record) => record.offset);
  const seenOffsets = seen.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );
  const all = [...recordOffsets, ...seenOffsets];
  if (all.length === 0) return 'nothing';
  const ascending = (list: readonly number[]) =>
    list.every((offset, i) => i === 0 || offset > (list[i - 1] as number));
  if (!ascending(recordOffsets) || !ascending(seenOffsets) || new Set(all).size < all.length)
    return 'disorder';
  const sorted = all.toSorted((a, b) => a - b);
  const [lowest] = sorted;
  if (lowest === undefined || lowest < expected) return `overlap at ${lowest}`;
  const run = sorted.findIndex((offset, index) => offset !== expected + index);
  if (run === -1) return `accept ${expected + sorted.length}`;
  const hole = `hole ${expected + run}..${sorted[run]}`;
  return run === 0 ? hole : `accept ${expected + run}, ${hole}`;
}

function said(admission: Admission): string {
  switch (admission.kind) {
    case 'accept':
      return `accept ${admission.next}${admission.stop === null ? '' : `, ${said(admission.stop)}`}`;
    case 'hole':
      return `hole ${admission.expected}..${admission.found}`;
    case 'overlap':
      return `overlap at ${admission.from}`;
    default:
      return admission.kind;
  }
}

describe('gate', () => {
  it('takes each offset once and in order, or names what is wrong, whatever is delivered', () => {
    const seenKinds = new Set<string>();
    fc.assert(
      fc.property(anyLog, fc.array(anyStep, { maxLength: 20 }), (log, steps) => {
        const base = (log[0] as Cell).offset;
        const taken: Cell[] = [];
        let expected = base;
        for (const step of steps) {
          const fetched = toFetched(deliver(log, expected - base, step), step.join);
          const admission = admit(expected, fetched);
          expect(said(admission)).toBe(verdict(expected, fetched));
          seenKinds.add(admission.kind === 'accept' && admission.stop !== null ? 'stop' : admission.kind);
          if (admission.kind !== 'accept') continue;
          taken.push(...admission.items.flatMap(coveredBy));
          expected = admission.next;
        }
        // What was taken is the log's beginning: every offset once, in order, records as records, nothing that wasn't there.
        const kind = (cell: Cell) => (cell.kind === 'record' ? 'record' : 'aborted');
        expect(taken).toEqual(
          log.slice(0, taken.length).map((cell) => ({ offset: cell.offset, kind: kind(cell) })),
        );
        expect(log.slice(0, taken.length).every((cell) => cell.kind !== 'missing')).toBe(true);
        expect(expected).toBe(base + taken.length);
      }),
      { numRuns: 3_000 },
    );
    expect([...seenKinds].sort()).toEqual(['accept', 'disorder', 'hole', 'nothing', 'overlap', 'stop']);
  });

  it('gap lines never touch one another and count what was seen', () => {
    fc.assert(
      fc.property(anyLog, fc.boolean(), (log, join) => {
        const cells = log.map((cell) =>
          cell.kind === 'missing' ? { ...cell, kind: 'record' as const } : cell,
        );
        const admission = admit((cells[0] as Cell).offset, toFetched(cells, join));
        if (admission.kind !== 'accept') throw new Error('a whole log is accepted');
        for (const [index, item] of admission.items.entries()) {
          if (item.kind !== 'gap') continue;
          const { offset, last, control, aborted } = item.gap;
          const within = cells.filter((cell) => cell.offset >= offset && cell.offset <= last);
          expect(control).toBe(within.filter((cell) => cell.kind === 'control').length);
          expect(aborted).toBe(within.filter((cell) => cell.kind === 'aborted').length);
          expect(admission.items[index + 1]?.kind).not.toBe('gap');
        }
      }),
    );
  });
});
