// Does a batch become lines, blocks and a root that an independent reading finds again?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { portableSha256, portableSha256Into } from '../../../src/base/hash.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { gzipCompressor, zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeDecompress } from '../../../src/base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { decodeLine, encodeEntry, type KafkaRecord } from '../../../src/format/record.ts';
import { leafHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import { BodyBuilder, type BodyTools, type SegmentBody } from '../../../src/segment/body.ts';

const tools = (encoding: 'zstd' | 'gzip'): BodyTools => ({
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  encoding,
  compress: encoding === 'zstd' ? zstdCompressor(1) : gzipCompressor(1),
});

const record = (offset: number, value: string | null, timestamp = BigInt(offset)): KafkaRecord => ({
  offset,
  timestamp,
  timestampType: 'create',
  key: null,
  headers: [],
  value: value === null ? null : utf8(value),
});

/** Reads a body back with nothing but the decompressor and the line reader. */
function linesOf(body: SegmentBody): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let at = 0;
  for (const block of body.blocks) {
    const content = nodeDecompress(
      (body.data as Uint8Array).subarray(at, at + block.bytes),
      body.encoding,
      block.content,
    );
    at += block.bytes;
    let start = 0;
    for (let end = content.indexOf(10); end >= 0; end = content.indexOf(10, start)) {
      lines.push(content.subarray(start, end));
      start = end + 1;
    }
    expect(start).toBe(content.length);
  }
  expect(at).toBe(body.data?.length ?? 0);
  return lines;
}

describe.each(['zstd', 'gzip'] as const)('a body in %s', (encoding) => {
  it('holds every line once, in order, over several blocks', () => {
    const builder = new BodyBuilder(100, tools(encoding));
    const records = Array.from({ length: 5_000 }, (_, i) =>
      record(100 + i, JSON.stringify({ i, pad: 'x'.repeat(i % 900) })),
    );
    for (const one of records) builder.record(one);
    const body = builder.finish();
    expect(body.blocks.length).toBeGreaterThan(1);
    const lines = linesOf(body);
    expect(lines.map((line) => Buffer.from(line).toString())).toEqual(
      records.map((one) => Buffer.from(encodeEntry(one)).toString()),
    );
    expect(body).toMatchObject({
      firstOffset: 100,
      nextOffset: 5_100,
      count: 5_000,
      lines: 5_000,
      missing: {},
    });
    expect(body.root).toEqual(
      rootOfLeaves(
        portableSha256,
        lines.map((line) => leafHash(portableSha256, line)),
      ),
    );
    expect(body.dataSha256).toEqual(portableSha256(body.data as Uint8Array));
    expect(body.lastRecord).toEqual({
      offset: 5_099,
      leaf: leafHash(portableSha256, lines.at(-1) as Uint8Array),
    });
  });
});

