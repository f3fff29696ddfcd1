// Which parts of kafkajs does this room stand on, and are they what it was written for?
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Consumer, ISocketFactory, logCreator, SASLOptions } from 'kafkajs';
import { LedgerstoneError } from '../../../base/error.ts';
import type { ClusterMetadata } from '../protocol/metadata-api.ts';

/**
 * kafkajs keeps the group, the connections, TLS, SASL and the loop that asks each broker again and again.
 * What it would do to records and positions is replaced (broker.ts), by way of parts that are not its public
 * interface. So one version is pinned, and anything that has another shape stops the start.
 */
const KAFKAJS_VERSION = '2.2.4';

/** The part of kafkajs's types that it does not publish and that is used here. */
export type KafkajsRequest = {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<unknown>;
  };
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<unknown>;
    readonly parse: (data: never) => Promise<unknown>;
  };
  readonly requestTimeout?: number;
};

export type KafkajsRequestQueue = {
  pending: { readonly length: number };
  /** By correlation id, which counts upwards. */
  readonly inflight: ReadonlyMap<number, unknown>;
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  /** Takes a whole answer, without its correlation id. */
  fulfillRequest(answer: {
    readonly size: number;
    readonly correlationId: number;
    readonly payload: Buffer;
  }): void;
  scheduleCheckPendingRequests(): void;
};

export type KafkajsConnection = {
  readonly requestQueue: KafkajsRequestQueue;
  readonly socket?: Socket;
  /** What came of the answer that is under way. */
  readonly chunks: readonly Buffer[];
  readonly bytesBuffered: number;
  readonly bytesNeeded: number;
  /** While it authenticates. */
  readonly authHandlers: object | null;
  /** Takes what the socket brought. */
  processData(chunk: Buffer): void;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  send(request: KafkajsRequest): Promise<unknown>;
};

export type KafkajsConnectionPool = {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly KafkajsConnection[];
  send(request: KafkajsRequest): Promise<unknown>;
};

export type KafkajsBroker = {
  readonly nodeId: number | null;
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number }>
  > | null;
  readonly connectionPool: KafkajsConnectionPool;
  readonly allowAutoTopicCreation: boolean;
  lookupRequest(apiKey: number, definition: unknown): (fields: object) => KafkajsRequest;
  connect(): Promise<void>;
  metadata(topics?: readonly string[]): Promise<unknown>;
  fetch(request: {
    readonly topics: readonly KafkajsFetchTopic[];
  }): Promise<{ readonly responses: readonly [] }>;
  heartbeat(request: { readonly groupGenerationId: number }): Promise<unknown>;
  joinGroup(request: object): Promise<JoinedGroup>;
  syncGroup(request: object): Promise<unknown>;
  listOffsets(request: object): Promise<{ responses: KafkajsTopicAnswers<{ offset: string }> }>;
  offsetFetch(
    request: object,
  ): Promise<{ responses: KafkajsTopicAnswers<{ offset: string; metadata: string | null }> }>;
  offsetCommit(request: object): Promise<unknown>;
};

/**
 * `leaderId` is empty in a group of the new protocol (KIP-848): the broker itself gives out the partitions.
 */
export type JoinedGroup = {
  readonly generationId: number;
  readonly memberId: string;
  readonly leaderId: string;
};

export type KafkajsFetchTopic = {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
};

type KafkajsTopicAnswers<T> = readonly {
  readonly topic: string;
  readonly partitions: readonly (T & { readonly partition: number; readonly errorCode: number })[];
}[];

export type KafkajsPoolBuilder = {
  build(destination?: { host?: string; port?: number; rack?: string | null }): Promise<KafkajsConnectionPool>;
};

