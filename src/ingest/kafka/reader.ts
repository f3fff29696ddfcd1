// What does the cluster say about a partition, apart from the group's own reading?
import { LedgerstoneError } from '../../base/error.ts';
import type { CommitHint, Fetched, LogRange, TopicPartition } from '../source.ts';
import { fetchFrom, newestVersion } from './cluster.ts';
import { errorText, FETCH_ERRORS, METADATA_ERRORS } from './error-codes.ts';
import { kafkaError } from './errors.ts';
import { FETCH_API_KEY, FETCH_BY_NAME, type FetchedPartition } from './fetch-api.ts';
import type { Kafkajs, KafkajsBroker, KafkajsCluster } from './kafkajs.ts';
import type { ClusterMetadata, PartitionMetadata, TopicMetadata } from './metadata-api.ts';
import type { KafkaTuning } from './options.ts';
import { type DecodeLimits, decodeRecordSet } from './record-set.ts';
import { AbortedProducers } from './transactions.ts';

const READ_UNCOMMITTED = 0;
const EARLIEST = '-2';
const LATEST = '-1';
const CONSUMER = -1;
/** How often a reading looks for a first record behind what carries none. */
const READ_ROUNDS_MAX = 1_000;

type Found = {
  readonly metadata: ClusterMetadata;
  readonly topic: TopicMetadata;
  readonly partition: PartitionMetadata;
};

/** Reads by connections of its own, so a long poll of the group never delays it. Every method throws LedgerstoneError. */
export class KafkaReader {
  readonly #kafkajs: Kafkajs;
  readonly #cluster: KafkajsCluster;
  readonly #groupId: string;
  readonly #tuning: KafkaTuning;
  readonly #limits: DecodeLimits;
  #coordinator: KafkajsBroker | null = null;

  constructor(
    kafkajs: Kafkajs,
    cluster: KafkajsCluster,
    groupId: string,
    tuning: KafkaTuning,
    limits: DecodeLimits,
  ) {
    this.#kafkajs = kafkajs;
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#tuning = tuning;
    this.#limits = limits;
  }

