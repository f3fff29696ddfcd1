// How are kafkajs's connections used with requests of our own, where kafkajs's requests lose data?

import {
  decodeFetch,
  encodeFetch,
  FETCH_API_KEY,
  type FetchAnswer,
  type FetchPartition,
  type FetchSettings,
  fetchVersion,
} from '../protocol/fetch-api.ts';
import {
  type ClusterMetadata,
  decodeMetadata,
  encodeMetadata,
  METADATA_API_KEY,
  METADATA_WITH_IDS,
  type TopicMetadata,
} from '../protocol/metadata-api.ts';
import { type Address, parseAddress } from './connect.ts';
import { mendConnection } from './connection.ts';
import { done } from './frames.ts';
import {
  changed,
  type JoinedGroup,
  type Kafkajs,
  type KafkajsBroker,
  type KafkajsCluster,
  type KafkajsClusterOptions,
  type KafkajsFetchTopic,
  type KafkajsPoolBuilder,
  type KafkajsRequest,
  needs,
} from './kafkajs.ts';
import { joinAgain } from './loops.ts';
import { checkWhenSomethingWaits } from './pending-timer.ts';

export type ClusterHooks = {
  /** Every answer to a metadata request, before kafkajs uses it. */
  onMetadata(metadata: ClusterMetadata): void;
  /** Replaces kafkajs's fetch of one broker. Absent: kafkajs must not fetch by this cluster. */
  fetch?(broker: KafkajsBroker, topics: readonly KafkajsFetchTopic[]): Promise<void>;
  /** A request to join is about to be sent: it gives up the current assignment. */
  onJoining?(): void;
  /** Replaces kafkajs's heartbeat. `send` sends it to a broker. May throw the group's answer. */
  heartbeat?(
    coordinator: KafkajsBroker,
    request: { readonly groupGenerationId: number },
    send: (to: KafkajsBroker) => Promise<unknown>,
  ): void;
  onJoined?(member: JoinedGroup): void;
};

/**
 * A kafkajs cluster whose brokers answer by our own code where it matters. Nothing global is touched: another
 * kafkajs client in this process stays as it is. Throws LedgerstoneError `kafkajs-changed` where a part to be
 * wrapped is missing.
 */
export function openCluster(
  kafkajs: Kafkajs,
  options: KafkajsClusterOptions,
  hooks: ClusterHooks,
): KafkajsCluster {
  const cluster = new kafkajs.Cluster(options);
  const { brokerPool, connectionPoolBuilder } = cluster;
  needs(cluster, 'Cluster', [
    ...['refreshMetadata', 'refreshMetadataIfNecessary', 'findBroker', 'findTopicPartitionMetadata'],
  ]);
  needs(brokerPool, 'BrokerPool', ['createBroker']);
  needs(connectionPoolBuilder, 'connectionPoolBuilder', ['build']);
  if (brokerPool.connectionPoolBuilder !== connectionPoolBuilder)
    throw changed('its BrokerPool builds its own connections');
  wrapBuilder(connectionPoolBuilder, options.brokers.map(parseAddress));
  wrapRefresh(cluster);
  const create = brokerPool.createBroker;
  brokerPool.createBroker = (brokerOptions) => {
    const broker = create(brokerOptions);
    needs(broker, 'Broker', ['metadata', 'fetch', 'heartbeat', 'joinGroup', 'syncGroup', 'lookupRequest']);
    const { joinGroup: join, syncGroup: sync, heartbeat: beat } = broker;
    broker.metadata = async (topics = []) => {
      const metadata = tolerant(
        await withinMetadataTime(broker, requestMetadata(kafkajs, broker, topics)),
        topics,
      );
      hooks.onMetadata(metadata);
      return metadata;
    };
    broker.fetch = async ({ topics }) => {
      await hooks.fetch?.(broker, topics);
      return { responses: [] };
    };
    broker.joinGroup = async (request) => {
      hooks.onJoining?.();
      const member = await joinAgain(() => join.call(broker, request));
      hooks.onJoined?.(member);
      return member;
    };
    broker.syncGroup = (request) => joinAgain(() => sync.call(broker, request));
    broker.heartbeat = async (request) => {
      if (hooks.heartbeat === undefined) return beat.call(broker, request);
      return hooks.heartbeat(broker, request, (to) => beat.call(to, request));
    };
    return broker;
  };
  return cluster;
}

function wrapBuilder(builder: KafkajsPoolBuilder, seeds: readonly Address[]): void {
  const build = builder.build;
  let turn = 0;
  builder.build = async (destination) => {
    const seed = seeds[turn++ % seeds.length] as Address;
    const pool = await build(destination?.host === undefined ? { ...seed } : destination);
    needs(pool, 'ConnectionPool', ['send']);
    for (const connection of pool.pool) {
      const { requestQueue } = connection;
      needs(requestQueue, 'RequestQueue', ['scheduleCheckPendingRequests', 'checkPendingRequests']);
      requestQueue.scheduleCheckPendingRequests = checkWhenSomethingWaits;
      mendConnection(connection);
    }
    return pool;
  };
}

const METADATA_TRIES = 3;

