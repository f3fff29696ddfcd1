// How are we a member of the consumer group, and what does each rebalance mean for our partitions?
import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent } from 'kafkajs';
import { LedgerstoneError, messageOf } from '../../../base/error.ts';
import type { Logger } from '../../../base/log.ts';
import type { SourceListener, TopicPartition } from '../../source.ts';
import { groupShared, kafkaError } from '../errors.ts';
import { changed, type JoinedGroup, type KafkajsCluster } from '../kafkajs/kafkajs.ts';
import type { KafkaTuning } from '../options.ts';
import { Assignment, PartitionFeed } from './assignment.ts';
import type { Watchdog } from './watchdog.ts';

export type GroupTools = {
  readonly consumer: Consumer;
  readonly cluster: KafkajsCluster;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly tuning: KafkaTuning;
  readonly listener: SourceListener;
  readonly watchdog: Watchdog;
  readonly log: Logger;
  readonly now: () => number;
};

/**
 * kafkajs emits rebalances as events and doesn't wait for them, so everything happens synchronously inside:
 * an assignment ends with the first sign of a rebalance, and the next begins with GROUP_JOIN, before the
 * first fetch of its generation.
 */
export class Group {
  readonly #tools: GroupTools;
  #assignment: Assignment | null = null;
  #joined: JoinedGroup | null = null;
  #crashesMs: number[] = [];
  #failed = false;
  #closed = false;

  constructor(tools: GroupTools) {
    this.#tools = tools;
  }

  get assignment(): Assignment | null {
    return this.#assignment;
  }

  /**
   * Not every rebalance begins with an event of kafkajs: one of its loops may join again while others still
   * fetch.
   */
  joining(): void {
    this.#guarded(() => this.#end());
  }

  /** What the coordinator answered to the last join; its generation is in no event. */
  joined(member: JoinedGroup): void {
    this.#joined = member;
    if (member.leaderId === '') this.fatal(groupShared(this.#tools.groupId));
  }

  /** Resolves when the first join succeeded or was given up; later events go to the listener. */
  async start(): Promise<void> {
    const { consumer, topics } = this.#tools;
    this.#listen();
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // Every fetch is answered below kafkajs (cluster.ts), which therefore never has a batch.
      eachBatch: async () => this.fatal(changed('it fetched by itself')),
    });
  }

  #listen(): void {
    const { consumer, watchdog } = this.#tools;
    const { events } = consumer;
    const ended = [events.REBALANCING, events.STOP, events.DISCONNECT] as const;
    for (const event of ended) consumer.on(event, () => this.#guarded(() => this.#end()));
    consumer.on(events.GROUP_JOIN, (event) => this.#guarded(() => this.#begin(event)));
    consumer.on(events.CRASH, (event) => this.#guarded(() => this.#crashed(event)));
    consumer.on(events.RECEIVED_UNSUBSCRIBED_TOPICS, () =>
      this.fatal(changed('it does not take the topics that were found while it ran')),
    );
    for (const event of [events.FETCH_START, events.REQUEST, events.CONNECT, events.GROUP_JOIN] as const) {
      consumer.on(event, () => watchdog.sign());
    }
  }

  /** A listener that throws inside an event of kafkajs would look to it like a failed join. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fatal(error);
    }
  }

  #begin({ payload }: ConsumerGroupJoinEvent): void {
    if (this.#closed || this.#failed) return;
    this.#end();
    const { cluster, groupId, listener, watchdog, log, now } = this.#tools;
    const joined = this.#joined;
    if (joined === null || joined.memberId !== payload.memberId)
      throw changed('it joined the group by itself');
    const topics = cluster.brokerPool.metadata?.topicMetadata ?? [];
    const owned: TopicPartition[] = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const feeds = owned.map(
      (one) =>
        new PartitionFeed(one, topics.find(({ topic }) => topic === one.topic)?.topicId ?? null, now()),
    );
    // kafkajs's own position isn't used, but without one it would ask the group and the leaders for it,
    // and one partition without a leader would keep it from fetching any other.
    for (const one of owned) cluster.markOffsetAsCommitted({ groupId, ...one, offset: '0' });
    this.#assignment = new Assignment(joined.memberId, joined.generationId, feeds);
    watchdog.joined();
    log.info(
      { groupId, generation: joined.generationId, partitions: owned.length },
      'joined the consumer group',
    );
    listener.onAssign(owned);
  }

  #end(): void {
    const ending = this.#assignment;
    this.#assignment = null;
    this.#tools.watchdog.left();
    if (ending === null) return;
    ending.end();
    if (!this.#closed) this.#tools.listener.onRevoke();
  }

  #crashed({ payload: { error, restart } }: ConsumerCrashEvent): void {
    if (this.#closed) return;
    this.#end();
    const { tuning, log, now } = this.#tools;
    if (!restart) {
      this.fatal(kafkaError('go on consuming', error));
      return;
    }
    const nowMs = now();
    this.#crashesMs = [...this.#crashesMs.filter((ms) => nowMs - ms < tuning.restartWindowMs), nowMs];
    log.warn(
      { crashes: this.#crashesMs.length, error: messageOf(error) },
      'kafkajs crashed and starts again',
    );
    if (this.#crashesMs.length <= tuning.restartsMax) return;
    const many = `kafkajs crashed ${this.#crashesMs.length} times within ${tuning.restartWindowMs / 1000} s`;
    this.fatal(
      new LedgerstoneError('kafka-crashes', `${many}, the last time: ${messageOf(error)}`, { cause: error }),
    );
  }

  /** Reported once. */
  fatal(error: unknown): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    this.#guarded(() => this.#end());
    this.#tools.listener.onFatal(error instanceof Error ? error : new Error(messageOf(error)));
  }

  /** The listener isn't called any more. */
  close(): void {
    this.#closed = true;
    this.#end();
  }
}
