// What is counted of a chain's seals and lines, and where do the lists end?
import { describe, expect, it } from 'vitest';
import type { GapLine } from '../../../src/format/line.ts';
import type { Manifest } from '../../../src/format/manifest.ts';
import { ChainTally } from '../../../src/verify/chain-tally.ts';
import type { DataOutcome } from '../../../src/verify/content.ts';
import {
  addGapLine,
  addMissing,
  decidedOffsets,
  lostOffsets,
  NONE_MISSING,
  noGapLines,
} from '../../../src/verify/gaps.ts';

const gap = (offset: number, last: number, reason: GapLine['reason']): GapLine =>
  reason === 'transaction'
    ? { offset, last, reason, control: 1, aborted: last - offset }
    : { offset, last, reason, by: 'J. Doe', why: 'lost' };
const gapLines = (...lines: readonly GapLine[]) => {
  const all = noGapLines();
  for (const line of lines) addGapLine(all, line);
  return all;
};
const manifest = (sequence: number, records: Partial<Manifest['records']> = {}): Manifest =>
  ({
    ...{ sequence, continues: null, time: { sealed: `2026-01-01T00:00:0${sequence}.000Z` } },
    records: { before: 0, count: 0, firstOffset: sequence * 10, nextOffset: 0, missing: {}, ...records },
  }) as unknown as Manifest;
const outcome = (lines: readonly GapLine[], more: Partial<DataOutcome> = {}): DataOutcome => ({
  ...{ lines: 1, records: 3, gapLines: gapLines(...lines), contentBytes: 9, problems: [] },
  ...more,
});

describe('gap lines', () => {
  it('of transactions are counted by kind, and others listed with whose word they are', () => {
    expect(gapLines(gap(3, 5, 'transaction'), gap(6, 7, 'expired'), gap(8, 8, 'accepted'))).toEqual({
      ...{ control: 1, aborted: 2, decided: 3, omitted: 0 },
      gaps: [
        { firstOffset: 6, lastOffset: 7, reason: 'expired', by: 'J. Doe', why: 'lost' },
        { firstOffset: 8, lastOffset: 8, reason: 'accepted', by: 'J. Doe', why: 'lost' },
      ],
    });
  });

  it('beyond a hundred of a segment are counted, and not listed', () => {
    const all = gapLines(...Array.from({ length: 102 }, (_, i) => gap(i, i, 'expired')));
    expect([all.gaps.length, all.omitted, all.decided]).toEqual([100, 2, 102]);
    const few = noGapLines();
    for (let i = 0; i < 3; i++) addGapLine(few, gap(i, i, 'expired'), 2);
    expect([few.gaps.length, few.omitted]).toEqual([2, 1]);
  });

  it('lose what expired and what was accepted, and no more', () => {
    expect(lostOffsets({ transaction: 1, compacted: 2, expired: 4, accepted: 8 })).toBe(12);
    expect(lostOffsets({ expired: 4 })).toBe(4);
    expect(lostOffsets({ accepted: 8 })).toBe(8);
    expect(lostOffsets({})).toBe(0);
    const records = manifest(0, {
      missing: { transaction: 1, compacted: 2, expired: 4, accepted: 8 },
    }).records;
    expect(decidedOffsets(records)).toBe(14);
    expect(decidedOffsets(manifest(0).records)).toBe(0);
    const sum = addMissing(addMissing(NONE_MISSING, { expired: 2 }), { expired: 3, transaction: 1 });
    expect(sum).toEqual({ transaction: 1, compacted: 0, expired: 5, accepted: 0 });
  });
});

describe('the tally of a chain', () => {
  it('takes first offset and continuation from the first seal, and sums what is missing', () => {
    const tally = new ChainTally();
    expect(tally.report()).toMatchObject({ firstOffset: null, continues: null, gapOffsetsUnread: 0 });
    const continues = { origin: 'o', size: 1, root: 'r', nextOffset: 0, reason: 'r', by: 'b' };
    tally.addSeal({ ...manifest(0, { firstOffset: 0, missing: { expired: 2 } }), continues });
    tally.addSeal(manifest(1, { missing: { expired: 1, compacted: 4 } }));
    expect(tally.report()).toMatchObject({
      ...{ firstOffset: 0, continues, gapOffsetsUnread: 7 },
      missing: { transaction: 0, compacted: 4, expired: 3, accepted: 0 },
    });
  });

  it('lists the gaps that were read, by offset, with their segments', () => {
    const tally = new ChainTally();
    tally.addSeal(manifest(1, { missing: { expired: 3, compacted: 1 } }));
    tally.addContent(manifest(2), outcome([gap(9, 9, 'compacted'), gap(20, 25, 'transaction')]));
    tally.addContent(manifest(1), outcome([gap(3, 5, 'expired')]));
    expect(tally.report()).toMatchObject({
      ...{ entriesRead: 6, gapOffsetsUnread: 0, gapsOmitted: 0, transactions: { control: 1, aborted: 5 } },
      gaps: [
        { firstOffset: 3, sequence: 1, sealed: '2026-01-01T00:00:01.000Z' },
        { firstOffset: 9, sequence: 2, sealed: '2026-01-01T00:00:02.000Z' },
      ],
    });
  });

  it('believes no gap of lines that are not the ones that were sealed, and counts their records all the same', () => {
    const tally = new ChainTally();
    tally.addSeal(manifest(1, { missing: { expired: 3 } }));
    const problems = [{ code: 'entry-root-mismatch', expected: null, found: null }] as const;
    tally.addContent(manifest(1), outcome([gap(3, 5, 'expired'), gap(6, 7, 'transaction')], { problems }));
    expect(tally.report()).toMatchObject({
      ...{ entriesRead: 3, gaps: [], gapOffsetsUnread: 3, transactions: { control: 0, aborted: 0 } },
    });
  });

  it('lists a thousand gaps, and counts those beyond', () => {
    const tally = new ChainTally();
    for (let i = 0; i < 11; i++) {
      const lines = Array.from({ length: i < 10 ? 99 : 101 }, (_, n) =>
        gap(i * 200 + n, i * 200 + n, 'expired'),
      );
      tally.addContent(manifest(1), outcome(lines));
    }
    expect(tally.report().gaps).toHaveLength(1000);
    expect(tally.report().gapsOmitted).toBe(91);
  });

  it('never says that fewer than none were left unread', () => {
    const tally = new ChainTally();
    tally.addContent(manifest(1), outcome([gap(3, 5, 'expired')]));
    expect(tally.report().gapOffsetsUnread).toBe(0);
  });

  it('counts expired data, and what of it nobody read', () => {
    const tally = new ChainTally();
    tally.addExpired(false);
    tally.addExpired(true);
    tally.addExpired(false);
    expect(tally.report()).toMatchObject({ expired: 3, expiredUnread: 1 });
  });
});
