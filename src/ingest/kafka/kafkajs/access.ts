// Who leads a partition, who coordinates the group, and what if that has just changed?
import { LedgerstoneError } from '../../../base/error.ts';
import type { TopicPartition } from '../../source.ts';
import { kafkaError, NO_TOPIC_REMEDY } from '../errors.ts';
import { errorText, METADATA_ERRORS } from '../protocol/error-codes.ts';
import type { ClusterMetadata, PartitionMetadata, TopicMetadata } from '../protocol/metadata-api.ts';
import type { KafkajsBroker, KafkajsCluster } from './kafkajs.ts';

type FoundTopic = { readonly metadata: ClusterMetadata; readonly topic: TopicMetadata };
export type Found = FoundTopic & { readonly partition: PartitionMetadata };

/** kafkajs's coordinatorTypes.js: who is asked for the coordinator of what. */
export const COORDINATOR = { group: 0, transaction: 1 } as const;

export class Access {
  readonly cluster: KafkajsCluster;
  readonly #groupId: string;
  readonly #coordinatorType: number;
  #coordinator: KafkajsBroker | null = null;

  /** `groupId`: of a group, or the id of a transactional producer. */
  constructor(cluster: KafkajsCluster, groupId: string, coordinatorType: number = COORDINATOR.group) {
    this.cluster = cluster;
    this.#groupId = groupId;
    this.#coordinatorType = coordinatorType;
  }

  /** `fresh`: asked now; else as old as kafkajs's cache allows. */
  async topic(name: string, fresh: boolean): Promise<FoundTopic> {
    await this.cluster.addMultipleTargetTopics([name]);
    if (fresh) await this.cluster.refreshMetadata();
    else await this.cluster.refreshMetadataIfNecessary();
    const metadata = this.cluster.brokerPool.metadata;
    const topic = metadata?.topicMetadata.find((one) => one.topic === name);
    if (!metadata || topic === undefined || topic.topicErrorCode !== 0) {
      const code = topic?.topicErrorCode ?? METADATA_ERRORS.unknownTopic;
      const remedy = code === METADATA_ERRORS.unknownTopic ? NO_TOPIC_REMEDY : undefined;
      throw unavailable(`topic ${name}: ${errorText(code)}`, remedy);
    }
    return { metadata, topic };
  }

  /** Tries once more, with fresh metadata, when the known leader failed or no longer leads. */
  async onLeader<T>(
    { topic: name, partition: id }: TopicPartition,
    ask: (broker: KafkajsBroker, found: Found) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const once = async (fresh: boolean): Promise<T> => {
      signal?.throwIfAborted();
      const found = await this.topic(name, fresh);
      const partition = found.topic.partitionMetadata.find((one) => one.partitionId === id);
      if (partition === undefined) throw unavailable(`topic ${name} has no partition ${id}`);
      if (partition.leader < 0) throw unavailable(`${name}/${id} has no leader`);
      return ask(await this.cluster.findBroker({ nodeId: partition.leader }), { ...found, partition });
    };
    return once(false).catch(() => once(true));
  }

  /** The same for the group's coordinator. An error of `final` kinds is an answer. */
  async onCoordinator<T>(
    ask: (broker: KafkajsBroker) => Promise<T>,
    final: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    const known = this.#coordinator;
    if (known !== null) {
      try {
        return await ask(known);
      } catch (error) {
        if (final(error)) throw error;
        this.#coordinator = null;
      }
    }
    const found = await this.cluster.findGroupCoordinator({
      groupId: this.#groupId,
      coordinatorType: this.#coordinatorType,
    });
    const answer = await ask(found);
    this.#coordinator = found;
    return answer;
  }
}

/** Makes every error a LedgerstoneError, but for the reason of a signal that aborted. */
export async function guarded<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw kafkaError(what, error);
  }
}

export const unavailable = (message: string, remedy?: string): LedgerstoneError =>
  new LedgerstoneError('kafka-unavailable', message, { disposition: 'retriable', ...(remedy && { remedy }) });
