// How are records requested from a broker, and what did it answer? (Kafka protocol: Fetch, versions 11 and
// 13)
import type { AbortedTransaction } from './transactions.ts';
import { ByteReader, ByteWriter } from './wire.ts';

export const FETCH_API_KEY = 1;

/** The newest version by topic name, Kafka 2.3 and later. */
export const FETCH_BY_NAME = 11;
/**
 * By topic id, Kafka 3.1 and later (KIP-516). A topic that was deleted and created again under its name has
 * another id, so the broker refuses what would otherwise silently continue in another log.
 */
const FETCH_BY_ID = 13;

const READ_COMMITTED = 1;

export type FetchPartition = {
  readonly topic: string;
  /** As Kafka writes it: base64url of the 16 bytes. Not null in a request by id. */
  readonly topicId: string | null;
  readonly partition: number;
  readonly offset: number;
  /**
   * The leader epoch of the batch before `offset`, −1 when it is not known. By id only: the broker then says
   * when its log holds something else there, because another leader's log was cut off and written anew
   * (KIP-595).
   */
  readonly lastEpoch: number;
  /**
   * The newest epoch of the partition's leaders that any broker named, −1 when it is not known. By id only: a
   * broker with an older epoch refuses (KIP-320), because it may hold records that the partition's log never
   * had.
   */
  readonly leaderEpoch: number;
};

export type FetchSettings = {
  readonly waitMsMax: number;
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
};

export type FetchedPartition = {
  /** Index of the request's partition. */
  readonly asked: FetchPartition;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Offsets from here on wait for a transaction to end. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Uint8Array;
  /** The log diverged from what we read: they are equal up to here. */
  readonly divergedAt: number | null;
};

export type FetchAnswer = {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
  /** Nobody reads any of its bytes any more: their memory is used again. Need not be called. */
  readonly done?: () => void;
};

type TopicGroup = {
  readonly topic: string;
  readonly topicId: string | null;
  readonly partitions: FetchPartition[];
};

/** Partitions keep the order in which they are given: the broker fills its answer in that order. */
function groupByTopic(partitions: readonly FetchPartition[]): TopicGroup[] {
  const groups: TopicGroup[] = [];
  for (const partition of partitions) {
    const last = groups.at(-1);
    if (last !== undefined && last.topic === partition.topic && last.topicId === partition.topicId) {
      last.partitions.push(partition);
    } else {
      groups.push({ topic: partition.topic, topicId: partition.topicId, partitions: [partition] });
    }
  }
  return groups;
}

export const fetchVersion = (partitions: readonly FetchPartition[], newest: number): number =>
  newest >= FETCH_BY_ID && partitions.every(({ topicId }) => topicId !== null) ? FETCH_BY_ID : FETCH_BY_NAME;

/** The request without the fields that kafkajs writes before it. */
export function encodeFetch(
  version: number,
  partitions: readonly FetchPartition[],
  settings: FetchSettings,
): Uint8Array {
  const flexible = version === FETCH_BY_ID;
  const out = new ByteWriter();
  // Flexible versions end the request's header with tagged fields; kafkajs's header ends before them.
  if (flexible) out.uvarint(0);
  out.int32(-1).int32(settings.waitMsMax).int32(1).int32(settings.bytesMax).int8(READ_COMMITTED);
  // No fetch session: each request names all its partitions.
  out.int32(0).int32(-1);
  const writePartition = ({ partition, offset, lastEpoch, leaderEpoch }: FetchPartition): void => {
    out
      .int32(partition)
      .int32(flexible ? leaderEpoch : -1)
      .int64(offset);
    if (flexible) out.int32(lastEpoch);
    out.int64(-1).int32(settings.partitionBytesMax);
    if (flexible) out.uvarint(0);
  };
  const groups = groupByTopic(partitions);
  if (flexible) {
    out.compactArray(groups, ({ topicId, partitions }) => {
      out
        .raw(topicIdBytes(topicId as string))
        .compactArray(partitions, writePartition)
        .uvarint(0);
    });
    out
      .compactArray([], () => {})
      .compactString('')
      .uvarint(0);
  } else {
    out.array(groups, ({ topic, partitions }) => out.string(topic).array(partitions, writePartition));
    out.array([], () => {}).string('');
  }
  return out.bytes();
}

/** Throws FormatError. Partitions that were not asked for are left out. */
export function decodeFetch(
  version: number,
  bytes: Uint8Array,
  asked: readonly FetchPartition[],
): FetchAnswer {
  const flexible = version === FETCH_BY_ID;
  const reader = new ByteReader(bytes);
  if (flexible) reader.skipTags();
  const throttleMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32();
  const array = <T>(item: () => T): T[] => (flexible ? reader.compactArray(item) : reader.array(item));
  const topics = array(() => {
    const name = flexible ? topicIdText(reader.view(16)) : reader.string();
    const partitions = array(() => readPartition(reader, flexible));
    if (flexible) reader.skipTags();
    return partitions.flatMap(({ partition, ...answer }) => {
      const match = asked.find(
        (one) => one.partition === partition && (flexible ? one.topicId : one.topic) === name,
      );
      return match === undefined ? [] : [{ asked: match, ...answer }];
    });
  });
  return { throttleMs, errorCode, partitions: topics.flat() };
}

function readPartition(reader: ByteReader, flexible: boolean) {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.nearInt64();
  const lastStableOffset = reader.nearInt64();
  const logStartOffset = reader.nearInt64();
  const readAborted = (): AbortedTransaction => {
    const aborted = { producerId: reader.int64(), firstOffset: reader.nearInt64() };
    if (flexible) reader.skipTags();
    return aborted;
  };
  const aborted = flexible ? reader.compactArray(readAborted) : reader.array(readAborted);
  // The preferred replica: never asked for, as no rack is given.
  reader.int32();
  const length = flexible ? reader.uvarint() - 1 : reader.int32();
  const bytes = reader.view(Math.max(length, 0));
  const divergedAt = flexible ? readDivergence(reader) : null;
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    aborted,
    bytes,
    divergedAt,
  };
}

const DIVERGING_EPOCH_TAG = 0;

/** The end offset in the one tagged field of a partition that matters here. */
function readDivergence(reader: ByteReader): number | null {
  let divergedAt: number | null = null;
  for (let left = reader.uvarint(); left > 0; left--) {
    const tag = reader.uvarint();
    const field = new ByteReader(reader.view(reader.uvarint()));
    if (tag !== DIVERGING_EPOCH_TAG) continue;
    const epoch = field.int32();
    const endOffset = field.nearInt64();
    if (epoch >= 0 || endOffset >= 0) divergedAt = endOffset;
  }
  return divergedAt;
}

const topicIdBytes = (text: string): Uint8Array => Buffer.from(text, 'base64url');

export const topicIdText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
