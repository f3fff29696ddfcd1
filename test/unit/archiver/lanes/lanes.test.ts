// Does a lane give back what it was given, and does it die for everybody that waits for it?
import { describe, expect, it } from 'vitest';
import { inlineEncoder } from '../../../../src/archiver/encoder.ts';
import { Lanes, type LanesOptions } from '../../../../src/archiver/lanes/lanes.ts';
import { MemoryLedger } from '../../../../src/archiver/memory.ts';
import { zstdCompressor } from '../../../../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../../../src/base/node/hash.ts';
import { encodeEntry } from '../../../../src/format/record.ts';
import { admit } from '../../../../src/ingest/gate.ts';
import { recordItem } from '../../../../src/ingest/item.ts';
import { inlineDecoder, type Part, type RecordSet } from '../../../../src/ingest/kafka/decoder.ts';
import { Kernel } from '../../../../src/kernel/kernel.ts';
import { leafHash } from '../../../../src/merkle/tree.ts';
import { kafkaRecord } from '../../../support/records.ts';
import { LIMITS } from '../../ingest/kafka/protocol/decode.ts';
import { batchBytes, bytesOf, joined } from '../../ingest/kafka/protocol/encode.ts';

const ORDERS = { topic: 'orders', partition: 0 };
const item = (offset: number) => recordItem(kafkaRecord({ offset, value: `${offset}` }));

const opened = (options: Partial<LanesOptions> = {}, onFatal: (error: Error) => void = () => {}) => {
  const memory = new MemoryLedger();
  return { memory, lanes: new Lanes({ encoding: 'zstd', level: 1, count: 1, memory, ...options }, onFatal) };
};

const TOOLS = {
  ...{ sha256: nodeSha256, sha256Into: nodeSha256Into },
  encoding: 'zstd',
  compress: zstdCompressor(1),
} as const;

const counts = async (memory: MemoryLedger, wanted: () => boolean) => {
  while (!wanted()) await new Promise<void>((resolve) => memory.onEncoded(resolve));
};

const setOf = (partition: number, from: number, bytes: Uint8Array) => ({
  topic: 'orders',
  partition,
  from,
  bytes,
  aborted: [],
});

const three = (baseOffset: number) =>
  batchBytes({
    baseOffset,
    records: [{ value: bytesOf('a') }, { key: bytesOf('k'), value: bytesOf('{"b":1}') }, {}],
  });

const itemsOf = (expected: number, part: Part) => {
  const admission = admit(expected, { ...ORDERS, highWatermark: 0, records: part.records, seen: part.seen });
  if (admission.kind !== 'accept') throw new Error(admission.kind);
  return admission.items;
};

/** Uses a part that was given back, which no lane survives. */
async function kill(lanes: Lanes, memory: MemoryLedger): Promise<void> {
  const batch = lanes.open(0, memory.open('orders/0'), ORDERS);
  const parts = lanes.decode(setOf(0, 0, three(0)), LIMITS)[Symbol.asyncIterator]();
  const { value } = await parts.next();
  await parts.next();
  batch.add(itemsOf(0, value as Part));
}

describe('a lane', () => {
  it('says whether it has the kernel, once its thread runs', async () => {
    const said: boolean[] = [];
    await new Promise<void>((resolve) => {
      const onReady = (kernel: boolean) => {
        said.push(kernel);
        if (said.length === 2) resolve();
      };
      opened({ count: 2, onReady });
    });
    expect(said).toEqual([Kernel.open() !== null, Kernel.open() !== null]);
  });
});

describe('a record that a lane decoded', () => {
  it('becomes the line that it becomes here, with records and gaps of this thread around it', async () => {
    const { lanes, memory } = opened();
    const batch = lanes.open(4, memory.open('orders/0'), ORDERS);
    batch.add([item(4)]);
    let next = 5;
    const bytes = joined(three(5), batchBytes({ baseOffset: 8, control: true, records: [{}] }), three(9));
    for await (const part of lanes.decode(setOf(0, 5, bytes), LIMITS)) {
      const items = itemsOf(next, part);
      expect(items.map((one) => (one.kind === 'record' ? one.bytes : one.gap.offset))).toEqual([
        1, 8, 0, 8, 1, 8, 0,
      ]);
      batch.add(items);
      next = part.next;
    }
    batch.add([item(next)]);
    const body = await batch.finish();
    expect([body.firstOffset, body.nextOffset, body.count, body.missing]).toEqual([
      4,
      13,
      8,
      { transaction: 1 },
    ]);
    await lanes.close();
  });

  it('has the leaf hash that it has here', async () => {
    const { lanes } = opened();
    for await (const { records } of lanes.decode(setOf(0, 5, three(5)), LIMITS)) {
      if (!('leaf' in records)) throw new Error('it is here');
      const line = encodeEntry(
        kafkaRecord({ offset: 6, key: 'k', value: '{"b":1}', timestamp: 1_700_000_000_000n }),
      );
      expect(Buffer.from(await records.leaf(1))).toEqual(Buffer.from(leafHash(nodeSha256, line)));
    }
    await lanes.close();
  });

  it('is written when its set is closed before it is encoded', async () => {
    const { lanes, memory } = opened();
    const batch = lanes.open(0, memory.open('orders/0'), ORDERS);
    const parts = lanes.decode(setOf(0, 0, three(0)), LIMITS);
    const { value } = await parts[Symbol.asyncIterator]().next();
    batch.add(itemsOf(0, value as Part));
    await parts.close();
    expect((await batch.finish()).count).toBe(3);
    await lanes.close();
  });
});

