// Does an encoder fail for the batch that it could not encode, and for no other?
import { describe, expect, it } from 'vitest';
import { inlineEncoder } from '../../../src/archiver/encoder.ts';
import { ThreadEncoder, type WorkerOptions } from '../../../src/archiver/encoder-thread.ts';
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
const account = () => new MemoryLedger().open('orders/0');
const item = (offset: number) => recordItem(kafkaRecord({ offset, value: `${offset}` }));

describe('a batch on the calling thread', () => {
  it('rejects at its end what it could not take, as one on a thread does, and never where a fetch is handed over', async () => {
    const batch = encoder().open(5, account());
    batch.add([item(5)]);
    batch.add([item(9)]);
    batch.add([item(6)]);
    await expect(batch.finish()).rejects.toThrow('offset 9 where 6 follows');
  });

  it('is not harmed by the failure of another one', async () => {
    const shared = encoder();
    const bad = shared.open(5, account());
    const good = shared.open(5, account());
    bad.add([item(6)]);
    good.add([item(5)]);
    await expect(bad.finish()).rejects.toThrow();
    expect((await good.finish()).nextOffset).toBe(6);
  });
});

describe('a batch on a thread that died', () => {
  // A worker without its options ends while it loads: as with a file that is missing, or memory that is not there.
  it('is rejected when it was opened only after the death, and does not wait for ever', async () => {
    const died = Promise.withResolvers<Error>();
    let notified = 0;
    const shared = new ThreadEncoder(null as unknown as WorkerOptions, (error) => {
      notified += 1;
      died.resolve(error);
    });
    const earlier = shared.open(0, account()).finish();
    earlier.catch(() => {});
    const { message } = await died.promise;
    await expect(earlier).rejects.toThrow(message);
    const later = shared.open(0, account());
    later.add([item(0)]);
    await expect(later.finish()).rejects.toThrow(message);
    await shared.close();
    expect(notified).toBe(1);
  });
});

describe('the memory of a batch', () => {
  it('is charged as it is encoded, and given back when it is discarded, with what was still queued', async () => {
    const memory = new MemoryLedger();
    const shared = new ThreadEncoder({ encoding: 'zstd', level: 1 }, () => {});
    const counts = async (wanted: () => boolean) => {
      while (!wanted()) await new Promise<void>((resolve) => memory.onEncoded(resolve));
    };
    const [kept, dropped] = [memory.open('orders/0'), memory.open('orders/1')];
    shared.open(0, kept).add([item(0)]);
    const second = shared.open(0, dropped);
    second.add([item(0)]);
    expect(memory.queuedBytes).toBeGreaterThan(0);
    second.discard();
    dropped.release();
    await counts(() => memory.queuedBytes === 0);
    expect(memory.heldFor('orders/0')).toBeGreaterThan(0);
    expect(memory.heldFor('orders/1')).toBe(0);
    expect(memory.heldBytes).toBe(memory.heldFor('orders/0'));
    kept.release();
    expect(memory.heldBytes).toBe(0);
    await shared.close();
  });
});