describe('a body', () => {
  it('is the same with the portable hash', () => {
    const build = (extra: Partial<BodyTools>) => {
      const builder = new BodyBuilder(0, { ...tools('zstd'), ...extra });
      for (let i = 0; i < 100; i++) builder.record(record(i, `{"i":${i}}`));
      return builder.finish();
    };
    expect(build({ sha256: portableSha256, sha256Into: portableSha256Into })).toEqual(build({}));
  });

  it('counts gaps by reason and knows its last record before them', () => {
    const builder = new BodyBuilder(5, tools('zstd'));
    builder.record(record(5, 'a'));
    builder.gap({ offset: 6, last: 8, reason: 'transaction', control: 1, aborted: 2 });
    builder.gap({ offset: 9, last: 9, reason: 'accepted', by: 'ops', why: 'lost' });
    const body = builder.finish();
    expect(body.missing).toEqual({ transaction: 3, accepted: 1 });
    expect(body).toMatchObject({ count: 1, lines: 3, nextOffset: 10 });
    expect(body.lastRecord?.offset).toBe(5);
    expect(linesOf(body).map((line) => decodeLine(line).kind)).toEqual(['entry', 'gap', 'gap']);
  });

  it('knows its last record where gaps follow in a block of their own', () => {
    const builder = new BodyBuilder(0, tools('zstd'));
    const large = record(0, 'x'.repeat(LIMITS.blockContentTarget));
    builder.record(large);
    builder.gap({ offset: 1, last: 1, reason: 'accepted', by: 'ops', why: 'lost' });
    const { blocks, lastRecord } = builder.finish();
    expect(blocks.map(({ lines }) => lines)).toEqual([1, 1]);
    expect(lastRecord).toEqual({ offset: 0, leaf: leafHash(nodeSha256, encodeEntry(large)) });
  });

  it('closes a block that gaps alone have filled', () => {
    const builder = new BodyBuilder(0, tools('zstd'));
    const why = 'x'.repeat(512);
    const count = 2 * Math.ceil(LIMITS.blockContentTarget / 512);
    for (let i = 0; i < count; i++) builder.gap({ offset: i, last: i, reason: 'accepted', by: 'ops', why });
    const { blocks } = builder.finish();
    expect(blocks.length).toBeGreaterThanOrEqual(2);
    for (const { content } of blocks) expect(content).toBeLessThan(LIMITS.blockContentTarget + 1024);
    for (const { content } of blocks.slice(0, -1))
      expect(content).toBeGreaterThanOrEqual(LIMITS.blockContentTarget);
  });

  it('takes times only from within the range that a date can show', () => {
    const builder = new BodyBuilder(0, tools('zstd'));
    for (const [i, time] of [-1n, 5n, 253_402_300_800_000n, 2n, 1n << 62n].entries())
      builder.record(record(i, '1', time));
    expect(builder.finish()).toMatchObject({ firstTimeMs: 2, lastTimeMs: 5 });
  });

  it('takes the first millisecond of 1970 and the last of 9999 for times', () => {
    for (const time of [0n, 253_402_300_799_999n]) {
      const builder = new BodyBuilder(0, tools('zstd'));
      builder.record(record(0, '1', time));
      expect(builder.finish()).toMatchObject({ firstTimeMs: Number(time), lastTimeMs: Number(time) });
    }
  });

  it('holds its closed blocks compressed and its open one as it is', () => {
    const builder = new BodyBuilder(0, tools('gzip'));
    expect(builder.heldBytes).toBe(0);
    const open: number[] = [];
    for (let i = 0; builder.heldBytes >= (open.at(-1) ?? 0); i++) {
      open.push(builder.heldBytes);
      builder.record(record(i, JSON.stringify('x'.repeat(10_000))));
    }
    // One block is closed, and nothing else is held: far less than its lines, and more than nothing.
    const [block] = builder.finish().blocks;
    expect(open.at(-1)).toBeGreaterThan(LIMITS.blockContentTarget - 11_000);
    expect(builder.heldBytes).toBe(block?.bytes);
  });

  it('without lines has no data', () => {
    expect(new BodyBuilder(7, tools('zstd')).finish()).toMatchObject({
      data: null,
      lines: 0,
      nextOffset: 7,
      lastRecord: null,
    });
  });

  it('takes a run of lines as it takes their records', () => {
    const records = Array.from({ length: 5 }, (_, i) => record(i, `{"i":${i}}`, BigInt(10 - i)));
    const lines = records.map((one) => `${new TextDecoder().decode(encodeEntry(one))}\n`);
    const starts = lines.map((_, i) => lines.slice(0, i).join('').length);
    const byRecord = new BodyBuilder(0, tools('zstd'));
    for (const one of records) byRecord.record(one);
    const byRun = new BodyBuilder(0, tools('zstd'));
    byRun.record(records[0] as KafkaRecord);
    const rest = lines.slice(1).join('');
    const shifted = Uint32Array.from(starts.slice(1), (start) => start - (starts[1] as number));
    byRun.run({ bytes: utf8(rest), starts: shifted, firstTimeMs: 6, lastTimeMs: 9 });
    const body = byRun.finish();
    expect(body).toEqual(byRecord.finish());
    expect(body).toMatchObject({ count: 5, lines: 5, nextOffset: 5, firstTimeMs: 6, lastTimeMs: 10 });
  });

  it('takes a run of which no record has a time', () => {
    const one = record(0, '{}', -1n);
    const bytes = utf8(`${new TextDecoder().decode(encodeEntry(one))}\n`);
    const builder = new BodyBuilder(0, tools('zstd'));
    builder.run({ bytes, starts: Uint32Array.of(0), firstTimeMs: null, lastTimeMs: null });
    const body = builder.finish();
    expect(body).toMatchObject({ count: 1, nextOffset: 1, firstTimeMs: null, lastTimeMs: null });
    const byRecord = new BodyBuilder(0, tools('zstd'));
    byRecord.record(one);
    expect(body).toEqual(byRecord.finish());
  });

  it('refuses an offset out of turn', () => {
    const builder = new BodyBuilder(0, tools('zstd'));
    expect(() => builder.record(record(1, 'a'))).toThrow('offset 1 where 0 follows');
    expect(() => builder.gap({ offset: 2, last: 3, reason: 'transaction', control: 2, aborted: 0 })).toThrow(
      'gap at 2',
    );
  });
});