describe('records that wait to be encoded', () => {
  it('stay what they are while the next set is decoded', async () => {
    const { lanes, memory } = opened();
    // A MiB each: more than is encoded before messages are read again.
    const COUNT = 2_000;
    const sets = ['a', 'b', 'c'].map((letter, turn) => {
      const value = bytesOf(letter.repeat(500));
      const records = Array.from({ length: COUNT }, () => ({ value }));
      return setOf(0, turn * COUNT, batchBytes({ baseOffset: turn * COUNT, records }));
    });
    const here = inlineEncoder(TOOLS).open(0, memory.open(null), ORDERS);
    for (const set of sets)
      for await (const part of inlineDecoder.decode(set, LIMITS)) here.add(itemsOf(set.from, part));
    const there = lanes.open(0, memory.open(null), ORDERS);
    let parts = lanes.decode(sets[0] as RecordSet, LIMITS);
    for (const [turn, { from }] of sets.entries()) {
      const { value } = await parts[Symbol.asyncIterator]().next();
      there.add(itemsOf(from, value as Part));
      void parts.close();
      parts = lanes.decode(sets[turn + 1] ?? setOf(0, 0, new Uint8Array(0)), LIMITS);
    }
    expect(await there.finish()).toEqual(await here.finish());
    await lanes.close();
  });
});

describe('what waits in a lane', () => {
  it('is charged while it is raw, while it is held and until it is encoded, and then no more', async () => {
    const { lanes, memory } = opened();
    const account = memory.open('orders/0');
    const batch = lanes.open(0, account, ORDERS);
    const bytes = three(0);
    const parts = lanes.decode(setOf(0, 0, bytes), LIMITS);
    expect(memory.queuedBytes).toBe(bytes.length);
    for await (const part of parts) {
      // Nine bytes of keys and values.
      expect(memory.queuedBytes).toBe(bytes.length + 9);
      batch.add(itemsOf(0, part));
      expect(memory.queuedBytes).toBe(bytes.length + 18);
    }
    await counts(memory, () => memory.queuedBytes === 0);
    expect(memory.heldFor('orders/0')).toBeGreaterThan(0);
    account.release();
    expect(memory.heldBytes).toBe(0);
    await lanes.close();
  });

  it.each(['before', 'after'])('is given back when a set is closed %s its first part', async (when) => {
    const { lanes, memory } = opened();
    const parts = lanes.decode(setOf(0, 0, joined(three(0), three(3))), LIMITS);
    if (when === 'after') await parts[Symbol.asyncIterator]().next();
    await parts.close();
    await parts.close();
    expect(await parts[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    await counts(memory, () => memory.queuedBytes === 0);
    await lanes.close();
  });

  it('is given back when a batch is discarded, and a batch that was to be finished is rejected', async () => {
    const { lanes, memory } = opened();
    const account = memory.open('orders/1');
    const batch = lanes.open(0, account, ORDERS);
    batch.add([item(0)]);
    const finished = batch.finish();
    batch.discard();
    account.release();
    await expect(finished).rejects.toThrow('discarded');
    await counts(memory, () => memory.queuedBytes === 0);
    expect(memory.heldBytes).toBe(0);
    await lanes.close();
  });
});

describe('partitions', () => {
  it('keep their lane while it holds something of them, and spread over all lanes', async () => {
    const { lanes, memory } = opened({ count: 3 });
    const batches = [0, 1, 2, 3].map((partition) =>
      lanes.open(0, memory.open(`orders/${partition}`), { topic: 'orders', partition }),
    );
    for (const [partition, batch] of batches.entries()) {
      for await (const part of lanes.decode(setOf(partition, 0, three(0)), LIMITS))
        batch.add(itemsOf(0, part));
    }
    const bodies = await Promise.all(batches.map((batch) => batch.finish()));
    expect(bodies.map(({ count }) => count)).toEqual([3, 3, 3, 3]);
    await lanes.close();
  });
});

describe('a lane that dies', () => {
  it('fails what waits for it and what comes later, and says so once', async () => {
    const died = Promise.withResolvers<Error>();
    let notified = 0;
    const { lanes, memory } = opened({}, (error) => {
      notified += 1;
      died.resolve(error);
    });
    const batch = lanes.open(0, memory.open('orders/0'), ORDERS);
    batch.add([item(0)]);
    await kill(lanes, memory);
    const finished = batch.finish();
    finished.catch(() => {});
    const waiting = lanes
      .decode(setOf(1, 0, three(0)), LIMITS)
      [Symbol.asyncIterator]()
      .next();
    waiting.catch(() => {});
    const { message } = await died.promise;
    expect(message).toContain('a part is used while it is held');
    await expect(waiting).rejects.toThrow(message);
    await expect(lanes.open(0, memory.open('orders/1'), ORDERS).finish()).rejects.toThrow(message);
    const later = lanes
      .decode(setOf(2, 0, three(0)), LIMITS)
      [Symbol.asyncIterator]()
      .next();
    await expect(later).rejects.toThrow(message);
    await lanes.close();
    expect(notified).toBe(1);
  });
});

describe('a batch in a lane', () => {
  it('rejects at its end what it could not take, and harms no other one', async () => {
    const { lanes, memory } = opened();
    const bad = lanes.open(5, memory.open('orders/0'), ORDERS);
    const good = lanes.open(5, memory.open('orders/0'), ORDERS);
    bad.add([item(6)]);
    good.add([item(5)]);
    await expect(bad.finish()).rejects.toThrow('offset 6 where 5 follows');
    expect((await good.finish()).nextOffset).toBe(6);
    expect(memory.queuedBytes).toBe(0);
    await lanes.close();
  });
});
