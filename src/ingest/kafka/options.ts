// What can be said about a Kafka source, and which settings proved best?
import { MIB } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Decoder } from './decoder.ts';

export type TlsOptions = {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
};

export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'aws-msk-iam'; readonly region: string };

export type KafkaSourceOptions = {
  /** Each `host:port` or `[ipv6]:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly groupId: string;
  /** Origin of the archive that is written: only its own archivers get into the group. */
  readonly archive?: string;
  readonly tls: false | TlsOptions;
  readonly sasl?: SaslOptions;
  readonly topics: readonly { readonly name: string; readonly compacted?: 'accept' }[];
  /**
   * Of the other topics that the brokers show, those that are read too, also when they come later. Null: not
   * this one.
   */
  readonly takes?: (topic: string) => { readonly compacted?: 'accept' } | null;
  /** Greatest record that the pipeline takes: its key, headers and value. A larger one is never held. */
  readonly recordBytesMax: number;
  readonly log: Logger;
  /** Of the group's fetches; by default the calling thread, which also decodes what is read again. */
  readonly decoder?: Decoder;
  readonly tuning?: Partial<KafkaTuning>;
};

export type KafkaTuning = {
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /**
   * A frozen broker stalls its partitions until metadata is refreshed, and so long a new partition stays
   * unknown.
   */
  readonly metadataAgeMsMax: number;
  /** How often it is looked for topics that `takes` wants. All topics of the cluster are in each answer. */
  readonly topicsMs: number;
  /**
   * Total retry time must exceed the brokers' fail-over: with 5 retries it took 18 s, with 40 it took 3 to 5.
   */
  readonly retries: number;
  readonly retryMsMax: number;
  readonly heartbeatMs: number;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  /** How long a broker waits for records before it answers that there are none. */
  readonly fetchWaitMsMax: number;
  readonly fetchBytesMax: number;
  /** Larger is slower: 8 MiB blocked the event loop for up to 0.9 s. */
  readonly partitionBytesMax: number;
  readonly checkCrc: boolean;
  /** Without a sign of life from kafkajs, or without an answer for a partition, for so long: fatal. */
  readonly stallMs: number;
  /** More crashes than this within `restartWindowMs` are fatal. */
  readonly restartsMax: number;
  readonly restartWindowMs: number;
  readonly closeMs: number;
};

export const KAFKA_TUNING: KafkaTuning = {
  connectionTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  metadataAgeMsMax: 5_000,
  topicsMs: 20_000,
  retries: 40,
  retryMsMax: 1_000,
  heartbeatMs: 500,
  sessionMs: 10_000,
  rebalanceMs: 15_000,
  fetchWaitMsMax: 250,
  fetchBytesMax: 10 * MIB,
  partitionBytesMax: MIB,
  checkCrc: true,
  stallMs: 120_000,
  restartsMax: 10,
  restartWindowMs: 600_000,
  closeMs: 10_000,
};
