// Are the requests of a transaction what Kafka's protocol says, byte by byte, and are its answers read as they are?
import { describe, expect, it } from 'vitest';
import {
  addOffsets,
  addPartition,
  commitOffsets,
  endTransaction,
  fetchOffsets,
  initProducerId,
  produceBatch,
} from '../../../../../src/ingest/kafka/produce/api.ts';
import { answerError } from '../../../../../src/ingest/kafka/produce/errors.ts';
import { ByteWriter } from '../../../../../src/ingest/kafka/protocol/wire.ts';

const ME = { producerId: 7n, producerEpoch: 3 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (value: string) => Buffer.from(value).toString('hex');
const [PID, EPOCH] = ['0000000000000007', '0003'];

describe('a request', () => {
  it.each([
    // Each begins with the empty tagged fields of its header, where its version is a flexible one.
    [
      'InitProducerId of anybody',
      initProducerId('tx', null).body,
      `0003${text('tx')}0000ea60${'f'.repeat(20)}00`,
    ],
    ['InitProducerId of our own', initProducerId('tx', ME).body, `0003${text('tx')}0000ea60${PID}${EPOCH}00`],
    [
      'AddPartitionsToTxn',
      addPartition('tx', ME, 'to', 5).body,
      `0002${text('tx')}${PID}${EPOCH}000000010002${text('to')}0000000100000005`,
    ],
    ['AddOffsetsToTxn', addOffsets('tx', ME, 'gr').body, `0002${text('tx')}${PID}${EPOCH}0002${text('gr')}`],
    ['EndTxn, committing', endTransaction('tx', ME, true).body, `0002${text('tx')}${PID}${EPOCH}01`],
    ['EndTxn, aborting', endTransaction('tx', ME, false).body, `0002${text('tx')}${PID}${EPOCH}00`],
    [
      'Produce',
      produceBatch('tx', 'to', 5, new Uint8Array([1, 2])).body,
      `0002${text('tx')}ffff000075300000${'0001'}0002${text('to')}0000000100000005000000020102`,
    ],
    [
      'TxnOffsetCommit',
      commitOffsets('tx', ME, 'gr', [{ topic: 'to', partition: 5, offset: 9, metadata: 'm' }]).body,
      `0002${text('tx')}0002${text('gr')}${PID}${EPOCH}000000010002${text('to')}00000001` +
        `000000050000000000000009ffffffff0001${text('m')}`,
    ],
    [
      'OffsetFetch of stable offsets',
      fetchOffsets('gr', 'to', [5]).body,
      `0003${text('gr')}0203${text('to')}0200000005000100`,
    ],
  ])('%s', (_what, body, expected) => {
    expect(hex(body)).toBe(expected);
  });
});

describe('an answer', () => {
  it('of InitProducerId names the producer', () => {
    const raw = new ByteWriter().uvarint(0).int32(9).int16(0).int64(7).int16(3).uvarint(0).bytes();
    expect(initProducerId('tx', null).decode(raw)).toEqual({ throttleMs: 9, errorCode: 0, identity: ME });
  });

  it('of Produce tells where the batch lies, or why not, in the broker’s words', () => {
    const answer = (code: number, ofRecord: string | null, message: string | null) => {
      const out = new ByteWriter()
        .int32(1)
        .string('to')
        .int32(1)
        .int32(5)
        .int16(code)
        .int64(40)
        .int64(-1)
        .int64(0);
      out.int32(ofRecord === null ? 0 : 1);
      if (ofRecord !== null) out.int32(2).string(ofRecord);
      if (message === null) out.int16(-1);
      else out.string(message);
      return produceBatch('tx', 'to', 5, new Uint8Array()).decode(out.int32(4).bytes());
    };
    expect(answer(0, null, null)).toEqual({
      ...{ throttleMs: 4, errorCode: 0, baseOffset: 40n, appendTimeMs: -1n, message: null },
    });
    expect(answer(87, 'no key', null).message).toBe('no key');
    expect(answer(87, 'no key', 'all of it').message).toBe('all of it');
  });

  it('of OffsetFetch has an offset, or none, and its metadata', () => {
    const out = new ByteWriter().uvarint(0).int32(0);
    out.compactArray(['to'], (topic) =>
      out
        .compactString(topic)
        .compactArray([9, -1], (offset) => {
          out.int32(5).int64(offset).int32(-1);
          if (offset < 0) out.uvarint(0);
          else out.compactString('m');
          out.int16(0).uvarint(0);
        })
        .uvarint(0),
    );
    expect(fetchOffsets('gr', 'to', [5]).decode(out.int16(0).uvarint(0).bytes())).toMatchObject({
      errorCode: 0,
      offsets: [
        { partition: 5, offset: 9n, metadata: 'm', errorCode: 0 },
        { offset: -1n, metadata: '' },
      ],
    });
  });

  it('with errors of partitions gives the first', () => {
    const out = new ByteWriter().int32(0);
    out.array(['a', 'b'], (topic) => {
      out.string(topic).array([0, topic === 'b' ? 51 : 0], (code) => out.int32(1).int16(code));
    });
    expect(addPartition('tx', ME, 'b', 1).decode(out.bytes())).toEqual({ throttleMs: 0, errorCode: 51 });
  });

  it('that breaks off is no answer', () => {
    for (const call of [
      initProducerId('tx', null),
      endTransaction('tx', ME, true),
      fetchOffsets('g', 't', [0]),
    ])
      expect(() => call.decode(new Uint8Array(3))).toThrow('the bytes end');
  });
});

describe('what a broker refuses', () => {
  it.each([
    [47, 'replay-fenced', 'fatal', 'Another run of the same replay'],
    [90, 'replay-fenced', 'fatal', 'it goes on behind what was committed'],
    [29, 'kafka-not-permitted', 'fatal', 'ledgerstone-replay-'],
    [53, 'kafka-not-permitted', 'fatal', 'transactional id'],
    [10, 'replay-refused', 'fatal', 'max.message.bytes'],
    [32, 'replay-refused', 'fatal', 'message.timestamp.after.max.ms'],
    [87, 'replay-refused', 'fatal', 'cleanup.policy=delete'],
    [6, 'kafka-unavailable', 'retriable', 'Run the same command again'],
  ])('%d is %s', (code, expected, disposition, remedy) => {
    const error = answerError('write', code, 'in its words');
    expect(error).toMatchObject({ code: expected, disposition, remedy: expect.stringContaining(remedy) });
  });
});
