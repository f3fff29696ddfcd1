// Which partitions are ours in this generation, at which position is each, and which answers are still
// wanted?
import type { TopicPartition } from '../../source.ts';

const keyOf = ({ topic, partition }: TopicPartition): string => `${partition}/${topic}`;

/**
 * One partition of ours, from one rebalance to the next. kafkajs's own positions and pause flags aren't used:
 * this is what is fetched next, and whether. A new generation makes new feeds, paused and without a position,
 * so an answer to an older one finds its feed closed.
 */
export class PartitionFeed {
  readonly topic: string;
  readonly partition: number;
  /** The id that `describe` gave last: fetches read from this topic or from none. */
  topicId: string | null;
  #live = true;
  #paused = true;
  #position: number | null = null;
  /** The data at the position can't be taken; only a seek continues. */
  #stuck = false;
  /** After an error: no fetch before this time. */
  notBeforeMs = 0;
  /** When a broker last answered for it, or when it last wanted nothing. */
  answeredAtMs: number;
  /** Why the last fetch of it failed; null: it did not. */
  failure: string | null = null;
  toldHighWatermark = -1;
  /** The broker gives records below this offset; −1: not known. */
  moreUntil = -1;
  /** Of the batch handed over last; −1 after a seek. */
  leaderEpoch = -1;

  constructor({ topic, partition }: TopicPartition, topicId: string | null, nowMs: number) {
    this.topic = topic;
    this.partition = partition;
    this.topicId = topicId;
    this.answeredAtMs = nowMs;
  }

  get live(): boolean {
    return this.#live;
  }
  get position(): number | null {
    return this.#position;
  }
  /** Records are wanted: it is ours, resumed and has a position. */
  get open(): boolean {
    return this.#live && !this.#paused && !this.#stuck && this.#position !== null;
  }

  /** The broker has more for it, as it said last. */
  get isBehind(): boolean {
    return this.#position !== null && this.moreUntil > this.#position;
  }

  /** Is an answer about `offset` still wanted? */
  wants(offset: number): boolean {
    return this.open && this.#position === offset;
  }

  seek(offset: number): void {
    this.#position = offset;
    this.#stuck = false;
    this.notBeforeMs = 0;
    this.toldHighWatermark = -1;
    this.moreUntil = -1;
    this.leaderEpoch = -1;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(nowMs: number): void {
    if (!this.open) this.answeredAtMs = nowMs;
    this.#paused = false;
  }

  /** Everything below `next` was handed over. */
  advance(next: number): void {
    this.#position = next;
  }

  /** The next fetch names its offset alone. */
  forgetEpoch(): void {
    this.leaderEpoch = -1;
    this.notBeforeMs = 0;
  }

  stick(): void {
    this.#stuck = true;
  }

  close(): void {
    this.#live = false;
  }
}

/** One generation's partitions, and our membership in it. */
export class Assignment {
  readonly memberId: string;
  readonly generationId: number;
  readonly feeds: ReadonlyMap<string, PartitionFeed>;
  #live = true;

  constructor(memberId: string, generationId: number, feeds: readonly PartitionFeed[]) {
    this.memberId = memberId;
    this.generationId = generationId;
    this.feeds = new Map(feeds.map((feed) => [keyOf(feed), feed]));
  }

  get live(): boolean {
    return this.#live;
  }

  feed(partition: TopicPartition): PartitionFeed | undefined {
    return this.#live ? this.feeds.get(keyOf(partition)) : undefined;
  }

  end(): void {
    this.#live = false;
    for (const feed of this.feeds.values()) feed.close();
  }
}
