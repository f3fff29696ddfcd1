// What is requested from one broker now, and which part of its answer goes to the pipeline?
import { messageOf } from '../../../base/error.ts';
import type { Delivered, TopicPartition } from '../../source.ts';
import type { Part } from '../decoder.ts';
import type { KafkajsBroker, KafkajsFetchTopic } from '../kafkajs/kafkajs.ts';
import { errorText, FETCH_ERRORS } from '../protocol/error-codes.ts';
import type { FetchAnswer, FetchedPartition, FetchPartition } from '../protocol/fetch-api.ts';
import type { PartitionFeed } from './assignment.ts';
import { Backlogs } from './backlogs.ts';
import { DecodeAhead } from './decode-ahead.ts';
import type { FetcherTools } from './fetcher-tools.ts';

type Question = {
  readonly broker: KafkajsBroker;
  readonly asked: readonly FetchPartition[];
  readonly shares: number | null;
  /** Those that others lead by now. */
  readonly lost: Set<FetchPartition>;
  abandon(): void;
};

/** After an error of a partition or a broker, time for a new leader to be known. */
const ERROR_PAUSE_MS = 250;

/**
 * Replaces kafkajs's fetch: called in a loop for each broker, with the partitions that it leads. Returns when
 * the answer is handed over, so one broker's answers never overlap. Never throws: one broker's failure
 * doesn't affect the others.
 */
export class Fetcher {
  readonly #tools: FetcherTools;
  readonly #idle = new Set<() => void>();
  readonly #open = new Set<Question>();
  readonly #backlogs = new Backlogs();
  #closed = false;

  constructor(tools: FetcherTools) {
    this.#tools = tools;
  }

