// Does a search find exactly what decoding and comparing everything finds, in whatever form it is written?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { ArchiveBuilder, START_MS } from '../../support/archive-builder.ts';
import { STRINGS, whereText, world } from '../../support/find-arbitraries.ts';
import { find } from '../../support/find-world.ts';
import { hasNaively, matchesNaively } from '../../support/naive-find.ts';

describe('find', () => {
  it('is decoding everything and comparing everything', async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(
        world,
        fc.oneof(
          fc.constant([]),
          fc.array(fc.constantFrom(...STRINGS.filter((text) => text !== '')), { maxLength: 1 }),
        ),
        async ([conditions, records], words) => {
          const lines = records.map(
            (one, index): KafkaRecord => ({
              ...{ offset: index, timestamp: BigInt(START_MS + index), timestampType: 'create' },
              ...one,
            }),
          );
          const builder = new ArchiveBuilder();
          const chain = builder.chain();
          const built = await chain.seal({ lines, linesPerBlock: 5 });
          const where = conditions.map(whereText);
          const expected = built.lines.flatMap((line, offset) =>
            matchesNaively(line, conditions, words) ? [`orders/0:${offset}`] : [],
          );
          const { at, statement } = await find(builder.archive, builder.trusted, { where, texts: words });
          hits += expected.length;
          expect(at).toEqual(expected);
          expect(statement.counts).toMatchObject({ records: records.length, hits: expected.length });
          expect(statement.counts.fields.map(({ present }) => present)).toEqual(
            conditions.map((one) => built.lines.filter((line) => hasNaively(line, one)).length),
          );
          // Open alone where a value can't be compared.
          const isCompared = statement.counts.fields.every((one) => one.unreadable + one.unzoned === 0);
          expect(statement.isComplete).toBe(isCompared);
        },
      ),
      { numRuns: 300 },
    );
    // The search for hits would be no test if there were none.
    expect(hits).toBeGreaterThan(300);
  });
});
