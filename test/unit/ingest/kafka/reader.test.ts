// Does a reading apart from the group's own see what the group's sees?
import { expect, it } from 'vitest';
import { LeaderEpochs } from '../../../../src/ingest/kafka/group/epochs.ts';
import type { Kafkajs, KafkajsBroker, KafkajsCluster } from '../../../../src/ingest/kafka/kafkajs/kafkajs.ts';
import { KAFKA_TUNING } from '../../../../src/ingest/kafka/options.ts';
import { KafkaReader } from '../../../../src/ingest/kafka/reader.ts';
import { LIMITS } from './protocol/decode.ts';
import { batchBytes } from './protocol/encode.ts';

const CORRUPT_MESSAGE = 2;

/** A cluster of one broker that answers each fetch of t/0 with this error, or these bytes. */
function readerOf(
  errorCode: number,
  bytes: Uint8Array = new Uint8Array(),
  end = 20,
  topicErrorCode = 0,
): KafkaReader {
  const asked = { topic: 't', topicId: null, partition: 0, offset: 7, lastEpoch: -1, leaderEpoch: -1 };
  const none = { highWatermark: 20, lastStableOffset: 20, logStartOffset: 0, aborted: [], divergedAt: null };
  const partitions = [{ asked, errorCode, bytes, ...none }];
  const send = async () => ({ throttleMs: 0, errorCode: 0, partitions });
  const ends = { responses: [{ topic: 't', partitions: [{ partition: 0, offset: String(end) }] }] };
  const listOffsets = async () => ends;
  const broker = {
    nodeId: 1,
    versions: null,
    connectionPool: { send },
    listOffsets,
  } as unknown as KafkajsBroker;
  const topicMetadata = [
    { topic: 't', topicErrorCode, topicId: null, partitionMetadata: [{ partitionId: 0, leader: 1 }] },
  ];
  const nothing = async () => {};
  const cluster = {
    ...{ addMultipleTargetTopics: nothing, refreshMetadata: nothing, refreshMetadataIfNecessary: nothing },
    brokerPool: { metadata: { clusterId: 'c', topicMetadata } },
    findBroker: async () => broker,
  } as unknown as KafkajsCluster;
  const kafkajs = {
    Encoder: class {
      writeBufferInternal() {}
    },
  } as unknown as Kafkajs;
  const tuning = KAFKA_TUNING;
  return new KafkaReader(kafkajs, cluster, {
    ...{ options: { groupId: 'g' }, tuning, limits: LIMITS, epochs: new LeaderEpochs() },
  });
}

it('a log that the broker calls corrupt is undecodable: else the halt that it means could not be resumed', async () => {
  const fetched = await readerOf(CORRUPT_MESSAGE).readAt({ topic: 't', partition: 0 }, 7);
  expect(fetched).toMatchObject({ records: [], seen: [], undecodable: { offset: 7, last: 7 } });
});

it('any other error is tried again', async () => {
  const reading = readerOf(6).readAt({ topic: 't', partition: 0 }, 7);
  await expect(reading).rejects.toMatchObject({ code: 'kafka-unavailable', disposition: 'retriable' });
});

it('a large batch is read up to its first records, and no further', async () => {
  const records = Array.from({ length: 20_000 }, () => ({}));
  const reader = readerOf(0, batchBytes({ baseOffset: 7, records, codec: 'zstd' }));
  const fetched = await reader.readAt({ topic: 't', partition: 0 }, 7);
  expect(fetched.records[0]?.offset).toBe(7);
  expect(fetched.records).toHaveLength(8_192);
});

it('a log without a start or an end is not one that was cut off', async () => {
  const reader = readerOf(0, new Uint8Array(), -1);
  const range = reader.logRange({ topic: 't', partition: 0 });
  await expect(range).rejects.toMatchObject({ code: 'kafka-unavailable', disposition: 'retriable' });
  expect(await readerOf(0, new Uint8Array(), 7).logRange({ topic: 't', partition: 0 })).toEqual({
    low: 7,
    high: 7,
  });
});

const NO_TOPIC_REMEDY = [
  'Create the topic, correct its name, or grant DESCRIBE on it.',
  'One that a pattern took and that is gone for good: name it in `except`, and restart.',
].join(' ');

it.each([
  [3, NO_TOPIC_REMEDY],
  [5, undefined],
])(
  'says what to do about a topic that is not there, and nothing of one without a leader: %s',
  async (code, remedy) => {
    const range = readerOf(0, new Uint8Array(), 20, code).logRange({ topic: 't', partition: 0 });
    const all = { code: 'kafka-unavailable', disposition: 'retriable', remedy };
    await expect(range).rejects.toMatchObject({ ...all, message: expect.stringContaining('topic t: ') });
  },
);
