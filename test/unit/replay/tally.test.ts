// Does a partition's tally have the lines it looked at, each gap counted, and only the first of them named?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { GapLine, GapReason } from '../../../src/format/record.ts';
import type { Portion } from '../../../src/replay/portions.ts';
import { PartitionTally } from '../../../src/replay/tally.ts';

const line = (text: string) => new TextEncoder().encode(text);
const gap = (offset: number, last: number, reason: GapReason): GapLine =>
  reason === 'transaction'
    ? { offset, last, reason, control: 1, aborted: last - offset }
    : { offset, last, reason, by: 'Ada', why: 'why' };
const portion = (words: Partial<Portion>): Portion =>
  ({ lines: [], records: [], bytes: 0, appendTimes: 0, gaps: [], nextOffset: 0, ...words }) as Portion;

describe('a tally', () => {
  it('begins with nothing', () => {
    const tally = new PartitionTally(3, 40);
    expect(tally).toMatchObject({
      partition: 3,
      from: 40,
      nextOffset: 40,
      bytes: 0,
      appendTimes: 0,
      gaps: [],
    });
    expect(tally.digest()).toBe(Buffer.from(nodeSha256(new Uint8Array(0))).toString('hex'));
  });

  it('adds up, and hashes each line with its LF', () => {
    const tally = new PartitionTally(0, 0);
    tally.add(portion({ lines: [line('a'), line('b')], bytes: 7, appendTimes: 1, nextOffset: 2 }));
    tally.add(portion({ lines: [line('c')], bytes: 5, appendTimes: 2, nextOffset: 9 }));
    expect(tally).toMatchObject({ bytes: 12, appendTimes: 3, nextOffset: 9 });
    const digest = Buffer.from(nodeSha256(line('a\nb\nc\n'))).toString('hex');
    expect([tally.digest(), tally.digest()]).toEqual([digest, digest]);
  });

  it('counts what lacks from where it began, and names what stands on somebody’s word', () => {
    const tally = new PartitionTally(0, 10);
    const gaps = [gap(5, 12, 'accepted'), gap(20, 22, 'transaction'), gap(30, 30, 'compacted')];
    tally.add(portion({ gaps, nextOffset: 31 }));
    expect(tally.missing).toMatchObject({ accepted: 3, transaction: 3, compacted: 1, expired: 0 });
    expect(tally.gaps.map(({ offset }) => offset)).toEqual([5, 30]);
  });

  it('names a hundred of them, and counts all', () => {
    const tally = new PartitionTally(0, 0);
    const gaps = Array.from({ length: 101 }, (_, n) => gap(2 * n, 2 * n, 'expired'));
    tally.add(portion({ gaps, nextOffset: 202 }));
    expect([tally.gaps.length, tally.missing.expired]).toEqual([100, 101]);
  });
});
