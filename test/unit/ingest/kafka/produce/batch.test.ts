// Does a batch hold exactly the records that it was made of, by the word of the reader of batches?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBatch, type RecordToSend } from '../../../../../src/ingest/kafka/produce/batch.ts';
import { readBatchHeader } from '../../../../../src/ingest/kafka/protocol/record-batch.ts';
import { anyRecord } from '../../../../support/records.ts';
import { decoded } from '../protocol/decode.ts';

const OWNER = { producerId: 4711n, producerEpoch: 7, sequence: 2 ** 31 - 1 };
const fields = ({ timestamp, key, headers, value }: RecordToSend) => ({
  ...{ timestamp, key: key && Buffer.from(key), value: value && Buffer.from(value) },
  headers: headers.map((one) => [Buffer.from(one.name), one.value && Buffer.from(one.value)]),
});

describe('a batch', () => {
  it.each(['none', 'gzip', 'zstd'] as const)('gives back any records, with %s', async (codec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord(), { minLength: 1, maxLength: 12 }), async (records) => {
        const { records: found } = await decoded([encodeBatch(records, OWNER, codec)]);
        expect(found.map(fields)).toEqual(records.map(fields));
        expect(found.every(({ timestampType }) => timestampType === 'create')).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('names its producer, the first sequence, the greatest time, and that it is part of a transaction', () => {
    const record = { key: null, headers: [], value: null };
    const records = [5n, 9n, -1n].map((timestamp) => ({ ...record, timestamp }));
    const bytes = encodeBatch(records, OWNER, 'none');
    expect(readBatchHeader(bytes, 0, bytes.length)).toMatchObject({
      ...{ producerId: 4711n, transactional: true, control: false, appendTime: false },
      ...{ firstTimestamp: 5n, maxTimestamp: 9n, count: 3, lastOffset: 2, leaderEpoch: -1 },
    });
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    expect([view.getInt16(51), view.getInt32(53)]).toEqual([7, 2 ** 31 - 1]);
  });

  it('is compressed only where that makes it smaller', () => {
    const one = (length: number) => [
      { timestamp: 1n, key: null, headers: [], value: new Uint8Array(length) },
    ];
    const codecOf = (length: number) =>
      readBatchHeader(encodeBatch(one(length), OWNER, 'zstd'), 0, 61).attributes & 7;
    expect([codecOf(1), codecOf(10_000)]).toEqual([0, 4]);
  });
});
