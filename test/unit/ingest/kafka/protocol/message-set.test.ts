// Do messages of the formats before 0.11 come out, whole or compressed? Their bytes are made by kafkajs's own encoders.
import { createRequire } from 'node:module';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decoded, partsOf } from './decode.ts';
import { batchBytes, joined } from './encode.ts';

/** kafkajs's encoder takes Buffers for bytes, and anything else for text. */
const buf = (text: string): Buffer => Buffer.from(text);

type Encoded = { readonly buffer: Buffer };
const require = createRequire(import.meta.url);
const messageV0 = require('kafkajs/src/protocol/message/v0') as (m: object) => Encoded;
const messageV1 = require('kafkajs/src/protocol/message/v1') as (m: object) => Encoded;

/** Offset and size, as they stand before each message of a set. */
function entry(offset: number | bigint, message: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + message.length);
  const view = new DataView(out.buffer);
  view.setBigInt64(0, BigInt(offset));
  view.setInt32(8, message.length);
  out.set(message, 12);
  return out;
}

const v0 = (offset: number | bigint, fields: object) => entry(offset, messageV0(fields).buffer);
const v1 = (offset: number | bigint, fields: object) => entry(offset, messageV1(fields).buffer);

/** Flags that kafkajs never writes. */
function withAttributes(message: Uint8Array, attributes: number): Uint8Array {
  const out = message.slice();
  out[17] = attributes;
  new DataView(out.buffer).setUint32(12, crc32(out.subarray(16)));
  return out;
}

const values = (found: Awaited<ReturnType<typeof decoded>>) =>
  found.records.map(({ offset, value }) => [offset, value && new TextDecoder().decode(value)]);

describe('messages of formats 0 and 1', () => {
  it('format 0 has no timestamp', async () => {
    const found = await decoded(
      [v0(5, { key: buf('k'), value: buf('a') }), v0(6, { key: null, value: null })],
      5,
    );
    expect(values(found)).toEqual([
      [5, 'a'],
      [6, null],
    ]);
    expect(found.records[0]).toMatchObject({ timestamp: -1n, timestampType: 'create', headers: [] });
    expect(found.next).toBe(7);
  });

  it('format 1 has one, of the producer or of the broker', async () => {
    const create = v1(0, { timestamp: 1234, key: buf('k'), value: buf('a') });
    const found = await decoded([
      create,
      withAttributes(v1(1, { timestamp: 99, key: null, value: buf('b') }), 8),
    ]);
    expect(found.records.map(({ timestamp, timestampType }) => [timestamp, timestampType])).toEqual([
      [1234n, 'create'],
      [99n, 'append'],
    ]);
  });

  it('compressed in format 1: offsets count from the outer message', async () => {
    const inner = joined(
      ...[0, 1, 2].map((i) => v1(i, { timestamp: 10 + i, key: null, value: buf(`m${i}`) })),
    );
    const outer = v1(42, { compression: 1, timestamp: 12, key: null, value: gzipSync(inner) });
    expect(values(await decoded([outer], 41))).toEqual([
      [41, 'm1'],
      [42, 'm2'],
    ]);
    const append = await decoded([withAttributes(outer, 1 | 8)], 40);
    expect(append.records.map(({ timestamp, timestampType }) => [timestamp, timestampType])).toEqual(
      Array(3).fill([12n, 'append']),
    );
  });

  it('compressed in format 0: inner messages keep their offsets', async () => {
    const inner = joined(v0(40, { key: null, value: buf('x') }), v0(42, { key: null, value: buf('y') }));
    // The outer message's own offset says nothing in this format.
    const found = await decoded([v0(43, { compression: 1, key: null, value: gzipSync(inner) })], 40);
    expect(values(found)).toEqual([
      [40, 'x'],
      [42, 'y'],
    ]);
    expect(found.next).toBe(43);
  });

  it('formats may follow each other, as after an upgrade', async () => {
    const found = await decoded([
      v0(0, { key: null, value: buf('a') }),
      v1(1, { key: null, value: buf('b') }),
      batchBytes({ baseOffset: 2, records: [{ value: buf('c') }] }),
    ]);
    expect(found.offsets).toEqual([0, 1, 2]);
  });

  it.each([
    ['a wrong checksum', () => flipped(v1(1, { key: null, value: buf('abc') }), 30), /CRC-32/],
    [
      'a codec that is not known',
      () => withAttributes(v1(1, { key: null, value: buf('abc') }), 6),
      /codec 6/,
    ],
    [
      'compressed without content',
      () => withAttributes(v1(1, { key: null, value: null }), 1),
      /without content/,
    ],
    ['an offset beyond 2^53 − 2', () => v1(2n ** 53n, { key: null, value: null }), /beyond/],
    [
      'rubbish inside',
      () => v1(1, { compression: 1, key: null, value: gzipSync(new Uint8Array(40).fill(9)) }),
      /./,
    ],
  ])('%s ends the fetch there', async (_, make, reason) => {
    const found = await decoded([v1(0, { key: null, value: buf('good') }), make()]);
    expect(found.offsets).toEqual([0]);
    expect(found.undecodable).toMatchObject({ offset: 1 });
    expect(found.undecodable?.reason).toMatch(reason);
  });

  it('bounded as well', async () => {
    const bomb = v1(0, { compression: 1, key: null, value: gzipSync(new Uint8Array(70_000_000)) });
    const found = await decoded([bomb]);
    expect(found.undecodable?.reason).toContain('more than 67108864 bytes');
  });

  it('many in one come in parts', async () => {
    const inner = v1(0, { timestamp: 1, key: null, value: buf('m') });
    const many = joined(
      ...Array.from({ length: 20_000 }, (_, i) => {
        const one = inner.slice();
        new DataView(one.buffer).setBigInt64(0, BigInt(i));
        return one;
      }),
    );
    const outer = v1(119_999, { compression: 1, timestamp: 1, key: null, value: gzipSync(many) });
    const parts = await partsOf([outer], 100_003);
    expect(parts.map(({ next }) => next)).toEqual([108_192, 116_384, 120_000]);
    expect(parts.flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual(
      Array.from({ length: 19_997 }, (_, i) => 100_003 + i),
    );
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice();
  out[at] = (out[at] as number) ^ 1;
  return out;
}
