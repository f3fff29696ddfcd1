// How do the contract tests of the Kafka source write to a real cluster, and start members on it?
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { type Decoder, inlineDecoder } from '../../src/ingest/kafka/decoder.ts';
import type { KafkaSourceOptions, KafkaTuning } from '../../src/ingest/kafka/options.ts';
import { ByteReader, ByteWriter } from '../../src/ingest/kafka/protocol/wire.ts';
import { kafkaSource } from '../../src/ingest/kafka/source.ts';
import type { Fetched, Source } from '../../src/ingest/source.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { SourceRecorder } from '../support/source-recorder.ts';
import { type BatchToWrite, batchBytes } from '../unit/ingest/kafka/protocol/encode.ts';
import { xerial } from '../unit/ingest/kafka/protocol/snappy-encode.ts';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs;
const require = createRequire(import.meta.url);

type Encoded = { readonly buffer: Buffer };
const codec =
  (compress: (bytes: Buffer) => Promise<Uint8Array>, decompress: (bytes: Buffer) => Promise<Buffer>) =>
  () => ({
    compress: (encoder: Encoded) => compress(encoder.buffer),
    decompress,
  });
const compressZstd = promisify(zstdCompress);
CompressionCodecs[CompressionTypes.ZSTD] = codec((bytes) => compressZstd(bytes), promisify(zstdDecompress));
CompressionCodecs[CompressionTypes.LZ4] = codec((bytes) => compressFrame(bytes), decompressFrame);
CompressionCodecs[CompressionTypes.Snappy] = codec(
  async (bytes) => xerial(bytes),
  async () => Promise.reject(new Error('tests read through the source only')),
);

export const COMPRESSION = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

/** kafkajs's loop of timers (#1751) makes Node warn; this process's clients do without it. */
const { prototype: queue } = require('kafkajs/src/network/requestQueue') as {
  prototype: { scheduleCheckPendingRequests(): void; pending?: unknown[]; throttledUntil?: number };
};
const schedule = queue.scheduleCheckPendingRequests;
queue.scheduleCheckPendingRequests = function (this: { pending: unknown[]; throttledUntil: number }) {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};