  /** After a resume or a seek: ends a wait for work. */
  wake(): void {
    for (const end of [...this.#idle]) end();
  }

  close(): void {
    this.#closed = true;
    this.wake();
    for (const { abandon } of this.#open) abandon();
  }

  async fetch(broker: KafkajsBroker, topics: readonly KafkajsFetchTopic[]): Promise<void> {
    const { feeds, shares } = this.#backlogs.order(broker, this.#wanted(topics));
    if (feeds.length === 0) return this.#wait(this.#tools.waitMs);
    const question: Question = {
      broker,
      asked: feeds.map((feed) => this.#questionOf(feed)),
      shares,
      lost: new Set(),
      abandon: () => {},
    };
    this.#open.add(question);
    try {
      await this.#ask(question, feeds);
    } finally {
      this.#open.delete(question);
    }
  }

  async #ask(question: Question, feeds: readonly PartitionFeed[]): Promise<void> {
    let answer: FetchAnswer | null;
    try {
      answer = await this.#answerOf(question);
      if (answer === null) return;
      if (answer.errorCode !== 0) throw new Error(errorText(answer.errorCode));
    } catch (error) {
      for (const feed of feeds) feed.failure = messageOf(error);
      return this.brokerFailed(question.broker.nodeId ?? '?', error);
    }
    const ahead = new DecodeAhead(answer.partitions, this.#tools.decoder, this.#tools.limits);
    try {
      const failed = await this.#take(answer, feeds, question, ahead);
      if (failed) await this.#tools.refreshMetadata().catch(() => {});
    } catch (error) {
      // Ours or the pipeline's: kafkajs would repeat it until the group is torn apart.
      this.#tools.fatal(error);
    } finally {
      ahead.close();
      if (this.#tools.decoder.copies) answer.done?.();
    }
  }

  /** Null: other brokers lead these partitions now, so this one's answer no longer matters. */
  #answerOf(question: Question): Promise<FetchAnswer | null> {
    const { promise, resolve } = Promise.withResolvers<null>();
    question.abandon = () => resolve(null);
    const answer = this.#tools.fetch(question.broker, question.asked, question.shares);
    // An abandoned request may fail without consequence.
    answer.catch(() => {});
    return Promise.race([answer, promise]);
  }

  /**
   * New metadata: a question to a broker that leads none of its partitions any more is abandoned. A frozen
   * broker would keep it for a whole request timeout, and kafkajs begins nothing with a changed set of
   * brokers before each loop ends. Where it still leads some of them, its answers about the others are
   * dropped: a deposed leader may hold records that the log never had, and the revalidation that this
   * metadata caused covers only what came before it.
   */
  observe(leads: (nodeId: number | null, partition: TopicPartition) => boolean): void {
    for (const question of this.#open) {
      const { broker, asked, lost } = question;
      for (const partition of asked) if (!leads(broker.nodeId, partition)) lost.add(partition);
      if (lost.size === asked.length) question.abandon();
    }
  }

  /** True: a partition's leader has to be looked up again. */
  async #take(
    answer: FetchAnswer,
    feeds: readonly PartitionFeed[],
    { asked, lost }: Question,
    ahead: DecodeAhead,
  ): Promise<boolean> {
    let failed = false;
    for (const partition of answer.partitions) {
      const feed = feeds[asked.indexOf(partition.asked)] as PartitionFeed;
      // Asked for while the pipeline still worked, so that both go on at once. A compressed answer unfolds to
      // ten times its size: it is unfolded as it is worked off.
      if (partition.bytes.length > 0) await this.#tools.listener.ready?.();
      if (!this.#tools.keepalive()) break;
      if (lost.has(partition.asked) || !isWanted(feed, partition.asked)) continue;
      if (partition.errorCode === 0) {
        feed.answeredAtMs = this.#tools.now();
        feed.failure = null;
        feed.moreUntil = partition.lastStableOffset;
        if (partition.divergedAt === null) await this.#deliver(feed, partition, lost, ahead);
        else this.#lostPlace(feed, `its log is another one from offset ${partition.divergedAt} on`);
      } else {
        failed = this.#partitionFailed(feed, partition) || failed;
      }
    }
    return failed;
  }

  /** Resolves after `ms`, or when there may be work. */
  #wait(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#idle.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#idle.add(end);
    });
  }

  /** The open feeds among these. */
  #wanted(topics: readonly KafkajsFetchTopic[]): PartitionFeed[] {
    const assignment = this.#tools.assignment();
    if (assignment === null || this.#closed) return [];
    const nowMs = this.#tools.now();
    const feeds: PartitionFeed[] = [];
    for (const { topic, partitions } of topics) {
      for (const { partition } of partitions) {
        const feed = assignment.feed({ topic, partition });
        if (feed?.open && nowMs >= feed.notBeforeMs) feeds.push(feed);
      }
    }
    return feeds;
  }

  #questionOf({
    topic,
    topicId,
    partition,
    position,
    leaderEpoch: lastEpoch,
  }: PartitionFeed): FetchPartition {
    const leaderEpoch = this.#tools.leaderEpoch(topicId, partition);
    return { topic, topicId, partition, offset: position as number, lastEpoch, leaderEpoch };
  }

  async #deliver(
    feed: PartitionFeed,
    answer: FetchedPartition,
    lost: ReadonlySet<FetchPartition>,
    ahead: DecodeAhead,
  ): Promise<void> {
    const { asked, highWatermark } = answer;
    let at = asked.offset;
    for await (const part of ahead.partsOf(answer)) {
      // While another thread decoded, the pipeline, the group or the cluster may have decided otherwise.
      if (!feed.wants(at) || lost.has(asked)) return;
      this.#handOver(feed, part, highWatermark);
      at = part.next;
      if (part.undecodable !== null) return;
      // What follows of a batch can be any size: it is decoded as fast as it is worked off.
      await this.#tools.listener.ready?.();
      feed.answeredAtMs = this.#tools.now();
      if (!this.#tools.keepalive()) return;
    }
    if (feed.wants(at) && highWatermark !== feed.toldHighWatermark)
      this.#tell(feed, { records: [], seen: [] }, highWatermark);
  }

  #handOver(feed: PartitionFeed, part: Part, highWatermark: number): void {
    const { records, seen, next, leaderEpoch, undecodable } = part;
    if (leaderEpoch >= 0) {
      if (leaderEpoch < feed.leaderEpoch) {
        this.#tools.suspect(`${whereOf(feed)}: leader epoch ${leaderEpoch} after ${feed.leaderEpoch}`);
      }
      feed.leaderEpoch = leaderEpoch;
    }
    feed.advance(next);
    if (undecodable === null) {
      if (records.length > 0 || seen.length > 0) this.#tell(feed, { records, seen }, highWatermark);
      return;
    }
    feed.stick();
    this.#tell(feed, { records, seen, undecodable }, highWatermark);
  }

  #tell(
    feed: PartitionFeed,
    what: Pick<Delivered, 'records' | 'seen' | 'undecodable'>,
    highWatermark: number,
  ): void {
    feed.toldHighWatermark = highWatermark;
    this.#tools.listener.onFetched({ topic: feed.topic, partition: feed.partition, ...what, highWatermark });
  }

  /** True: its leader has to be looked up again. */
  #partitionFailed(feed: PartitionFeed, { errorCode, asked }: FetchedPartition): boolean {
    const { now, suspect } = this.#tools;
    const text = errorText(errorCode);
    feed.notBeforeMs = now() + ERROR_PAUSE_MS;
    if (errorCode === FETCH_ERRORS.offsetOutOfRange) {
      feed.answeredAtMs = now();
      // A broker that has forgotten the named epoch answers the same: ask again by the offset alone.
      if (asked.lastEpoch >= 0) feed.forgetEpoch();
      else this.#lostPlace(feed, text);
      return false;
    }
    if (errorCode === FETCH_ERRORS.corruptMessage) {
      feed.answeredAtMs = now();
      feed.stick();
      const undecodable = { offset: asked.offset, last: asked.offset, reason: text };
      const highWatermark = Math.max(feed.toldHighWatermark, asked.offset + 1);
      this.#tell(feed, { records: [], seen: [], undecodable }, highWatermark);
      return false;
    }
    feed.failure = text;
    suspect(`${whereOf(feed)}: ${text}`);
    return true;
  }

  /**
   * The log doesn't hold the next offset. kafkajs would jump to the log's start; here the partition stands
   * still.
   */
  #lostPlace(feed: PartitionFeed, why: string): void {
    const offset = feed.position as number;
    feed.stick();
    this.#tools.suspect(`${whereOf(feed)} at offset ${offset}: ${why}`);
    this.#tools.listener.onOutOfRange?.({ topic: feed.topic, partition: feed.partition }, offset);
  }

  /** This broker didn't answer: wait, so that the cluster can notice, then ask it again. */
  async brokerFailed(nodeId: number | string, error: unknown): Promise<void> {
    if (this.#closed) return;
    this.#tools.suspect(`broker ${nodeId}: ${messageOf(error)}`);
    await Promise.all([this.#tools.refreshMetadata().catch(() => {}), this.#wait(ERROR_PAUSE_MS)]);
  }
}

const whereOf = ({ topic, partition }: PartitionFeed): string => `${topic}/${partition}`;

const isWanted = (feed: PartitionFeed, { offset, topicId }: FetchPartition): boolean =>
  feed.wants(offset) && feed.topicId === topicId;
