// Does an index never say of a segment with a hit that it can have none, and says it of most without one?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../../../src/format/line-writer.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { parseTarget, type Target } from '../../../src/format/target.ts';
import { parseCondition } from '../../../src/read/find/condition.ts';
import { cannotHit } from '../../../src/read/find/index/cannot-hit.ts';
import { encodeIndex, parseIndex, type SegmentIndex } from '../../../src/read/find/index/segment-index.ts';
import { SegmentIndexer } from '../../../src/read/find/index/segment-indexer.ts';
import { LineMatcher } from '../../../src/read/find/line-matcher.ts';
import type { SearchSpec } from '../../../src/read/find/search-spec.ts';
import type { SeenLine } from '../../../src/verify/line-tally.ts';
import { START_MS } from '../../support/archive-builder.ts';
import { NAMES, whereText, world } from '../../support/find-arbitraries.ts';

const KEY = new Uint8Array(32).fill(7);

const seen = (
  record: Omit<KafkaRecord, 'offset' | 'timestamp' | 'timestampType'>,
  offset: number,
): SeenLine => {
  const line = encodeEntry({
    ...{ offset, timestamp: BigInt(START_MS + offset), timestampType: 'create' },
    ...record,
  });
  const span = { content: line, start: 0, end: line.length, offset, nextOffset: offset + 1 };
  return { ...span, gapLine: null, timestampMs: START_MS + offset, plainAt: -1 };
};

function indexOf(lines: readonly SeenLine[], fields: readonly string[]): SegmentIndex {
  const indexer = new SegmentIndexer(fields, KEY);
  for (const line of lines) indexer.add(line);
  const index = indexer.finish();
  // As it comes back from a bucket.
  expect(parseIndex(encodeIndex(index))).toEqual(index);
  return index;
}

const specOf = (texts: readonly string[], time: SearchSpec['time'] = null): SearchSpec => ({
  ...{ texts: [], time },
  conditions: texts.map(parseCondition).map(({ field, operator, value }) => ({
    ...{ targets: [parseTarget(field) as Target], operator, value },
  })),
});

describe('an index', () => {
  it('hides no hit', () => {
    const seenOf = { hits: 0, skipped: 0, read: 0 };
    const others = fc.array(fc.constantFrom(...NAMES), { maxLength: 2 });
    const time = fc.option(fc.tuple(fc.integer({ min: -5, max: 15 }), fc.integer({ min: 1, max: 9 })));
    fc.assert(
      fc.property(world, others, time, ([asked, records], more, range) => {
        const lines = records.map(seen);
        const where = asked.map(whereText);
        const [first] = asked;
        const timeText = `/${first?.path[0]?.replaceAll('/', '~1') ?? 'a'}`;
        const spec = specOf(
          where,
          range === null
            ? null
            : {
                ...{ kind: 'event', fromMs: range[0] * 1000, toMs: (range[0] + range[1]) * 1000 },
                targets: [parseTarget(timeText) as Target],
              },
        );
        const pointers = [...where.map((one) => parseCondition(one).field), timeText];
        const extra = more.map((one) => `/${one.replaceAll('/', '~1')}`);
        const index = indexOf(lines, [...new Set([...pointers, ...extra, 'key', 'header:1'])]);
        const matcher = new LineMatcher(spec);
        const hits = lines.filter((line) => matcher.isHit(line)).length;
        const isSkipped = cannotHit([index], spec, KEY);
        if (hits > 0) seenOf.hits++;
        else if (isSkipped) seenOf.skipped++;
        else seenOf.read++;
        // Neither a hit is hidden, nor a record that would be one but for its time.
        const { undated, eventTime, fields } = matcher.counts;
        if (isSkipped) expect(hits).toBe(0);
        // Values that can't be compared are not counted by an index, and the answer says so.
        const isCompared = fields.every(({ unreadable }) => unreadable === 0);
        const open = [undated, eventTime.unzoned, ...fields.map(({ unzoned }) => unzoned)];
        if (isSkipped && isCompared) expect(Math.max(...open)).toBe(0);
        for (const [at, { targets }] of spec.conditions.entries()) {
          const target = targets[0] as Target;
          const name = parseCondition(where[at] as string).field;
          const field = index.fields.find((one) => one.field === name);
          expect(target.kind).toBe('pointer');
          expect(field?.without).toBe(matcher.counts.fields[at]?.missing);
        }
        expect(index).toMatchObject({
          ...{ records: records.length, tombstones: matcher.counts.tombstones },
        });
      }),
      { numRuns: 1500 },
    );
    // It would hide nothing either if it said nothing.
    expect(seenOf.hits).toBeGreaterThan(50);
    expect(seenOf.skipped).toBeGreaterThan(50);
  });
});