export const unique = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`;

/** A cluster that one test file writes to; `close` takes along what it made. */
export class KafkaWorld {
  readonly brokers: string[];
  readonly #client: InstanceType<typeof Kafka>;
  readonly #topics = new Set<string>();
  readonly #sources: Source[] = [];
  /** What all its sources warned of. */
  readonly warnings: string[] = [];
  #admin: ReturnType<InstanceType<typeof Kafka>['admin']> | null = null;
  #producer: ReturnType<InstanceType<typeof Kafka>['producer']> | null = null;

  constructor(brokers: readonly string[]) {
    this.brokers = [...brokers];
    this.#client = new Kafka({
      clientId: 'test',
      brokers: this.brokers,
      logLevel: logLevel.NOTHING,
      retry: { retries: 20 },
    });
  }

  async admin() {
    if (this.#admin === null) {
      this.#admin = this.#client.admin();
      await this.#admin.connect();
    }
    return this.#admin;
  }

  async producer() {
    if (this.#producer === null) {
      this.#producer = this.#client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await this.#producer.connect();
    }
    return this.#producer;
  }

  /** kafkajs's producer learns of new partitions after minutes. */
  async addPartitions(topic: string, count: number): Promise<void> {
    await (await this.admin()).createPartitions({ topicPartitions: [{ topic, count }] });
    await this.#producer?.disconnect();
    this.#producer = null;
  }

  async topic(options: TopicOptions = {}): Promise<string> {
    const { name = unique('topic'), partitions = 1, replicas = 1, config = {}, replicaAssignment } = options;
    const admin = await this.admin();
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    const shape =
      replicaAssignment === undefined
        ? { numPartitions: partitions, replicationFactor: replicas }
        : { replicaAssignment: [...replicaAssignment] };
    const topic = { topic: name, configEntries, ...shape };
    this.#topics.add(name);
    await this.eventually('a topic', async () => {
      if (!(await admin.listTopics()).includes(name))
        await admin.createTopics({ waitForLeaders: true, topics: [topic] });
      const metadata = await admin.fetchTopicMetadata({ topics: [name] });
      return metadata.topics[0]?.partitions.length === partitions && (await this.stableOffset(name)) === 0;
    });
    return name;
  }

  /** Values of partition 0. */
  async send(
    topic: string,
    values: readonly string[],
    compression: number = COMPRESSION.none,
    partition = 0,
  ): Promise<void> {
    const messages = values.map((value) => ({ partition, value }));
    await (await this.producer()).send({ topic, messages, compression, acks: -1 });
  }

  /** A transaction of its own producer. */
  async transaction(topic: string, messages: readonly { key?: Buffer; value: string }[]) {
    const producer = this.#client.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: unique('transaction'),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const open = await producer.transaction();
    const send = (more: typeof messages) =>
      open.send({ topic, messages: more.map((message) => ({ ...message, partition: 0 })) });
    if (messages.length > 0) await send(messages);
    const end = async (how: 'commit' | 'abort') => {
      const before = await this.stableOffset(topic);
      await open[how]();
      await producer.disconnect();
      // The coordinator answers before the marker is in the log.
      await this.eventually('the marker', async () => (await this.stableOffset(topic)) > before);
    };
    return { send, commit: () => end('commit'), abort: () => end('abort') };
  }

  /** How many replicas of partition 0 are in sync. */
  async inSync(topic: string): Promise<number> {
    const { topics } = await (await this.admin()).fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions[0]?.isr.length ?? 0;
  }

  /** Where partition 0's records end that no open transaction holds back. */
  async stableOffset(topic: string): Promise<number> {
    const offsets = await (await this.admin()).fetchTopicOffsets(topic);
    return Number(offsets.find(({ partition }) => partition === 0)?.high);
  }

  async expire(topic: string, low: number): Promise<void> {
    const admin = await this.admin();
    await this.eventually('records deleted', async () => {
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(low) }] });
      return true;
    });
  }

  /** Brokers learn of new topics and leaders one after the other, so what fails at first is tried again. */
  async eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    let last: unknown;
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(50)) {
      try {
        if (await holds()) return;
      } catch (error) {
        last = error;
      }
    }
    throw new Error(`waited in vain for ${what}`, { cause: last });
  }

  /** A batch as it is, which no producer of kafkajs could write. Fails with the broker's error code. */
  async sendBatch(topic: string, batch: BatchToWrite): Promise<void> {
    await this.sendBytes(topic, batchBytes(batch));
  }

  async sendBytes(topic: string, bytes: Uint8Array): Promise<void> {
    const Cluster = require('kafkajs/src/cluster') as new (options: object) => RawCluster;
    const Encoder = require('kafkajs/src/protocol/encoder') as new () => {
      writeBufferInternal(bytes: Buffer): void;
    };
    const cluster = new Cluster({
      logger: this.#client.logger(),
      socketFactory: (require('kafkajs/src/network/socketFactory') as () => unknown)(),
      brokers: this.brokers,
      clientId: 'raw',
      connectionTimeout: 5_000,
      retry: {},
    });
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    const leader = cluster.findTopicPartitionMetadata(topic)[0]?.leader as number;
    const out = new ByteWriter().int16(-1).int16(-1).int32(5_000);
    out.array([topic], (name) =>
      out.string(name).array([0], (index) => out.int32(index).int32(bytes.length).raw(bytes)),
    );
    const payload = new Encoder();
    payload.writeBufferInternal(Buffer.from(out.bytes()));
    const code = await (await cluster.findBroker({ nodeId: leader })).connectionPool.send({
      request: { apiKey: 0, apiVersion: 7, apiName: 'Produce', encode: async () => payload },
      response: { decode: async (raw: Buffer) => produceError(raw), parse: async (value: number) => value },
    });
    await cluster.disconnect();
    if (code !== 0) throw new Error(`the broker refused the batch with code ${code}`);
  }

  source(
    topics: readonly string[],
    groupId: string,
    tuning: Partial<KafkaTuning> = {},
    recordBytesMax = 10 * 1024 * 1024,
    archive = 'contract.example.com/test',
    decoder: Decoder = inlineDecoder,
    takes?: KafkaSourceOptions['takes'],
  ): Source {
    const source = kafkaSource({
      brokers: this.brokers,
      clientId: unique('member'),
      groupId,
      archive,
      tls: false,
      topics: topics.map((name) => ({ name })),
      ...(takes && { takes }),
      ...{ recordBytesMax, decoder },
      log: { debug() {}, info() {}, warn: (_, message) => this.warnings.push(message), error() {} },
      tuning: { metadataAgeMsMax: 1_000, topicsMs: 500, ...tuning },
    });
    this.#sources.push(source);
    return source;
  }

  /** A started member that reads everything that it is given, from offset 0 unless told otherwise. */
  async reader(topics: readonly string[], options: ReaderOptions = {}) {
    const { groupId = unique('group'), tuning = {}, recordBytesMax, from = () => 0 } = options;
    const { onFetched = () => {}, ready, takes } = options;
    const source = this.source(topics, groupId, tuning, recordBytesMax, undefined, undefined, takes);
    const recorder = new SourceRecorder((event) => {
      if (event.kind === 'fetched') onFetched(event.fetched);
      if (event.kind !== 'assign') return;
      for (const one of event.owned) {
        source.seek(one, from(one.topic, one.partition));
        source.resume(one);
      }
    });
    await source.start(ready === undefined ? recorder : Object.assign(recorder, { ready }));
    return { source, recorder };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
    await this.#producer?.disconnect();
    if (this.#admin !== null) {
      const existing = await this.#admin.listTopics();
      const made = existing.filter((topic) => this.#topics.has(topic));
      if (made.length > 0) await this.#admin.deleteTopics({ topics: made });
      await this.#admin.disconnect();
    }
  }
}

type TopicOptions = {
  readonly name?: string;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
  /** Instead of numbers: which brokers hold which partition. */
  readonly replicaAssignment?: readonly { partition: number; replicas: number[] }[];
};

export type ReaderOptions = {
  readonly groupId?: string;
  readonly tuning?: Partial<KafkaTuning>;
  readonly recordBytesMax?: number;
  readonly takes?: KafkaSourceOptions['takes'];
  readonly from?: (topic: string, partition: number) => number;
  readonly onFetched?: (fetched: Fetched) => void;
  readonly ready?: () => Promise<void>;
};

type RawCluster = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): { leader: number }[];
  findBroker(target: {
    nodeId: number;
  }): Promise<{ connectionPool: { send(request: object): Promise<number> } }>;
};

/** The first partition's error in a Produce answer of version 7. */
function produceError(raw: Buffer): number {
  const reader = new ByteReader(raw);
  return (
    reader.array(() => {
      reader.string();
      return reader.array(() => {
        reader.int32();
        const code = reader.int16();
        for (let i = 0; i < 3; i++) reader.int64();
        return code;
      });
    })[0]?.[0] ?? -1
  );
}
