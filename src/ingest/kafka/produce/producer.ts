// How do records get into a topic exactly once, together with the note of how far they go?
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerstoneError } from '../../../base/error.ts';
import { Client } from '../client.ts';
import { kafkaError } from '../errors.ts';
import { Access, COORDINATOR, unavailable } from '../kafkajs/access.ts';
import { newestVersion, sendRequest } from '../kafkajs/cluster.ts';
import type { Kafkajs, KafkajsBroker, KafkajsCluster } from '../kafkajs/kafkajs.ts';
import type { KafkaSourceOptions } from '../options.ts';
import { KafkaReader } from '../reader.ts';
import { topicSettings } from '../topic-settings.ts';
import {
  type ApiCall,
  addOffsets,
  addPartition,
  commitOffsets,
  endTransaction,
  fetchOffsets,
  initProducerId,
  NEEDED_APIS,
  type ProducerIdentity,
  produceBatch,
} from './api.ts';
import { encodeBatch, type RecordToSend, type SendCodec } from './batch.ts';
import { answerError, CONCURRENT_TRANSACTIONS, UNSTABLE_OFFSET_COMMIT, WRITE_REMEDY } from './errors.ts';

export type ProducerOptions = Pick<
  KafkaSourceOptions,
  'brokers' | 'clientId' | 'tls' | 'sasl' | 'log' | 'tuning'
> & {
  /** Written to, and never made. */
  readonly topic: string;
  /** Of the transactions, and of the group that keeps how far they went. */
  readonly id: string;
  readonly codec: SendCodec;
};

/** How far a partition was written: what the group keeps of it. */
export type WrittenPosition = { readonly nextOffset: number; readonly metadata: string };

/** What one transaction brings: nothing of it is read before all of it is there. */
export type Transaction = {
  readonly partition: number;
  /** Each becomes one record batch. */
  readonly batches: readonly (readonly RecordToSend[])[];
  /** By partition: where the next run goes on. */
  readonly positions: ReadonlyMap<number, WrittenPosition>;
};

export type TargetTopic = { readonly partitions: readonly number[]; readonly topicId: string | null };

const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };
/** How long the end of the transaction before is waited for. */
const PENDING_TRIES = 1200;
const PENDING_MS = 50;
const SEQUENCES = 2 ** 31;

/**
 * One writer of one topic. The group's offsets are committed within the transactions, so that records and
 * positions are both there or both not. A later claim of the same id ends what an earlier run had open and
 * fences it off. Every method throws LedgerstoneError; after a retriable one only `claim` may follow.
 */
export class TransactionalProducer {
  readonly #options: ProducerOptions;
  readonly #client: Client;
  readonly #kafkajs: Kafkajs;
  readonly #cluster: KafkajsCluster;
  readonly #transactions: Access;
  readonly #group: Access;
  readonly #reader: KafkaReader;
  #identity: ProducerIdentity | null = null;
  readonly #sequences = new Map<number, number>();
  /** The brokers gave records their own time instead of the records'. */
  appendTime = false;

  private constructor(options: ProducerOptions, client: Client, kafkajs: Kafkajs, cluster: KafkajsCluster) {
    this.#options = options;
    this.#client = client;
    this.#kafkajs = kafkajs;
    this.#cluster = cluster;
    this.#transactions = new Access(cluster, options.id, COORDINATOR.transaction);
    this.#group = new Access(cluster, options.id);
    this.#reader = new KafkaReader(kafkajs, cluster, client);
  }

  static async open(options: ProducerOptions): Promise<TransactionalProducer> {
    const { topic, id, ...connection } = options;
    const client = new Client({ ...connection, groupId: id, topics: [{ name: topic }], recordBytesMax: 1 });
    try {
      const kafkajs = await client.kafkajs();
      const cluster = await client.openCluster(RETRY, { onMetadata: () => {} }, null);
      const producer = new TransactionalProducer(options, client, kafkajs, cluster);
      await producer.#guarded('connect to Kafka', () => producer.#reader.open([topic]));
      producer.#requireApis();
      return producer;
    } catch (error) {
      client.cut();
      throw error;
    }
  }