export type KafkajsCluster = {
  readonly brokerPool: {
    readonly connectionPoolBuilder: KafkajsPoolBuilder;
    readonly metadata: ClusterMetadata | null;
    /** By Date.now(). */
    readonly metadataExpireAt: number | null;
    readonly brokers: Readonly<Record<string, KafkajsBroker>>;
    createBroker(options: object): KafkajsBroker;
  };
  readonly connectionPoolBuilder: KafkajsPoolBuilder;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
  getNodeIds(): readonly string[];
  findBroker(target: { readonly nodeId: number | string }): Promise<KafkajsBroker>;
  /** `coordinatorType` 1: of transactions. */
  findGroupCoordinator(group: {
    readonly groupId: string;
    readonly coordinatorType?: number;
  }): Promise<KafkajsBroker>;
  markOffsetAsCommitted(at: { groupId: string; topic: string; partition: number; offset: string }): void;
};

export type KafkajsLogger = { namespace(name: string): KafkajsLogger };

export type KafkajsClusterOptions = {
  readonly logger: KafkajsLogger;
  readonly socketFactory: ISocketFactory;
  readonly brokers: readonly string[];
  readonly ssl: object | undefined;
  readonly sasl: SASLOptions | undefined;
  readonly clientId: string;
  readonly connectionTimeout: number;
  readonly authenticationTimeout: number;
  readonly reauthenticationThreshold: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly metadataMaxAge: number;
  readonly retry: object;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: null;
  readonly isolationLevel: number;
  readonly instrumentationEmitter: object | null;
};

export type Kafkajs = {
  readonly Cluster: new (options: KafkajsClusterOptions) => KafkajsCluster;
  readonly createConsumer: (options: object) => Consumer;
  readonly InstrumentationEmitter: new () => object;
  readonly createLogger: (options: { level: number; logCreator: logCreator }) => KafkajsLogger;
  readonly Encoder: new () => { writeBufferInternal(bytes: Buffer): void };
  readonly requests: { readonly Metadata: unknown };
};

/** Throws LedgerstoneError `kafkajs-changed`. `load` is how Node finds a module; tests give another one. */
export function loadKafkajs(load: (name: string) => unknown = createRequire(import.meta.url)): Kafkajs {
  const { version } = module<{ version: unknown }>(load, 'kafkajs/package.json');
  if (version !== KAFKAJS_VERSION) throw changed(`kafkajs is ${String(version)}`);
  const part = <T>(name: string, member: string | null): T => {
    const found = module<Record<string, unknown>>(load, `kafkajs/src/${name}`);
    const value = member === null ? found : found[member];
    if (typeof value !== 'function')
      throw changed(`kafkajs/src/${name} has no function${member ? ` ${member}` : ''}`);
    return value as T;
  };
  const requests = module<{ requests?: Kafkajs['requests'] }>(load, 'kafkajs/src/protocol/requests').requests;
  if (requests?.Metadata === undefined) throw changed('kafkajs has no metadata request');
  const Encoder = part<Kafkajs['Encoder'] & { prototype: unknown }>('protocol/encoder', null);
  needs(Encoder.prototype, 'Encoder', ['writeBufferInternal']);
  return {
    Cluster: part('cluster', null),
    createConsumer: part('consumer', null),
    InstrumentationEmitter: part('instrumentation/emitter', null),
    createLogger: part('loggers', 'createLogger'),
    Encoder,
    requests,
  };
}

function module<T>(load: (name: string) => unknown, name: string): T {
  try {
    return load(name) as T;
  } catch (cause) {
    throw changed(`${name} can't be loaded`, cause);
  }
}

/**
 * Throws unless `target` has these methods: a wrap around something that isn't there would not be noticed.
 */
export function needs(target: unknown, name: string, methods: readonly string[]): void {
  for (const method of methods) {
    const found = (target as Record<string, unknown> | null | undefined)?.[method];
    if (typeof found !== 'function') throw changed(`its ${name} has no ${method}`);
  }
}

export const changed = (what: string, cause?: unknown): LedgerstoneError =>
  new LedgerstoneError(
    'kafkajs-changed',
    `${what}; this archiver reads Kafka through kafkajs ${KAFKAJS_VERSION} only`,
    {
      remedy: `Install kafkajs ${KAFKAJS_VERSION} unchanged (npm ci).`,
      cause,
    },
  );
