// How does a Kafka behave that a test can hold, break and set to any moment? In memory, on the test's clock.
import type { Clock } from '../../src/base/clock.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import type { TopicPartition } from '../../src/ingest/source.ts';
import { keyOf, MemoryGroup } from './memory-group.ts';
import { MemoryLog, type NewRecord } from './memory-log.ts';

export type MemoryBrokerOptions = {
  readonly clock: Clock;
  readonly cluster?: string;
  /** False: as brokers before 3.1, which read on in a recreated topic without a word. */
  readonly topicIds?: boolean;
  /**
   * A position outside of the log: `stop` as our adapter does; `jump` to the log's start and on, as kafkajs by itself does.
   */
  readonly outOfRange?: 'stop' | 'jump';
  /** A fetch that was on its way when its partition was paused still arrives, once, as the port allows. */
  readonly lateAfterPause?: boolean;
  /** An answer with records tells the high watermark of the moment before: a broker looks at that first. */
  readonly watermarkBehind?: boolean;
  readonly fetchMs?: number;
  readonly idleMs?: number;
  readonly joinMs?: number;
  readonly fetchOffsetsMax?: number;
};

type Topic = { readonly id: string; readonly logs: MemoryLog[] };

export class MemoryBroker {
  readonly clock: Clock;
  readonly cluster: string;
  readonly topicIds: boolean;
  readonly outOfRange: 'stop' | 'jump';
  readonly lateAfterPause: boolean;
  readonly watermarkBehind: boolean;
  readonly fetchMs: number;
  readonly idleMs: number;
  readonly #joinMs: number;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #held = new Map<string, (() => void)[]>();
  readonly #drifts = new Map<string, number>();
  readonly #onSuspect = new Set<(reason: string) => void>();
  #topicCount = 0;
  fetchOffsetsMax: number;
  /** Nothing is answered: reads throw retriable, fetches bring nothing. */
  down = false;

  constructor(options: MemoryBrokerOptions) {
    this.clock = options.clock;
    this.cluster = options.cluster ?? 'memory';
    this.topicIds = options.topicIds ?? true;
    this.outOfRange = options.outOfRange ?? 'stop';
    this.lateAfterPause = options.lateAfterPause ?? false;
    this.watermarkBehind = options.watermarkBehind ?? false;
    this.fetchMs = options.fetchMs ?? 5;
    this.idleMs = options.idleMs ?? 100;
    this.#joinMs = options.joinMs ?? 50;
    this.fetchOffsetsMax = options.fetchOffsetsMax ?? 100;
  }

  createTopic(name: string, partitions = 1): void {
    if (this.#topics.has(name)) throw new Error(`topic ${name} exists`);
    const id = `topic-${++this.#topicCount}`;
    this.#topics.set(name, { id, logs: [] });
    this.addPartitions(name, partitions);
  }

  /** Up to so many partitions in all. Members learn of it with their next rebalance. */
  addPartitions(name: string, total: number): void {
    const { logs } = this.#topic(name);
    while (logs.length < total) logs.push(new MemoryLog(() => this.clock.now()));
  }

  /** Kafka drops the group's offsets of a deleted topic too. */
  deleteTopic(name: string): void {
    this.#topics.delete(name);
    for (const group of this.#groups.values()) group.forget(name);
  }

  recreateTopic(name: string, partitions = this.#topic(name).logs.length): void {
    this.deleteTopic(name);
    this.createTopic(name, partitions);
  }

  log(topic: string, partition = 0): MemoryLog {
    const log = this.#topic(topic).logs[partition];
    if (log === undefined) throw unavailable(`topic ${topic} has no partition ${partition}`);
    return log;
  }

  produce(topic: string, partition: number, ...records: readonly NewRecord[]): void {
    for (const record of records) this.log(topic, partition).append(record);
  }

  topicId(topic: string): string {
    return this.#topic(topic).id;
  }

  has({ topic, partition }: TopicPartition): boolean {
    return this.#topics.get(topic)?.logs[partition] !== undefined;
  }

  /** None for a topic that isn't there. */
  partitionsOf(topic: string): TopicPartition[] {
    return (this.#topics.get(topic)?.logs ?? []).map((_, partition) => ({ topic, partition }));
  }

  group(id: string): MemoryGroup {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new MemoryGroup(this.clock, (topic) => this.partitionsOf(topic), this.#joinMs);
      this.#groups.set(id, group);
    }
    return group;
  }

  /** The next fetched answer of this partition, to whichever member, is kept back until `release`, however late that is. */
  hold(topic: string, partition = 0): void {
    const key = keyOf({ topic, partition });
    if (!this.#held.has(key)) this.#held.set(key, []);
  }

  /** What was kept back arrives now, even if a rebalance, a seek or a pause passed since. True: there was something. */
  release(topic: string, partition = 0): boolean {
    const held = this.#held.get(keyOf({ topic, partition })) ?? [];
    this.#held.delete(keyOf({ topic, partition }));
    for (const deliver of held) deliver();
    return held.length > 0;
  }

  /**
   * After its next answer a reader's position is off by so many offsets: back, as after a frozen broker (a double delivery),
   * or ahead, as when an old generation's answer moves it (a skip).
   */
  driftNext(topic: string, partition: number, offsets: number): void {
    this.#drifts.set(keyOf({ topic, partition }), offsets);
  }

  /** A leader election or metadata error that every client notices: none believes in an earlier leader from now on. */
  elect(reason = 'leader changed'): void {
    for (const { logs } of this.#topics.values()) for (const log of logs) log.heardOf();
    for (const tell of [...this.#onSuspect]) tell(reason);
  }

  // For sources.

  onSuspect(tell: (reason: string) => void): () => void {
    this.#onSuspect.add(tell);
    return () => this.#onSuspect.delete(tell);
  }

  /** True: `deliver` is kept for later. */
  keepsBack(partition: TopicPartition, deliver: () => void): boolean {
    const held = this.#held.get(keyOf(partition));
    if (held === undefined || held.length > 0) return false;
    held.push(deliver);
    return true;
  }

  takeDrift(partition: TopicPartition): number {
    const offsets = this.#drifts.get(keyOf(partition)) ?? 0;
    this.#drifts.delete(keyOf(partition));
    return offsets;
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw unavailable(`topic ${name} is not there`);
    return topic;
  }
}

export const unavailable = (message: string): LedgerstoneError =>
  new LedgerstoneError('kafka-unavailable', message, { disposition: 'retriable' });
