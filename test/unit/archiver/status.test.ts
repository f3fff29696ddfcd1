// How far behind does a partition say that it is?
import { expect, it } from 'vitest';
import { PartitionView } from '../../../src/archiver/partition-view.ts';
import { partitionStatus } from '../../../src/archiver/status.ts';
import { type Head, newChainHead } from '../../../src/segment/segment.ts';
import { FakeClock } from '../../support/fake-clock.ts';

class StandingStill extends PartitionView {
  readonly #head: Head | null;
  readonly #acceptedOffset: number | null;

  constructor(head: Head | null, acceptedOffset: number | null, highWatermark: number | null) {
    super({
      partition: { topic: 't', partition: 0 },
      name: { chainOrigin: 'o/t/0', chain: 't', partition: 0 },
      acceptsCompaction: false,
    });
    this.#head = head;
    this.#acceptedOffset = acceptedOffset;
    this.seen.highWatermark = highWatermark;
  }

  override get head(): Head | null {
    return this.#head;
  }
  override get acceptedOffset(): number | null {
    return this.#acceptedOffset;
  }
}

const lagOf = (accepted: number | null, highWatermark: number | null, head: Head | null = SEALED_TO_10) =>
  partitionStatus(new StandingStill(head, accepted, highWatermark), new FakeClock()).lag;
const SEALED_TO_10 = newChainHead('o/t/0', 't', 0, 10);

it.each([
  ['counts to the high watermark', 12, 15, 5],
  ['counts what was accepted, though the broker looked at its watermark before it read', 14, 11, 4],
  ['is none where the watermark lies below what is sealed', 10, 7, 0],
  ['counts to the watermark while the partition finds its position', null, 13, 3],
])('the lag %s', (_, accepted, highWatermark, lag) => {
  expect(lagOf(accepted, highWatermark)).toBe(lag);
});

it('the lag is unknown before the first fetch, and without a head', () => {
  expect(lagOf(10, null)).toBeNull();
  expect(lagOf(null, 5, null)).toBeNull();
});
