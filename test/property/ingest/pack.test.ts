// Does every record and gap line come out of a transferred buffer as it went in?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GapLine } from '../../../src/format/record.ts';
import { type Item, recordItem, recordOf } from '../../../src/ingest/item.ts';
import { Packer, unpack } from '../../../src/ingest/pack.ts';
import { anyRecord, kafkaRecord } from '../../support/records.ts';

const anyGap: fc.Arbitrary<GapLine> = fc.oneof(
  fc.record({
    offset: fc.maxSafeNat(),
    last: fc.maxSafeNat(),
    reason: fc.constant('transaction' as const),
    control: fc.nat(),
    aborted: fc.nat(),
  }),
  fc.record({
    offset: fc.maxSafeNat(),
    last: fc.maxSafeNat(),
    reason: fc.constantFrom('compacted' as const, 'expired' as const, 'accepted' as const),
    by: fc.string({ unit: 'grapheme' }),
    why: fc.string({ unit: 'binary' }),
  }),
);

const anyItem: fc.Arbitrary<Item> = fc.oneof(
  { weight: 4, arbitrary: anyRecord().map(recordItem) },
  { weight: 1, arbitrary: anyGap.map((gap): Item => ({ kind: 'gap', gap })) },
);

function unpacked(packed: Uint8Array<ArrayBuffer>): Item[] {
  const items: Item[] = [];
  unpack(packed, {
    record: (record) => items.push(recordItem(record)),
    gap: (gap) => items.push({ kind: 'gap', gap }),
  });
  return items;
}

describe('pack', () => {
  it('gives back exactly what was added, however much and in whichever chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyItem, { maxLength: 12 }), { maxLength: 4 }),
        fc.nat(200),
        (chunks, initial) => {
          const packer = new Packer(initial);
          for (const items of chunks) {
            for (const item of items) packer.add(item);
            const { byteLength } = packer;
            const packed = packer.take();
            expect(packed.length).toBe(byteLength);
            expect(packer.byteLength).toBe(0);
            // structuredClone with transfer is what postMessage does.
            const arrived = structuredClone(packed, { transfer: [packed.buffer] });
            expect(packed.buffer.detached).toBe(true);
            expect(unpacked(arrived)).toEqual(items);
          }
        },
      ),
    );
  });

  it('a buffer that came back is used again and leaves nothing of what it carried before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyItem, { maxLength: 8 }), { minLength: 2, maxLength: 5 }), (chunks) => {
        const packer = new Packer(20_000);
        let back: ArrayBuffer | null = null;
        for (const items of chunks) {
          for (const item of items) packer.add(item);
          const packed = packer.take();
          if (items.length > 0 && back !== null) expect(packed.buffer).toBe(back);
          const arrived = structuredClone(packed, { transfer: [packed.buffer] });
          expect(unpacked(arrived)).toEqual(items);
          if (items.length === 0) continue;
          packer.recycle(arrived.buffer);
          back = arrived.buffer;
        }
      }),
    );
  });

  it('keeps no buffer of another size, and not more than a few', () => {
    const packer = new Packer(1_000);
    const record = kafkaRecord({ offset: 1, value: 'abc' });
    const nextBuffer = () => {
      packer.add(recordItem(record));
      return packer.take().buffer;
    };
    const large = new ArrayBuffer(5_000);
    packer.recycle(large);
    expect(nextBuffer()).not.toBe(large);
    const given = Array.from({ length: 100 }, () => new ArrayBuffer(1_000));
    for (const buffer of given) packer.recycle(buffer);
    const used = Array.from({ length: 100 }, nextBuffer).filter((buffer) => given.includes(buffer));
    expect(used.length).toBeGreaterThan(0);
    expect(used.length).toBeLessThanOrEqual(16);
    expect(new Set(used).size).toBe(used.length);
  });

  it('null and empty stay what they are, in key, value and header value', () => {
    for (const [key, value, header] of [
      [null, '', null],
      ['', null, ''],
    ] as const) {
      const record = kafkaRecord({ offset: 7, key, value, headers: [['', header]] });
      const packer = new Packer();
      packer.add(recordItem(record));
      expect(unpacked(packer.take())).toEqual([recordItem(record)]);
    }
  });

  it('unpacks a view in the middle of a buffer into views, without a copy', () => {
    const packer = new Packer();
    packer.add(recordItem(kafkaRecord({ offset: 1, value: 'abc' })));
    const packed = packer.take();
    const around = new Uint8Array(packed.length + 100);
    around.set(packed, 50);
    const [item] = unpacked(around.subarray(50, 50 + packed.length));
    const value = item?.kind === 'record' ? recordOf(item).value : null;
    expect(value?.buffer).toBe(around.buffer);
    expect(value).toEqual(new TextEncoder().encode('abc'));
  });

  it('a record larger than the chunk travels whole', () => {
    const value = new Uint8Array(3_000_000).map((_, index) => index % 251);
    const packer = new Packer(1_000);
    packer.add(recordItem(kafkaRecord({ offset: 0, value: 'first' })));
    packer.add(recordItem(kafkaRecord({ offset: 1, value })));
    const items = unpacked(packer.take());
    expect(items.map((item) => item.kind === 'record' && recordOf(item).value?.length)).toEqual([
      5, 3_000_000,
    ]);
    const last = items[1];
    expect(last?.kind === 'record' && Buffer.compare(recordOf(last).value as Uint8Array, value)).toBe(0);
  });

  it('refuses bytes that end inside an item', () => {
    const packer = new Packer();
    packer.add(recordItem(kafkaRecord({ offset: 1, value: 'abc' })));
    const packed = packer.take();
    expect(() => unpacked(packed.slice(0, -1))).toThrow();
  });
});