  #requireApis(): void {
    for (const broker of Object.values(this.#cluster.brokerPool.brokers)) {
      const old = NEEDED_APIS.some(({ apiKey, version }) => newestVersion(broker, apiKey) < version);
      if (broker.versions !== null && old)
        throw new LedgerstoneError(
          'kafka-too-old',
          `broker ${broker.nodeId} can't fence off an older writer`,
          {
            remedy: 'Use Kafka 2.5 or later.',
          },
        );
    }
  }

  /** Throws `replay-no-topic` if there is none. */
  async target(): Promise<TargetTopic> {
    const { topic } = this.#options;
    const { partitions, topicId } = await this.#guarded(`look at ${topic}`, async () => {
      await this.#cluster.addMultipleTargetTopics([topic]);
      await this.#cluster.refreshMetadata();
      const found = this.#cluster.brokerPool.metadata?.topicMetadata.find((one) => one.topic === topic);
      const ids = found?.partitionMetadata.map(({ partitionId }) => partitionId) ?? [];
      return { partitions: ids.sort((a, b) => a - b), topicId: found?.topicId ?? null };
    });
    if (partitions.length > 0) return { partitions, topicId };
    throw new LedgerstoneError('replay-no-topic', `there is no topic ${topic} for this principal`, {
      disposition: 'input',
      remedy:
        'Create it with the partitions that you want, or grant DESCRIBE on it. It is never made by itself.',
    });
  }

  /** Where its log ends, records of open transactions included. 0: nothing was ever written. */
  async endOf(partition: number): Promise<number> {
    return (await this.#reader.logRange({ topic: this.#options.topic, partition })).high;
  }

  /** How the topic is set up. Null: this principal may not know, or no broker answered. */
  async settings(names: readonly string[]): Promise<ReadonlyMap<string, string | null> | null> {
    const { topic } = this.#options;
    const asked = topicSettings(this.#cluster, await this.#client.logger(), [topic], names);
    return (await asked.catch(() => null))?.get(topic) ?? null;
  }

  /** Takes over from whoever wrote before under this id: his open transaction is aborted. */
  async claim(): Promise<void> {
    const what = 'begin to write';
    const { identity } = await this.#ask(what, this.#transactions, () =>
      initProducerId(this.#options.id, this.#identity),
    );
    this.#identity = identity;
    this.#sequences.clear();
  }

  /** What was committed, once no transaction can change it any more. Null: nothing. */
  async positions(partitions: readonly number[]): Promise<ReadonlyMap<number, WrittenPosition | null>> {
    const { id, topic } = this.#options;
    const what = 'read how far the topic was written';
    const asked = () => fetchOffsets(id, topic, partitions);
    const { offsets } = await this.#ask(what, this.#group, asked, (answer) =>
      answer.errorCode !== 0
        ? answer.errorCode
        : (answer.offsets.find((one) => one.errorCode !== 0)?.errorCode ?? 0),
    );
    const known = new Map(offsets.map((one) => [one.partition, one]));
    return new Map(
      partitions.map((partition) => {
        const found = known.get(partition);
        if (found === undefined) throw unavailable(`the brokers say nothing of ${topic}/${partition}`);
        const { offset, metadata } = found;
        return [partition, offset < 0n ? null : { nextOffset: Number(offset), metadata }] as const;
      }),
    );
  }

  /** One transaction. Resolves when it is committed. */
  async write({ partition, batches, positions }: Transaction): Promise<void> {
    const identity = this.#owned();
    const { id, topic } = this.#options;
    const coordinated = (what: string, call: () => ApiCall<{ readonly errorCode: number }>) =>
      this.#ask(what, this.#transactions, call);
    try {
      if (batches.length > 0)
        await coordinated('begin a transaction', () => addPartition(id, identity, topic, partition));
      for (const batch of batches) await this.#send(identity, partition, batch);
      await coordinated('begin a transaction', () => addOffsets(id, identity, id));
      const offsets = [...positions].map(([one, { nextOffset, metadata }]) => ({
        ...{ topic, partition: one, offset: nextOffset, metadata },
      }));
      await this.#ask('commit how far was written', this.#group, () =>
        commitOffsets(id, identity, id, offsets),
      );
    } catch (error) {
      await this.abort();
      throw error;
    }
    await coordinated('commit a transaction', () => endTransaction(id, identity, true));
  }

  /** So that no reader waits for what is open. If it fails, the coordinator does it after a minute. */
  async abort(): Promise<void> {
    const identity = this.#identity;
    if (identity === null) return;
    const call = () => endTransaction(this.#options.id, identity, false);
    await this.#ask('abort a transaction', this.#transactions, call).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect().catch(() => {});
    this.#client.cut();
  }

  #owned(): ProducerIdentity {
    if (this.#identity === null)
      throw new LedgerstoneError('assertion', 'a producer claims before it writes');
    return this.#identity;
  }

  async #send(
    identity: ProducerIdentity,
    partition: number,
    records: readonly RecordToSend[],
  ): Promise<void> {
    const { id, topic, codec } = this.#options;
    const what = `write to ${topic}/${partition}`;
    const sequence = this.#sequences.get(partition) ?? 0;
    const call = produceBatch(id, topic, partition, encodeBatch(records, { ...identity, sequence }, codec));
    const answer = await this.#guarded(what, async () => {
      // Not tried again here: only a new claim tells what became of a batch whose answer was lost.
      const { topic: found } = await this.#group.topic(topic, false);
      const leader =
        found.partitionMetadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
      if (leader < 0) throw unavailable(`${topic}/${partition} has no leader`);
      return this.#exchange(await this.#cluster.findBroker({ nodeId: leader }), call);
    });
    if (answer.errorCode !== 0) {
      await this.#cluster.refreshMetadata().catch(() => {});
      throw answerError(what, answer.errorCode, answer.message);
    }
    if (answer.appendTimeMs >= 0n) this.appendTime = true;
    this.#sequences.set(partition, (sequence + records.length) % SEQUENCES);
  }

  /**
   * Asks a coordinator, again and again while it is busy with the transaction before. Throws its other
   * errors.
   */
  async #ask<T extends { readonly errorCode: number }>(
    what: string,
    access: Access,
    call: () => ApiCall<T>,
    codeOf: (answer: T) => number = ({ errorCode }) => errorCode,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#guarded(what, () =>
        access.onCoordinator((broker) => this.#coordinated(broker, call(), codeOf)),
      );
      const code = codeOf(answer);
      if (code === 0) return answer;
      const isPending = code === CONCURRENT_TRANSACTIONS || code === UNSTABLE_OFFSET_COMMIT;
      if (!isPending || tries >= PENDING_TRIES) throw answerError(what, code);
      await sleep(PENDING_MS);
    }
  }

  /** Another broker coordinates by now: thrown, so that it is looked for. */
  async #coordinated<T>(broker: KafkajsBroker, call: ApiCall<T>, codeOf: (answer: T) => number): Promise<T> {
    const answer = await this.#exchange(broker, call);
    if (MOVED.has(codeOf(answer)))
      throw unavailable(`broker ${broker.nodeId} does not coordinate this any more`);
    return answer;
  }

  #exchange<T>(
    broker: KafkajsBroker,
    { api, body, decode }: ApiCall<T>,
  ): Promise<T & { readonly throttleMs: number }> {
    return sendRequest(this.#kafkajs, broker, {
      api,
      body,
      decode,
      throttleMs: ({ throttleMs }) => throttleMs,
    });
  }

  async #guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code, message, disposition, remedy, cause } = kafkaError(what, error);
      const isDenied = code === 'kafka-not-permitted';
      const advice = isDenied ? WRITE_REMEDY : remedy?.replaceAll('source.', '');
      throw new LedgerstoneError(code, message, { disposition, cause, ...(advice && { remedy: advice }) });
    }
  }
}

/** COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR. */
const MOVED: ReadonlySet<number> = new Set([15, 16]);
