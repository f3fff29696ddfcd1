// Does an encoder fail for the batch that it could not encode, and for no other?
import { describe, expect, it } from 'vitest';
import { inlineEncoder } from '../../../src/archiver/encoder.ts';
import { MemoryLedger } from '../../../src/archiver/memory.ts';
import { zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { recordItem } from '../../../src/ingest/item.ts';
import { kafkaRecord } from '../../support/records.ts';

const encoder = () =>
  inlineEncoder({
    ...{ sha256: nodeSha256, sha256Into: nodeSha256Into },
    encoding: 'zstd',
    compress: zstdCompressor(1),
  });
const PARTITION = { topic: 'orders', partition: 0 };
const account = () => new MemoryLedger().open('orders/0');
const item = (offset: number) => recordItem(kafkaRecord({ offset, value: `${offset}` }));

describe('a batch on the calling thread', () => {
  it('rejects at its end what it could not take, as one on a thread does, and never where a fetch is handed over', async () => {
    const batch = encoder().open(5, account(), PARTITION);
    batch.add([item(5)]);
    batch.add([item(9)]);
    batch.add([item(6)]);
    await expect(batch.finish()).rejects.toThrow('offset 9 where 6 follows');
  });

  it('is not harmed by the failure of another one', async () => {
    const shared = encoder();
    const bad = shared.open(5, account(), PARTITION);
    const good = shared.open(5, account(), PARTITION);
    bad.add([item(6)]);
    good.add([item(5)]);
    await expect(bad.finish()).rejects.toThrow();
    expect((await good.finish()).nextOffset).toBe(6);
  });
});
