// What can a producer do with headers, which cost almost nothing on the wire and a dozen bytes each in a line?
import { describe, expect, it } from 'vitest';
import { Batches } from '../../src/archiver/batch.ts';
import { Continuity } from '../../src/archiver/continuity.ts';
import { MemoryLedger } from '../../src/archiver/memory.ts';
import { EMPTY } from '../../src/base/bytes.ts';
import { type Item, recordItem } from '../../src/ingest/item.ts';

const MIB = 1024 * 1024;
const HEADER = { name: EMPTY, value: EMPTY };

/** Shares one header, so that a million of them is no memory here. */
const withHeaders = (offset: number, count: number): Item =>
  recordItem({
    offset,
    timestamp: 0n,
    timestampType: 'create',
    key: null,
    headers: new Array<typeof HEADER>(count).fill(HEADER),
    value: null,
  });

const batchEncoder = {
  add() {},
  heldBytes: () => 0,
  finish: () => new Promise<never>(() => {}),
  discard() {},
};
const encoder = { open: () => batchEncoder, close: async () => {} };

describe('records of empty headers', () => {
  it('fill a batch by what they become, so that its segment stays within the format', () => {
    const batches = new Batches(
      encoder,
      () => new MemoryLedger().open('orders/0'),
      { maxBytes: 16 * MIB, maxRecords: 100_000, maxAgeMs: 1_000 },
      0,
    );
    const items = Array.from({ length: 100 }, (_, offset) => withHeaders(offset, 100_000));
    batches.add(items, 0);
    // 0.8 MB of line each.
    expect(batches.first()?.lines).toBeLessThanOrEqual(20);
  });

  it('halt the partition where the line would be too long for any reader', () => {
    const continuity = new Continuity('orders/0');
    const limit = 10 * MIB;
    expect(continuity.tooLarge([withHeaders(0, 100_000)], limit)).toBeNull();
    expect(continuity.tooLarge([withHeaders(0, 1), withHeaders(1, 5_000_000)], limit)).toMatchObject({
      index: 1,
      halt: { code: 'record-too-large', gap: { from: 1, to: 2 } },
    });
  });
});
