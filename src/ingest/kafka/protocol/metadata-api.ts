// Which brokers, topics, ids and leaders does the cluster have? (Kafka protocol: Metadata, version 12)
import { topicIdText } from './fetch-api.ts';
import { ByteReader, ByteWriter } from './wire.ts';

export const METADATA_API_KEY = 3;
/** The oldest version with ids of topics in a usable form: Kafka 3.1 and later. */
export const METADATA_WITH_IDS = 12;

/** In the shape of kafkajs's own metadata, which lives on this answer; what we add is marked. */
export type ClusterMetadata = {
  readonly clientSideThrottleTime: number;
  readonly brokers: readonly { nodeId: number; host: string; port: number; rack: string | null }[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topicMetadata: readonly TopicMetadata[];
};

export type TopicMetadata = {
  readonly topicErrorCode: number;
  readonly topic: string;
  /** Ours: null where the broker can't say. */
  readonly topicId?: string | null;
  readonly isInternal: boolean;
  readonly partitionMetadata: readonly PartitionMetadata[];
};

export type PartitionMetadata = {
  readonly partitionErrorCode: number;
  readonly partitionId: number;
  readonly leader: number;
  /** Ours. */
  readonly leaderEpoch?: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
};

const NO_TOPIC_ID = 'A'.repeat(22);

export function encodeMetadata(topics: readonly string[] | 'all'): Uint8Array {
  const out = new ByteWriter();
  // Tagged fields of the request's header, which kafkajs doesn't write.
  out.uvarint(0);
  if (topics === 'all') out.uvarint(0);
  else out.compactArray(topics, (topic) => out.raw(new Uint8Array(16)).compactString(topic).uvarint(0));
  // Never creates a topic, and asks for no list of permitted operations.
  return out.int8(0).int8(0).uvarint(0).bytes();
}

/** Throws FormatError. */
export function decodeMetadata(bytes: Uint8Array): ClusterMetadata {
  const reader = new ByteReader(bytes);
  reader.skipTags();
  const clientSideThrottleTime = reader.int32();
  const brokers = reader.compactArray(() => {
    const broker = {
      nodeId: reader.int32(),
      host: reader.compactString() ?? '',
      port: reader.int32(),
      rack: reader.compactString(),
    };
    reader.skipTags();
    return broker;
  });
  const clusterId = reader.compactString();
  const controllerId = reader.int32();
  const topicMetadata = reader.compactArray(() => readTopic(reader));
  reader.skipTags();
  return { clientSideThrottleTime, brokers, clusterId, controllerId, topicMetadata };
}

function readTopic(reader: ByteReader): TopicMetadata {
  const topicErrorCode = reader.int16();
  const topic = reader.compactString() ?? '';
  const id = topicIdText(reader.view(16));
  const isInternal = reader.boolean();
  const partitionMetadata = reader.compactArray(() => readPartition(reader));
  reader.int32();
  reader.skipTags();
  return { topicErrorCode, topic, topicId: id === NO_TOPIC_ID ? null : id, isInternal, partitionMetadata };
}

function readPartition(reader: ByteReader): PartitionMetadata {
  const nodes = () => reader.compactArray(() => reader.int32());
  const partition = {
    partitionErrorCode: reader.int16(),
    partitionId: reader.int32(),
    leader: reader.int32(),
    leaderEpoch: reader.int32(),
    replicas: nodes(),
    isr: nodes(),
    offlineReplicas: nodes(),
  };
  reader.skipTags();
  return partition;
}
