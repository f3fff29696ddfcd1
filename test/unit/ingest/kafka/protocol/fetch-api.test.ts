// Is our request byte for byte what kafkajs would ask, and is the answer read as it would be, but for what it loses?
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  decodeFetch,
  encodeFetch,
  type FetchPartition,
  fetchVersion,
  topicIdText,
} from '../../../../../src/ingest/kafka/protocol/fetch-api.ts';
import { ByteWriter } from '../../../../../src/ingest/kafka/protocol/wire.ts';
import { batchBytes } from './encode.ts';

const require = createRequire(import.meta.url);
const kafkajsRequest = require('kafkajs/src/protocol/requests/fetch/v11/request') as (fields: object) => {
  encode(): Promise<{ readonly buffer: Buffer }>;
};
const kafkajsResponse = require('kafkajs/src/protocol/requests/fetch/v11/response') as {
  decode(raw: Buffer): Promise<{ responses: { topicName: string; partitions: Record<string, unknown>[] }[] }>;
};

const SETTINGS = { waitMsMax: 250, bytesMax: 10_000_000, partitionBytesMax: 1_000_000 };
const ID = topicIdText(Uint8Array.from({ length: 16 }, (_, i) => i + 1));
const OTHER_ID = topicIdText(new Uint8Array(16).fill(200));
const asked = [
  { topic: 'a', topicId: ID, partition: 0, offset: 5, lastEpoch: 7, leaderEpoch: 9 },
  { topic: 'a', topicId: ID, partition: 3, offset: 2 ** 40, lastEpoch: -1, leaderEpoch: -1 },
  { topic: 'b', topicId: OTHER_ID, partition: 0, offset: 0, lastEpoch: -1, leaderEpoch: -1 },
  { topic: 'a', topicId: ID, partition: 1, offset: 7, lastEpoch: -1, leaderEpoch: -1 },
];

describe('fetch by name', () => {
  it('is the request that kafkajs would send', async () => {
    const topics = [
      ['a', [asked[0], asked[1]]],
      ['b', [asked[2]]],
      ['a', [asked[3]]],
    ].map(([topic, partitions]) => ({
      topic,
      partitions: (partitions as typeof asked).map(({ partition, offset }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes: SETTINGS.partitionBytesMax,
      })),
    }));
    const { buffer } = await kafkajsRequest({
      replicaId: -1,
      maxWaitTime: SETTINGS.waitMsMax,
      minBytes: 1,
      maxBytes: SETTINGS.bytesMax,
      topics,
    }).encode();
    expect(Buffer.from(encodeFetch(11, asked, SETTINGS)).equals(buffer)).toBe(true);
  });

  it('reads what kafkajs reads', async () => {
    const records = batchBytes({ baseOffset: 5, records: [{ value: new Uint8Array([1]) }] });
    const raw = answerByName([
      { topic: 'a', partition: 0, errorCode: 0, marks: [9, 8, 1], aborted: [[77n, 3]], records },
      {
        topic: 'b',
        partition: 0,
        errorCode: 6,
        marks: [-1, -1, -1],
        aborted: [],
        records: new Uint8Array(0),
      },
    ]);
    const theirs = await kafkajsResponse.decode(Buffer.from(raw));
    const ours = decodeFetch(11, raw, asked);
    expect(ours.partitions.map(({ asked: one }) => [one.topic, one.partition])).toEqual(
      theirs.responses.flatMap(({ topicName, partitions }) =>
        partitions.map((p) => [topicName, p['partition']]),
      ),
    );
    expect(ours.partitions[0]).toMatchObject({
      errorCode: 0,
      highWatermark: 9,
      lastStableOffset: 8,
      logStartOffset: 1,
      aborted: [{ producerId: 77n, firstOffset: 3 }],
    });
    expect(Buffer.from(ours.partitions[0]?.bytes ?? []).equals(Buffer.from(records))).toBe(true);
    expect(ours.partitions[1]).toMatchObject({ errorCode: 6, highWatermark: -1 });
    expect(theirs.responses[0]?.partitions[0]).toMatchObject({ highWatermark: '9', lastStableOffset: '8' });
  });

  it('leaves out what was not asked for', () => {
    const raw = answerByName([
      { topic: 'c', partition: 0, errorCode: 0, marks: [1, 1, 0], aborted: [], records: new Uint8Array(0) },
    ]);
    expect(decodeFetch(11, raw, asked).partitions).toEqual([]);
  });

  it('an answer that ends early is refused', () => {
    const raw = answerByName([
      { topic: 'a', partition: 0, errorCode: 0, marks: [1, 1, 0], aborted: [], records: new Uint8Array(9) },
    ]);
    for (let cut = 0; cut < raw.length; cut += 3) {
      expect(() => decodeFetch(11, raw.subarray(0, cut), asked)).toThrow('the bytes end');
    }
  });
});

