// What does the cluster say about a partition, apart from the group's own reading?
import { LedgerstoneError } from '../../base/error.ts';
import type { CommitHint, Fetched, LogRange, TopicPartition } from '../source.ts';
import { NOT_PERMITTED_REMEDY } from './errors.ts';
import type { LeaderEpochs } from './group/epochs.ts';
import { Access, guarded, unavailable } from './kafkajs/access.ts';
import { fetchFrom, newestVersion, topicsOf } from './kafkajs/cluster.ts';
import type { Kafkajs, KafkajsBroker, KafkajsCluster } from './kafkajs/kafkajs.ts';
import type { KafkaTuning } from './options.ts';
import { errorText, FETCH_ERRORS, METADATA_ERRORS } from './protocol/error-codes.ts';
import {
  FETCH_API_KEY,
  FETCH_BY_NAME,
  type FetchedPartition,
  type FetchPartition,
} from './protocol/fetch-api.ts';
import type { ClusterMetadata } from './protocol/metadata-api.ts';
import { type DecodeLimits, decodeRecordSet } from './protocol/record-set.ts';
import { AbortedProducers } from './protocol/transactions.ts';

const READ_UNCOMMITTED = 0;
const EARLIEST = '-2';
const LATEST = '-1';
const CONSUMER = -1;

/** What a coordinator answers to a member of an earlier generation. */
const NOT_OURS: ReadonlySet<unknown> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);
const isNotOurs = (error: unknown): boolean => NOT_OURS.has(Object(error).type);

export type ReaderOptions = {
  readonly options: { readonly groupId: string };
  readonly tuning: KafkaTuning;
  readonly limits: DecodeLimits;
  /** Shared with the group's connections: a broker that they know to be behind must not confirm an anchor. */
  readonly epochs: LeaderEpochs;
};

/**
 * Reads by connections of its own, so a long poll of the group never delays it. Every method throws
 * LedgerstoneError.
 */
export class KafkaReader {
  readonly #kafkajs: Kafkajs;
  readonly #access: Access;
  readonly #groupId: string;
  readonly #tuning: KafkaTuning;
  readonly #limits: DecodeLimits;
  readonly #epochs: LeaderEpochs;

  constructor(kafkajs: Kafkajs, cluster: KafkajsCluster, { options, tuning, limits, epochs }: ReaderOptions) {
    this.#kafkajs = kafkajs;
    this.#access = new Access(cluster, options.groupId);
    this.#groupId = options.groupId;
    this.#tuning = tuning;
    this.#limits = limits;
    this.#epochs = epochs;
  }

  /**
   * Refuses, with the reason, what would fail later: brokers that can't be reached or are too old, topics not
   * permitted.
   */
  async open(topics: readonly string[]): Promise<void> {
    const { cluster } = this.#access;
    await guarded('connect to Kafka', async () => {
      await cluster.connect();
      await cluster.addMultipleTargetTopics(topics);
    });
    const metadata = cluster.brokerPool.metadata as ClusterMetadata;
    const refused = metadata.topicMetadata.filter(
      ({ topicErrorCode }) => topicErrorCode === METADATA_ERRORS.topicNotPermitted,
    );
    if (refused.length > 0) {
      const names = refused.map(({ topic }) => topic).join(', ');
      throw new LedgerstoneError('kafka-not-permitted', `no access to ${names}`, {
        remedy: NOT_PERMITTED_REMEDY,
      });
    }
    for (const broker of Object.values(cluster.brokerPool.brokers)) {
      if (broker.versions === null || newestVersion(broker, FETCH_API_KEY) >= FETCH_BY_NAME) continue;
      throw new LedgerstoneError(
        'kafka-too-old',
        `broker ${broker.nodeId} does not know Fetch ${FETCH_BY_NAME}`,
        {
          remedy: 'Use Kafka 2.3 or later; from 3.1 on, recreated topics are told apart by their ids.',
        },
      );
    }
  }

  async close(): Promise<void> {
    await this.#access.cluster.disconnect();
  }

  async describe({ topic: name }: TopicPartition): Promise<{ cluster: string; topicId: string | null }> {
    return guarded('describe the topic', async () => {
      const { metadata, topic } = await this.#access.topic(name, true);
      if (metadata.clusterId === null) throw unavailable('the brokers do not tell the id of their cluster');
      return { cluster: metadata.clusterId, topicId: topic.topicId ?? null };
    });
  }

