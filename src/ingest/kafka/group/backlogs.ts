// In which order is a broker asked for partitions, so that segments are large and none waits for ever?
import type { KafkajsBroker } from '../kafkajs/kafkajs.ts';
import type { PartitionFeed } from './assignment.ts';

/** So few backlogs are asked for as they are, whatever else there is. */
const FEW = 4;
/** Of more, so many at a time over all brokers: there is memory for their segments side by side. */
const AT_ONCE = 3;
/** What is read of one before others are: a segment holds 64 MiB, and an answer up to one of each. */
const SHARES = 64;

type Asked = { count: number; first: PartitionFeed | null };

export type Order = {
  /** A full answer leaves out the last ones. */
  readonly feeds: readonly PartitionFeed[];
  /** How many full shares an answer may hold. Null: as many as ever. */
  readonly shares: number | null;
};

/**
 * What a seal costs does not depend on its size. Where many backlogs are read side by side, there is memory
 * for a small part of each one's segment only, and they are sealed while they are small. So a few are read
 * until their segments are full, and then others. All are asked for all the time, so that what is wrong
 * with one shows, and so that answers are full also where one of the first has nothing.
 */
export class Backlogs {
  /** By the broker's number. */
  readonly #asked = new Map<KafkajsBroker['nodeId'], Asked>();

  /**
   * `feeds`: in the same order each time. Those without a backlog come first: they take little, and the
   * backlogs of others don't keep them waiting.
   */
  order({ nodeId }: KafkajsBroker, feeds: readonly PartitionFeed[]): Order {
    const asked = this.#asked.get(nodeId) ?? { count: 0, first: null };
    this.#asked.set(nodeId, asked);
    const count = asked.count++;
    const behind = feeds.filter((feed) => feed.isBehind);
    const others = feeds.filter((feed) => !feed.isBehind);
    const first = beginningAt(count, others);
    if (behind.length <= FEW) return { feeds: [...first, ...beginningAt(count, behind)], shares: null };
    const shares = Math.ceil(AT_ONCE / this.#asked.size);
    const start = asked.first === null ? 0 : feeds.indexOf(asked.first);
    const isOver = count % Math.floor(SHARES / shares) === 0;
    const then = beginningAt(isOver ? start + 1 : start, feeds).filter((feed) => feed.isBehind);
    asked.first = then[0] ?? null;
    return { feeds: [...first, ...then], shares };
  }
}

/** All of them, from index `at` on, and after the last one from the first one on. */
function beginningAt(at: number, feeds: readonly PartitionFeed[]): PartitionFeed[] {
  const first = feeds.length === 0 ? 0 : Math.max(0, at) % feeds.length;
  return [...feeds.slice(first), ...feeds.slice(0, first)];
}