describe('fetch by topic id', () => {
  it('is used when the broker knows it and all ids are known', () => {
    expect(fetchVersion(asked, 18)).toBe(13);
    expect(fetchVersion(asked, 12)).toBe(11);
    expect(
      fetchVersion(
        [...asked, { topic: 'c', topicId: null, partition: 0, offset: 0, lastEpoch: -1, leaderEpoch: -1 }],
        18,
      ),
    ).toBe(11);
  });

  it('names topics by their 16 bytes and never by name', () => {
    const request = Buffer.from(encodeFetch(13, asked, SETTINGS));
    expect(request.includes(Buffer.from(ID, 'base64url'))).toBe(true);
    expect(request.includes(Buffer.from(OTHER_ID, 'base64url'))).toBe(true);
    // Header tags, replica, wait, least bytes, most bytes, isolation, session, three groups.
    expect([...request.subarray(0, 27)]).toEqual([
      ...[
        0, 255, 255, 255, 255, 0, 0, 0, 250, 0, 0, 0, 1, 0, 152, 150, 128, 1, 0, 0, 0, 0, 255, 255, 255, 255,
        4,
      ],
    ]);
  });

  it('names the epoch of what was read last', () => {
    const [first] = asked;
    const with7 = encodeFetch(13, [first as FetchPartition], SETTINGS);
    const without = encodeFetch(13, [{ ...(first as FetchPartition), lastEpoch: -1 }], SETTINGS);
    const at = with7.findIndex((byte, i) => byte !== without[i]);
    // Behind the id, the counts, the partition, the leader's epoch and the offset.
    expect([...with7.subarray(at - 8, at + 4)]).toEqual([0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 7]);
  });

  it('names the epoch of the leader that it wants, so that a broker that is behind refuses', () => {
    const [first] = asked;
    const with9 = encodeFetch(13, [first as FetchPartition], SETTINGS);
    const without = encodeFetch(13, [{ ...(first as FetchPartition), leaderEpoch: -1 }], SETTINGS);
    const at = with9.findIndex((byte, i) => byte !== without[i]);
    // Behind the partition, before the offset.
    expect([...with9.subarray(at - 4, at + 12)]).toEqual([0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5]);
  });

  it.each([
    ['no tags', [0], null],
    ['a tag that does not matter', [1, 1, 1, 9], null],
    ['a log that parted', [2, 0, 13, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 42, 0, 1, 1, 9], 42],
    ['a log that parted from nothing', [1, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0],
    ['defaults', [1, 0, 13, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0], null],
  ])('takes an answer to the partition of that id alone: %s', (_, tagBytes, divergedAt) => {
    const tags = new Uint8Array(tagBytes);
    const partition = (out: ByteWriter, index: number) => {
      out.int32(index).int16(0).int64(9).int64(8).int64(0);
      out.compactArray([77n], (id) => out.int64(id).int64(3).uvarint(0));
      out
        .int32(-1)
        .uvarint(3)
        .raw(new Uint8Array([1, 2]))
        .raw(tags);
    };
    const out = new ByteWriter().uvarint(0).int32(11).int16(0).int32(0);
    out.compactArray([ID, topicIdText(new Uint8Array(16).fill(9))], (id) => {
      out
        .raw(Buffer.from(id, 'base64url'))
        .compactArray([0], (index) => partition(out, index))
        .uvarint(0);
    });
    const answer = decodeFetch(13, out.uvarint(0).bytes(), asked);
    expect(answer).toMatchObject({ throttleMs: 11, errorCode: 0 });
    expect(answer.partitions).toHaveLength(1);
    expect(answer.partitions[0]).toMatchObject({
      asked: asked[0],
      highWatermark: 9,
      aborted: [{ producerId: 77n, firstOffset: 3 }],
      divergedAt,
    });
    expect([...(answer.partitions[0]?.bytes ?? [])]).toEqual([1, 2]);
  });
});

type Answer = {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly marks: readonly [high: number, stable: number, start: number];
  readonly aborted: readonly (readonly [bigint, number])[];
  readonly records: Uint8Array;
};

function answerByName(answers: readonly Answer[]): Uint8Array {
  const out = new ByteWriter().int32(0).int16(0).int32(0);
  out.array(answers, ({ topic, partition, errorCode, marks: [high, stable, start], aborted, records }) => {
    out.string(topic).int32(1).int32(partition).int16(errorCode).int64(high).int64(stable).int64(start);
    out.array(aborted, ([id, first]) => out.int64(id).int64(first));
    out.int32(-1).int32(records.length).raw(records);
  });
  return out.bytes();
}