  /** Names of all topics that the brokers show to this principal. */
  async topics(): Promise<readonly string[]> {
    return guarded('list the topics', async () => {
      const { cluster } = this.#access;
      await cluster.refreshMetadataIfNecessary();
      let failed: unknown = null;
      for (const nodeId of cluster.getNodeIds()) {
        try {
          return await topicsOf(this.#kafkajs, await cluster.findBroker({ nodeId }));
        } catch (error) {
          failed = error;
        }
      }
      throw failed ?? unavailable('no broker is known');
    });
  }

  async partitions(name: string): Promise<readonly number[]> {
    return guarded('list the partitions', async () => {
      const { topic } = await this.#access.topic(name, true);
      return topic.partitionMetadata.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
    });
  }

  async logRange(partition: TopicPartition): Promise<LogRange> {
    return guarded('read the range of the log', () =>
      this.#access.onLeader(partition, async (broker) => ({
        low: await endOf(broker, partition, EARLIEST),
        high: await endOf(broker, partition, LATEST),
      })),
    );
  }

  async offsetAtTime(partition: TopicPartition, timestampMs: number): Promise<number | null> {
    return guarded('look up an offset by time', () =>
      this.#access.onLeader(partition, async (broker) => {
        const offset = await offsetAt(broker, partition, String(timestampMs));
        return offset < 0 ? null : offset;
      }),
    );
  }

  async readAt(partition: TopicPartition, offset: number, signal?: AbortSignal): Promise<Fetched> {
    const ask = (broker: KafkajsBroker, topicId: string | null) =>
      this.#readOn(
        broker,
        {
          ...partition,
          ...{ topicId, offset, lastEpoch: -1 },
          leaderEpoch: this.#epochs.of(topicId, partition.partition),
        },
        signal,
      );
    return guarded(
      'read a record again',
      () =>
        this.#access.onLeader(partition, (broker, { topic }) => ask(broker, topic.topicId ?? null), signal),
      signal,
    );
  }

  /** Reads until there is a record, or no committed one is left. */
  async #readOn(broker: KafkajsBroker, from: FetchPartition, signal?: AbortSignal): Promise<Fetched> {
    const { topic, partition } = from;
    const seen: Fetched['seen'][number][] = [];
    for (let offset = from.offset; ; ) {
      signal?.throwIfAborted();
      const answer = await this.#fetchOne(broker, { ...from, offset });
      const { bytes, aborted, highWatermark, lastStableOffset } = answer;
      const asked = offset;
      if (answer.errorCode === FETCH_ERRORS.corruptMessage) {
        const undecodable = { offset, last: offset, reason: errorText(answer.errorCode) };
        return { topic, partition, records: [], seen, highWatermark, undecodable };
      }
      for await (const part of decodeRecordSet(bytes, asked, new AbortedProducers(aborted), this.#limits)) {
        signal?.throwIfAborted();
        const { records, undecodable } = part;
        for (const run of part.seen) seen.push(run);
        offset = part.next;
        if (undecodable !== null) return { topic, partition, records, seen, highWatermark, undecodable };
        // One part is enough, and the next ones may be many times as large.
        if (records.length > 0) return { topic, partition, records, seen, highWatermark };
      }
      if (offset >= lastStableOffset) return { topic, partition, records: [], seen, highWatermark };
      if (offset === asked) throw unavailable(`nothing came of ${topic}/${partition} at offset ${offset}`);
    }
  }

  async #fetchOne(broker: KafkajsBroker, asked: FetchPartition): Promise<FetchedPartition> {
    const { partitionBytesMax, fetchWaitMsMax } = this.#tuning;
    const settings = { waitMsMax: fetchWaitMsMax, bytesMax: partitionBytesMax, partitionBytesMax };
    const answer = await fetchFrom(this.#kafkajs, broker, [asked], settings);
    const found = answer.partitions[0];
    const code = answer.errorCode !== 0 ? answer.errorCode : (found?.errorCode ?? FETCH_ERRORS.unknown);
    // A log that the broker calls corrupt is an answer, as in the group's fetches.
    if (found !== undefined && (code === 0 || code === FETCH_ERRORS.corruptMessage)) return found;
    throw unavailable(`${asked.topic}/${asked.partition} at offset ${asked.offset}: ${errorText(code)}`);
  }

  async committed({ topic, partition }: TopicPartition): Promise<CommitHint | null> {
    return guarded("read the group's committed offset", () =>
      this.#access.onCoordinator(async (broker) => {
        const { responses } = await broker.offsetFetch({
          groupId: this.#groupId,
          topics: [{ topic, partitions: [{ partition }] }],
        });
        const found = responses[0]?.partitions[0];
        const nextOffset = Number(found?.offset ?? -1);
        return nextOffset < 0 ? null : { nextOffset, metadata: found?.metadata ?? '' };
      }),
    );
  }

  /** Names the given generation, so that the coordinator refuses a commit of an earlier one. */
  async commit(
    { topic, partition }: TopicPartition,
    { nextOffset, metadata }: CommitHint,
    { memberId, generationId }: { readonly memberId: string; readonly generationId: number },
  ): Promise<boolean> {
    return guarded('commit an offset', async () => {
      const request = {
        groupId: this.#groupId,
        memberId,
        groupGenerationId: generationId,
        topics: [{ topic, partitions: [{ partition, offset: String(nextOffset), metadata }] }],
      };
      try {
        await this.#access.onCoordinator((broker) => broker.offsetCommit(request), isNotOurs);
        return true;
      } catch (error) {
        if (isNotOurs(error)) return false;
        throw error;
      }
    });
  }
}

/** A log's start or end. −1 is none, and would be taken for a log that was cut off. */
async function endOf(broker: KafkajsBroker, partition: TopicPartition, which: string): Promise<number> {
  const offset = await offsetAt(broker, partition, which);
  if (offset >= 0) return offset;
  throw unavailable(`the broker names no end of ${partition.topic}/${partition.partition}`);
}

/** Read uncommitted, because an open transaction would hide later records. −1: no record is that late. */
async function offsetAt(
  broker: KafkajsBroker,
  { topic, partition }: TopicPartition,
  timestamp: string,
): Promise<number> {
  const { responses } = await broker.listOffsets({
    replicaId: CONSUMER,
    isolationLevel: READ_UNCOMMITTED,
    topics: [{ topic, partitions: [{ partition, timestamp }] }],
  });
  const offset = Number(responses[0]?.partitions[0]?.offset ?? Number.NaN);
  if (!Number.isSafeInteger(offset)) throw unavailable(`no usable offset for ${topic}/${partition}`);
  return offset;
}
