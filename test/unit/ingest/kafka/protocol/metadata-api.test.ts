// Is an answer of Metadata 12 read as it is written, and a cut one refused?
import { describe, expect, it } from 'vitest';
import { decodeMetadata, encodeMetadata } from '../../../../../src/ingest/kafka/protocol/metadata-api.ts';
import { ByteWriter } from '../../../../../src/ingest/kafka/protocol/wire.ts';

const ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

function answer(id: Uint8Array): Uint8Array {
  const out = new ByteWriter().uvarint(0).int32(7);
  out.compactArray([1], (node) => out.int32(node).compactString('kafka-1').int32(9092).uvarint(0).uvarint(0));
  out.compactString('cluster').int32(1);
  out.compactArray(['audit.a'], (name) => {
    out.int16(0).compactString(name).raw(id).int8(0);
    out.compactArray([3], (partition) => {
      out.int16(0).int32(partition).int32(1).int32(5);
      for (const nodes of [[1, 2], [1], []]) out.compactArray(nodes, (node) => out.int32(node));
      return out.uvarint(0);
    });
    return out.int32(0).uvarint(0);
  });
  return out.uvarint(0).bytes();
}

const PARTITION = {
  ...{ partitionErrorCode: 0, partitionId: 3, leader: 1, leaderEpoch: 5 },
  ...{ replicas: [1, 2], isr: [1], offlineReplicas: [] },
};

describe('the answer', () => {
  it('is in the shape of kafkajs, with the ids of topics', () => {
    expect(decodeMetadata(answer(ID))).toEqual({
      ...{ clientSideThrottleTime: 7, clusterId: 'cluster', controllerId: 1 },
      brokers: [{ nodeId: 1, host: 'kafka-1', port: 9092, rack: null }],
      topicMetadata: [
        {
          ...{ topicErrorCode: 0, topic: 'audit.a', topicId: 'AQIDBAUGBwgJCgsMDQ4PEA', isInternal: false },
          partitionMetadata: [PARTITION],
        },
      ],
    });
  });

  it('of a broker that knows no id has none', () => {
    expect(decodeMetadata(answer(new Uint8Array(16))).topicMetadata[0]?.topicId).toBeNull();
  });

  it('that is cut off anywhere is refused', () => {
    const whole = answer(ID);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeMetadata(whole.subarray(0, length))).toThrow();
  });
});

it('asks for all topics, or for some by their names, and makes none', () => {
  expect([...encodeMetadata('all')]).toEqual([0, 0, 0, 0, 0]);
  const asked = [0, 2, ...new Uint8Array(16), 2, 'a'.charCodeAt(0), 0, 0, 0, 0];
  expect([...encodeMetadata(['a'])]).toEqual(asked);
});
