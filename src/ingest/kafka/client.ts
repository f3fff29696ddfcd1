// What do the group's connections and the reader's have in common?

import { LeaderEpochs } from './group/epochs.ts';
import { type ClusterHooks, openCluster } from './kafkajs/cluster.ts';
import { Sockets, saslFor, type TlsMaterial, tlsMaterial } from './kafkajs/connect.ts';
import { type Kafkajs, type KafkajsCluster, type KafkajsLogger, loadKafkajs } from './kafkajs/kafkajs.ts';
import { KAFKAJS_INFO, redactor, routeLogs } from './kafkajs/log.ts';
import { KAFKA_TUNING, type KafkaSourceOptions, type KafkaTuning } from './options.ts';
import type { DecodeLimits } from './protocol/record-set.ts';
import { KafkaReader } from './reader.ts';

const READ_COMMITTED = 1;
/** Its callers retry themselves and need an early answer. */
const READER_RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };

export class Client {
  readonly options: KafkaSourceOptions;
  readonly tuning: KafkaTuning;
  readonly limits: DecodeLimits;
  #topics: readonly string[];
  /** By all connections of this client together. */
  readonly epochs = new LeaderEpochs();
  readonly #sockets = new Sockets();
  #loaded: Promise<{ kafkajs: Kafkajs; logger: KafkajsLogger; ssl: TlsMaterial | undefined }> | null = null;

  constructor(options: KafkaSourceOptions) {
    this.options = options;
    this.tuning = { ...KAFKA_TUNING, ...options.tuning };
    this.limits = { recordBytesMax: options.recordBytesMax, checkCrc: this.tuning.checkCrc };
    this.#topics = options.topics.map(({ name }) => name);
  }

  /** Those that are named, then those that were taken, in the order in which they were found. */
  get topics(): readonly string[] {
    return this.#topics;
  }

  /** Those that were not among `topics` yet. */
  take(topics: readonly string[]): readonly string[] {
    const fresh = topics.filter((topic) => !this.#topics.includes(topic));
    if (fresh.length > 0) this.#topics = [...this.#topics, ...fresh];
    return fresh;
  }

  async kafkajs(): Promise<Kafkajs> {
    return (await this.#load()).kafkajs;
  }

  #load() {
    this.#loaded ??= (async () => {
      const kafkajs = loadKafkajs();
      const { log, sasl, tls } = this.options;
      if (sasl?.mechanism === 'plain' && tls === false)
        log.warn({}, 'SASL PLAIN without TLS sends the password readable');
      const logCreator = routeLogs(log, redactor(sasl));
      const logger = kafkajs.createLogger({ level: KAFKAJS_INFO, logCreator });
      return { kafkajs, logger, ssl: await tlsMaterial(tls) };
    })();
    return this.#loaded;
  }

  async openReader(): Promise<KafkaReader> {
    const kafkajs = await this.kafkajs();
    const cluster = await this.openCluster(READER_RETRY, { onMetadata: () => {} }, null);
    const reader = new KafkaReader(kafkajs, cluster, this);
    try {
      await reader.open(this.topics);
    } catch (error) {
      await reader.close().catch(() => {});
      throw error;
    }
    return reader;
  }

  async openCluster(retry: object, hooks: ClusterHooks, emitter: object | null): Promise<KafkajsCluster> {
    const { kafkajs, logger, ssl } = await this.#load();
    const { options, tuning } = this;
    return openCluster(
      kafkajs,
      {
        logger,
        socketFactory: this.#sockets.factory,
        brokers: options.brokers,
        ssl,
        sasl: saslFor(options.sasl),
        clientId: options.clientId,
        connectionTimeout: tuning.connectionTimeoutMs,
        authenticationTimeout: tuning.requestTimeoutMs,
        reauthenticationThreshold: tuning.requestTimeoutMs,
        requestTimeout: tuning.requestTimeoutMs,
        enforceRequestTimeout: true,
        metadataMaxAge: tuning.metadataAgeMsMax,
        retry,
        allowAutoTopicCreation: false,
        maxInFlightRequests: null,
        isolationLevel: READ_COMMITTED,
        instrumentationEmitter: emitter,
      },
      {
        ...hooks,
        onMetadata: (metadata) => {
          this.epochs.observe(metadata);
          hooks.onMetadata(metadata);
        },
      },
    );
  }

  async logger(): Promise<KafkajsLogger> {
    return (await this.#load()).logger;
  }

  /** Closes every connection now and allows no new one. */
  cut(error?: Error): void {
    this.#sockets.destroy(error);
  }
}