  /** Refuses, with the reason, what would fail later: brokers that can't be reached or are too old, topics not permitted. */
  async open(topics: readonly string[]): Promise<ClusterMetadata> {
    return this.#guard('connect to Kafka', async () => {
      await this.#cluster.connect();
      await this.#cluster.addMultipleTargetTopics(topics);
      const metadata = this.#cluster.brokerPool.metadata as ClusterMetadata;
      const refused = metadata.topicMetadata.filter(
        (t) => t.topicErrorCode === METADATA_ERRORS.topicNotPermitted,
      );
      if (refused.length > 0) {
        throw new LedgerstoneError(
          'kafka-not-permitted',
          `no access to ${refused.map((t) => t.topic).join(', ')}`,
          {
            remedy: 'Grant this principal READ and DESCRIBE on the topics and READ on the consumer group.',
          },
        );
      }
      for (const broker of Object.values(this.#cluster.brokerPool.brokers)) {
        if (broker.versions === null || newestVersion(broker, FETCH_API_KEY) >= FETCH_BY_NAME) continue;
        throw new LedgerstoneError(
          'kafka-too-old',
          `broker ${broker.nodeId} does not know Fetch ${FETCH_BY_NAME}`,
          {
            remedy: 'Use Kafka 2.3 or later; 3.1 or later also tells recreated topics apart by their ids.',
          },
        );
      }
      return metadata;
    });
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }

  async describe(
    partition: TopicPartition,
  ): Promise<{ readonly cluster: string; readonly topicId: string | null }> {
    return this.#guard('describe the topic', async () => {
      const { metadata, topic } = await this.#find(partition, true);
      if (metadata.clusterId === null) throw retriable('the brokers do not tell the id of their cluster');
      return { cluster: metadata.clusterId, topicId: topic.topicId ?? null };
    });
  }

  async partitions(topic: string): Promise<readonly number[]> {
    return this.#guard('list the partitions', async () => {
      const { topic: found } = await this.#topic(topic, true);
      return found.partitionMetadata.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
    });
  }

  async logRange(partition: TopicPartition): Promise<LogRange> {
    return this.#guard('read the range of the log', () =>
      this.#onLeader(partition, async (broker) => {
        const low = await this.#offsetAt(broker, partition, EARLIEST);
        // Uncommitted, for else an open transaction hides what is behind it.
        const high = await this.#offsetAt(broker, partition, LATEST);
        return { low, high };
      }),
    );
  }

  async offsetAtTime(partition: TopicPartition, timestampMs: number): Promise<number | null> {
    return this.#guard('look up an offset by time', () =>
      this.#onLeader(partition, async (broker) => {
        const offset = await this.#offsetAt(broker, partition, String(timestampMs));
        return offset < 0 ? null : offset;
      }),
    );
  }

  async #offsetAt(
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
    if (!Number.isSafeInteger(offset)) throw retriable(`no usable offset for ${topic}/${partition}`);
    return offset;
  }

  async readAt(partition: TopicPartition, offset: number, signal?: AbortSignal): Promise<Fetched> {
    return this.#guard(
      'read a record again',
      (): Promise<Fetched> =>
        this.#onLeader(partition, async (broker, found) => {
          const records: Fetched['records'][number][] = [];
          const seen: Fetched['seen'][number][] = [];
          let at = offset;
          for (let round = 0; ; round++) {
            signal?.throwIfAborted();
            const answer = await this.#fetchOne(broker, partition, found.topic.topicId ?? null, at);
            const { highWatermark, lastStableOffset } = answer;
            let undecodable: Fetched['undecodable'];
            for await (const part of decodeRecordSet(
              answer.bytes,
              at,
              new AbortedProducers(answer.aborted),
              this.#limits,
            )) {
              for (const record of part.records) records.push(record);
              for (const run of part.seen) seen.push(run);
              at = part.next;
              undecodable = part.undecodable ?? undefined;
            }
            const done =
              records.length > 0 ||
              undecodable !== undefined ||
              at >= lastStableOffset ||
              round >= READ_ROUNDS_MAX;
            if (done)
              return {
                ...partition,
                records,
                seen,
                highWatermark,
                ...(undecodable === undefined ? {} : { undecodable }),
              };
          }
        }),
    );
  }

  async #fetchOne(
    broker: KafkajsBroker,
    { topic, partition }: TopicPartition,
    topicId: string | null,
    offset: number,
  ): Promise<FetchedPartition> {
    const settings = {
      waitMsMax: this.#tuning.fetchWaitMsMax,
      bytesMax: this.#tuning.partitionBytesMax,
      partitionBytesMax: this.#tuning.partitionBytesMax,
    };
    const answer = await fetchFrom(this.#kafkajs, broker, [{ topic, topicId, partition, offset }], settings);
    const found = answer.partitions[0];
    const code = answer.errorCode !== 0 ? answer.errorCode : (found?.errorCode ?? 0);
    if (found === undefined || code !== 0) {
      const what = code === FETCH_ERRORS.offsetOutOfRange ? `offset ${offset}: ` : '';
      throw retriable(`${topic}/${partition}: ${what}${errorText(code)}`);
    }
    return found;
  }

  async committed(partition: TopicPartition): Promise<CommitHint | null> {
    return this.#guard("read the group's committed offset", () =>
      this.#onCoordinator(async (broker) => {
        const { responses } = await broker.offsetFetch({
          groupId: this.#groupId,
          topics: [{ topic: partition.topic, partitions: [{ partition: partition.partition }] }],
        });
        const found = responses[0]?.partitions[0];
        const nextOffset = Number(found?.offset ?? -1);
        return nextOffset < 0 ? null : { nextOffset, metadata: found?.metadata ?? '' };
      }),
    );
  }

  /** By the generation that is given, so that a commit of an earlier one is refused by the coordinator. */
  async commit(
    partition: TopicPartition,
    hint: CommitHint,
    member: { readonly memberId: string; readonly generationId: number },
  ): Promise<boolean> {
    return this.#guard('commit an offset', async () => {
      try {
        await this.#onCoordinator((broker) =>
          broker.offsetCommit({
            groupId: this.#groupId,
            memberId: member.memberId,
            groupGenerationId: member.generationId,
            topics: [
              {
                topic: partition.topic,
                partitions: [
                  {
                    partition: partition.partition,
                    offset: String(hint.nextOffset),
                    metadata: hint.metadata,
                  },
                ],
              },
            ],
          }),
        );
        return true;
      } catch (error) {
        if (NOT_OURS.has((error as { type?: string }).type ?? '')) return false;
        throw error;
      }
    });
  }

  async #topic(name: string, fresh: boolean): Promise<{ metadata: ClusterMetadata; topic: TopicMetadata }> {
    await this.#cluster.addMultipleTargetTopics([name]);
    if (fresh) await this.#cluster.refreshMetadata();
    else await this.#cluster.refreshMetadataIfNecessary();
    const metadata = this.#cluster.brokerPool.metadata;
    const topic = metadata?.topicMetadata.find((one) => one.topic === name);
    if (!metadata || topic === undefined || topic.topicErrorCode !== 0) {
      throw retriable(`topic ${name}: ${errorText(topic?.topicErrorCode ?? METADATA_ERRORS.unknownTopic)}`);
    }
    return { metadata, topic };
  }

  async #find({ topic: name, partition: id }: TopicPartition, fresh: boolean): Promise<Found> {
    const { metadata, topic } = await this.#topic(name, fresh);
    const partition = topic.partitionMetadata.find((one) => one.partitionId === id);
    if (partition === undefined) throw retriable(`topic ${name} has no partition ${id}`);
    return { metadata, topic, partition };
  }

  /** Once more with fresh metadata where the leader that we know of has failed or isn't one any more. */
  async #onLeader<T>(
    partition: TopicPartition,
    ask: (broker: KafkajsBroker, found: Found) => Promise<T>,
  ): Promise<T> {
    const once = async (fresh: boolean): Promise<T> => {
      const found = await this.#find(partition, fresh);
      if (found.partition.leader < 0)
        throw retriable(`${partition.topic}/${partition.partition} has no leader`);
      return ask(await this.#cluster.findBroker({ nodeId: found.partition.leader }), found);
    };
    return once(false).catch(() => once(true));
  }

  async #onCoordinator<T>(ask: (broker: KafkajsBroker) => Promise<T>): Promise<T> {
    const known = this.#coordinator;
    if (known !== null) {
      try {
        return await ask(known);
      } catch (error) {
        this.#coordinator = null;
        if (NOT_OURS.has((error as { type?: string }).type ?? '')) throw error;
      }
    }
    const found = await this.#cluster.findGroupCoordinator({ groupId: this.#groupId });
    const answer = await ask(found);
    this.#coordinator = found;
    return answer;
  }

  async #guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw kafkaError(what, error);
    }
  }
}

/** What a coordinator answers to a member of an earlier generation. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

const retriable = (message: string): LedgerstoneError =>
  new LedgerstoneError('kafka-unavailable', message, { disposition: 'retriable' });
