// Do primitive values come back, and is every read beyond the bytes refused?
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../../../src/ingest/kafka/protocol/wire.ts';
import { varint } from './encode.ts';

const readerOf = (...bytes: number[]) => new ByteReader(new Uint8Array(bytes));

describe('ByteReader', () => {
  it.each([
    0,
    -1,
    1,
    63,
    64,
    -64,
    -65,
    8191,
    8192,
    2 ** 27 - 1,
    2 ** 27,
    -(2 ** 27),
    2 ** 31 - 1,
    -(2 ** 31),
  ])('varint %i', (value) => {
    const reader = readerOf(...varint(value));
    expect(reader.varint()).toBe(value);
    expect(reader.at).toBe(reader.end);
  });

  it.each([0n, -1n, 2n ** 27n - 1n, -(2n ** 27n), 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)])(
    'varlong %s',
    (value) => {
      expect(readerOf(...varint(value)).varlong()).toBe(value);
    },
  );

  it('smallVarlong takes what fits into 28 bits and leaves the rest', () => {
    expect(readerOf(...varint(-(2 ** 27))).smallVarlong()).toBe(-(2 ** 27));
    expect(readerOf(...varint(2 ** 27 - 1)).smallVarlong()).toBe(2 ** 27 - 1);
    const reader = readerOf(...varint(2 ** 27));
    expect(reader.smallVarlong()).toBeNull();
    expect(reader.varlong()).toBe(2n ** 27n);
  });

  it.each([
    ['varint', 5],
    ['uvarint', 5],
    ['varlong', 10],
  ] as const)('%s of more than %i bytes is refused', (method, bytes) => {
    expect(() => readerOf(...Array<number>(bytes).fill(0xff), 0)[method]()).toThrow(/more than|bytes/);
  });

  it('refuses every read that goes beyond the end', () => {
    const reader = new ByteReader(new Uint8Array(100), 0, 3);
    expect(() => reader.int32()).toThrow('the bytes end');
    expect(() => reader.int64()).toThrow('the bytes end');
    expect(() => reader.view(4)).toThrow('the bytes end');
    expect(() => reader.view(-1)).toThrow('the bytes end');
    expect(() => readerOf(0x80).varint()).toThrow('the bytes end');
    expect(() => readerOf(0x80).smallVarlong()).toThrow('the bytes end');
  });

  it('refuses a count that the bytes can not hold, before it makes room', () => {
    expect(() => readerOf(0x7f, 0xff, 0xff, 0xff).array(() => 1)).toThrow('the bytes end');
    expect(() => readerOf(0xff, 0xff, 0xff, 0xff, 0x0f).compactArray(() => 1)).toThrow('the bytes end');
  });

  it('reads a null array as none', () => {
    expect(readerOf(0xff, 0xff, 0xff, 0xff).array(() => 1)).toEqual([]);
    expect(readerOf(0).compactArray(() => 1)).toEqual([]);
  });

  it.each([
    [0n, 0],
    [-1n, -1],
    [2n ** 53n - 1n, 2 ** 53 - 1],
    [2n ** 53n, 2 ** 53],
    [2n ** 63n - 1n, 2 ** 53],
    [-(2n ** 63n), -(2 ** 53)],
  ])('an int64 of %s comes near as %i', (value, near) => {
    const bytes = new ByteWriter().int64(value).bytes();
    expect(new ByteReader(bytes).nearInt64()).toBe(near);
    expect(new ByteReader(bytes).int64()).toBe(value);
  });

  it('reads views at their place in a larger buffer', () => {
    const outer = new Uint8Array([9, 9, 1, 2, 3, 9]);
    const reader = new ByteReader(outer.subarray(2, 5));
    expect(reader.int8()).toBe(1);
    expect([...reader.view(2)]).toEqual([2, 3]);
  });

  it('skips tagged fields', () => {
    const reader = readerOf(2, 0, 3, 7, 7, 7, 1, 0, 42);
    reader.skipTags();
    expect(reader.int8()).toBe(42);
  });
});

describe('ByteWriter', () => {
  it('writes what the reader reads, over many growths', () => {
    const out = new ByteWriter();
    for (let i = 0; i < 500; i++)
      out
        .int32(i)
        .uvarint(i * 1000)
        .string(`täst ${i}`)
        .compactString('x'.repeat(i));
    const reader = new ByteReader(out.bytes());
    for (let i = 0; i < 500; i++) {
      expect([reader.int32(), reader.uvarint(), reader.string(), reader.compactString()]).toEqual([
        i,
        i * 1000,
        `täst ${i}`,
        'x'.repeat(i),
      ]);
    }
    expect(reader.at).toBe(reader.end);
  });
});