/** kafkajs asks any one connected broker, and gives up when that one is frozen. */
function wrapRefresh(cluster: KafkajsCluster): void {
  const refresh = cluster.refreshMetadata.bind(cluster);
  cluster.refreshMetadata = async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await refresh();
      } catch (error) {
        if (tries >= METADATA_TRIES) throw error;
      }
    }
  };
}

/**
 * The newest version of an API that this broker speaks; −1 before it is connected, or when it does not know
 * the API.
 */
export const newestVersion = (broker: KafkajsBroker, apiKey: number): number =>
  broker.versions?.[apiKey]?.maxVersion ?? -1;

/** A frozen broker keeps its connections: a request to it must not hold up the next one. */
const METADATA_TIMEOUT_MS = 3_000;

function withinMetadataTime<T>(broker: KafkajsBroker, asked: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const late = new Error(`broker ${broker.nodeId ?? '?'} did not answer within ${METADATA_TIMEOUT_MS} ms`);
    // kafkajs decides by this what it may retry.
    reject(Object.assign(late, { retriable: true }));
  }, METADATA_TIMEOUT_MS);
  return Promise.race([asked, promise]).finally(() => clearTimeout(timer));
}

/** Names of all topics that this broker shows to our principal. */
export async function topicsOf(kafkajs: Kafkajs, broker: KafkajsBroker): Promise<readonly string[]> {
  const { topicMetadata } = await withinMetadataTime(broker, requestMetadata(kafkajs, broker, 'all'));
  return topicMetadata.map(({ topic }) => topic);
}

async function requestMetadata(
  kafkajs: Kafkajs,
  broker: KafkajsBroker,
  topics: readonly string[] | 'all',
): Promise<ClusterMetadata> {
  if (newestVersion(broker, METADATA_API_KEY) >= METADATA_WITH_IDS) {
    return sendRequest(kafkajs, broker, {
      api: { apiKey: METADATA_API_KEY, apiVersion: METADATA_WITH_IDS, apiName: 'Metadata' },
      body: encodeMetadata(topics),
      decode: decodeMetadata,
      throttleMs: (metadata) => metadata.clientSideThrottleTime,
    });
  }
  const lookup = broker.lookupRequest(METADATA_API_KEY, kafkajs.requests.Metadata);
  // kafkajs writes an empty list as none, which asks for all.
  const request = lookup({ topics: topics === 'all' ? [] : topics, allowAutoTopicCreation: false });
  const parse = async (metadata: ClusterMetadata): Promise<ClusterMetadata> => metadata;
  const response: KafkajsRequest['response'] = { decode: request.response.decode, parse };
  return broker.connectionPool.send({ ...request, response }) as Promise<ClusterMetadata>;
}

/**
 * kafkajs throws the whole answer away when one topic is missing or one partition has no leader, and then
 * reads nothing at all. Here such a topic has no partitions, and such a partition no leader.
 */
function tolerant(metadata: ClusterMetadata, topics: readonly string[]): ClusterMetadata {
  const known = new Set(metadata.topicMetadata.map(({ topic }) => topic));
  const answered = metadata.topicMetadata.map((topic) =>
    topic.topicErrorCode === 0 ? topic : { ...topic, topicId: null, partitionMetadata: [] },
  );
  const missing = topics
    .filter((topic) => !known.has(topic))
    .map(
      (topic): TopicMetadata => ({
        topicErrorCode: 3,
        topic,
        topicId: null,
        isInternal: false,
        partitionMetadata: [],
      }),
    );
  return { ...metadata, topicMetadata: [...answered, ...missing] };
}

export const fetchFrom = (
  kafkajs: Kafkajs,
  broker: KafkajsBroker,
  partitions: readonly FetchPartition[],
  settings: FetchSettings,
): Promise<FetchAnswer> => {
  const apiVersion = fetchVersion(partitions, newestVersion(broker, FETCH_API_KEY));
  return sendRequest(kafkajs, broker, {
    api: { apiKey: FETCH_API_KEY, apiVersion, apiName: 'Fetch' },
    body: encodeFetch(apiVersion, partitions, settings),
    decode: (raw) => ({ ...decodeFetch(apiVersion, raw, partitions), done: () => done(raw) }),
    throttleMs: (answer) => answer.throttleMs,
    // kafkajs takes the greater of this and its own request timeout.
    requestTimeout: settings.waitMsMax + 100,
  });
};

export type Exchange<T> = {
  readonly api: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string };
  readonly body: Uint8Array;
  readonly decode: (raw: Uint8Array) => T;
  readonly throttleMs: (answer: T) => number;
  readonly requestTimeout?: number;
};

/** Sends a request of our own by a connection of kafkajs. */
export async function sendRequest<T>(
  kafkajs: Kafkajs,
  broker: KafkajsBroker,
  exchange: Exchange<T>,
): Promise<T> {
  const { api, body, decode, throttleMs, requestTimeout } = exchange;
  const payload = new kafkajs.Encoder();
  payload.writeBufferInternal(Buffer.from(body.buffer, body.byteOffset, body.length));
  const answer = await broker.connectionPool.send({
    request: { ...api, encode: async () => payload },
    response: {
      decode: async (raw) => {
        const value = decode(raw);
        // kafkajs waits this long before the next request (KIP-219).
        return { value, clientSideThrottleTime: throttleMs(value) };
      },
      parse: async ({ value }: { value: T }) => value,
    },
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
  });
  return answer as T;
}
