// Is every stored byte, block and line checked, and is hostile content bounded?
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { gzipCompressor, zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeEntry } from '../../../src/format/line-writer.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { checkData, type Decompress } from '../../../src/verify/content.ts';
import type { DataClaim } from '../../../src/verify/data-claim.ts';
import { workerChecker } from '../../../src/verify/node/worker-checker.ts';
import { ArchiveBuilder, entries, type SegmentWords } from '../../support/archive-builder.ts';
import { tools } from './run-verify.ts';

async function dataOf(words: SegmentWords): Promise<{ bytes: Uint8Array; claim: DataClaim }> {
  const builder = new ArchiveBuilder();
  const { manifest, dataKey } = await builder
    .chain()
    .seal({ lines: entries(0, 12), linesPerBlock: 3, ...words });
  if (manifest.data === null) throw new Error('the test needs lines');
  const { records, entries: lines, time } = manifest;
  return {
    bytes: (builder.archive.bytesOf(dataKey ?? '') as Uint8Array).slice(),
    claim: { data: manifest.data, records, entries: lines, time },
  };
}

const codes = (problems: readonly { readonly code: string }[]) => [
  ...new Set(problems.map(({ code }) => code)),
];

describe('checkData', () => {
  it('finds nothing in good data, and counts it', async () => {
    const { bytes, claim } = await dataOf({});
    const contentBytes = claim.data.blocks.reduce((sum, block) => sum + block.content, 0);
    expect(await checkData(bytes, claim, tools)).toEqual({
      ...{ lines: 12, records: 12, contentBytes, problems: [] },
      gapLines: { control: 0, aborted: 0, decided: 0, gaps: [], omitted: 0 },
    });
  });

  it('frees the content of each block, but no memory that others may share', async () => {
    const { bytes, claim } = await dataOf({});
    const whole: Uint8Array[] = [];
    const alone: Decompress = async (...block) => {
      const content = new Uint8Array(await tools.decompress(...block));
      whole.push(content);
      return content;
    };
    await checkData(bytes.slice(), claim, { ...tools, decompress: alone });
    expect(whole.map(({ buffer }) => buffer.byteLength)).toEqual([0, 0, 0, 0]);
    const pool = new Uint8Array(1 << 16);
    const pooled: Decompress = async (...block) => {
      const content = await tools.decompress(...block);
      pool.set(content, 100);
      return pool.subarray(100, 100 + content.length);
    };
    expect((await checkData(bytes, claim, { ...tools, decompress: pooled })).problems).toEqual([]);
    expect(pool.length).toBe(1 << 16);
  });

  it('names the block that is broken, and reads the others', async () => {
    const { bytes, claim } = await dataOf({});
    const at = (claim.data.blocks[0]?.bytes ?? 0) + 4;
    bytes[at] = (bytes[at] as number) ^ 0xff;
    const { problems, lines } = await checkData(bytes, claim, tools);
    expect(codes(problems)).toEqual(['data-altered', 'block-mismatch']);
    expect(problems[1]?.found).toMatch(/^block 1: /);
    expect(lines).toBe(9);
  });

  it.each([
    { name: 'cut', change: (bytes: Uint8Array) => bytes.subarray(0, -3) },
    { name: 'empty', change: () => new Uint8Array(0) },
    { name: 'longer', change: (bytes: Uint8Array) => new Uint8Array([...bytes, ...bytes]) },
  ])('finds data that is $name', async ({ change }) => {
    const { bytes, claim } = await dataOf({});
    expect(codes((await checkData(change(bytes), claim, tools)).problems)).toContain('data-altered');
  });

  const claimOf = (claim: DataClaim, block: Partial<DataClaim['data']['blocks'][number]>): DataClaim => ({
    ...claim,
    data: {
      ...claim.data,
      blocks: claim.data.blocks.map((each, i) => (i === 2 ? { ...each, ...block } : each)),
    },
  });

  it.each([
    { name: 'more lines', block: { lines: 4 } },
    { name: 'fewer lines', block: { lines: 2 } },
    { name: 'less content', block: { content: 100 } },
    { name: 'more content', block: { content: 10_000 } },
  ])('finds a block with $name than it should have', async ({ block }) => {
    for (const encoding of ['zstd', 'gzip'] as const) {
      const { bytes, claim } = await dataOf({ encoding });
      expect(codes((await checkData(bytes, claimOf(claim, block), tools)).problems)).toContain(
        'block-mismatch',
      );
    }
  });

  it('finds bytes after the last block, even where their hash is the stated one', async () => {
    const { bytes, claim } = await dataOf({});
    const longer = new Uint8Array([...bytes, ...zstdCompressor(3)(utf8('{"offset":99,"timestamp":0}\n'))]);
    const hashed = { ...claim, data: { ...claim.data, sha256: toHex(nodeSha256(longer)) } };
    expect(codes((await checkData(longer, hashed, tools)).problems)).toEqual(['data-altered']);
  });

  it('finds a last line without its LF', async () => {
    const content = encodeEntry(entries(0, 1)[0] as KafkaRecord);
    const { bytes, claim } = await dataOf({ lines: entries(0, 1), block: () => zstdCompressor(3)(content) });
    const changed = {
      ...claim,
      data: { ...claim.data, blocks: [{ ...claim.data.blocks[0], content: content.length }] },
    };
    const { problems } = await checkData(bytes, changed as DataClaim, tools);
    expect(codes(problems)).toContain('block-mismatch');
    expect(problems[0]?.found).toContain('a line without its end');
  });

  it('lists a bounded number of problems', async () => {
    const { bytes, claim } = await dataOf({
      lines: entries(0, 500),
      encodedLines: (lines) => lines.map(() => utf8('{"nothing":"of ours at all"}')),
      manifest: (manifest) => manifest,
    });
    const { problems } = await checkData(bytes, claim, tools);
    expect(codes(problems)).toEqual(['malformed']);
    expect(problems.length).toBeLessThan(50);
  });

  it('finds that gaps are counted under another reason', async () => {
    const gap = { offset: 12, last: 14, reason: 'compacted', by: 'ops', why: 'known' } as const;
    const { bytes, claim } = await dataOf({ lines: [...entries(0, 12), gap] });
    expect((await checkData(bytes.slice(), claim, tools)).problems).toEqual([]);
    const other = { ...claim, records: { ...claim.records, missing: { expired: 3 } } };
    const { problems } = await checkData(bytes, other, tools);
    expect(problems.map(({ code, expected }) => [code, expected])).toEqual([
      ['count-mismatch', 'records.missing.expired 3'],
      ['count-mismatch', 'records.missing.compacted 0'],
    ]);
  });
});

/** A zstd frame that says `content` and holds RLE blocks of 128 KiB each: four bytes stand for all of that. */
function zstdBomb(content: number, blocks: number): Uint8Array {
  const frame = new Uint8Array(9 + blocks * 4);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  frame[4] = 0xa0;
  view.setUint32(5, content, true);
  for (let i = 0; i < blocks; i++) {
    const isLast = i === blocks - 1 ? 1 : 0;
    view.setUint32(9 + i * 4, (isLast | (1 << 1) | ((128 * 1024) << 3)) & 0xffffff, true);
    frame[9 + i * 4 + 3] = 0x41;
  }
  return frame;
}

describe('hostile content', () => {
  const MIB = 1024 * 1024;
  const bombs = [
    { name: 'a frame of 4 GiB that says 1 MiB', encoding: 'zstd', make: () => zstdBomb(MIB, 32_768) },
    {
      name: 'a frame that says 1 TiB',
      encoding: 'zstd',
      make: () => zstdCompressor(3)(new Uint8Array(2 ** 28)),
    },
    { name: 'a member of 256 MiB', encoding: 'gzip', make: () => gzipCompressor(9)(new Uint8Array(2 ** 28)) },
  ] as const;

  it.each(bombs)('does not blow up: $name', async ({ encoding, make }) => {
    const block = make();
    const { bytes, claim } = await dataOf({ encoding, block: (stored, i) => (i === 1 ? block : stored) });
    const honest = claim.data.blocks[1]?.content ?? 0;
    let greatest = 0;
    const decompress: Decompress = async (stored, kind, contentBytes) => {
      const content = await tools.decompress(stored, kind, contentBytes);
      greatest = Math.max(greatest, content.length);
      return content;
    };
    const before = process.resourceUsage().maxRSS;
    for (const content of [honest, MIB]) {
      const blocks = claim.data.blocks.map((each, i) => (i === 1 ? { ...each, content } : each));
      const lying = { ...claim, data: { ...claim.data, blocks } };
      const { problems } = await checkData(bytes.slice(), lying, { ...tools, decompress });
      expect(codes(problems)).toContain('block-mismatch');
    }
    expect(greatest).toBeLessThanOrEqual(MIB);
    // KiB. The bombs would need at least 256 MiB.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(96 * 1024);
  });
});

describe('workerChecker', () => {
  it('has as many threads as it is told, and at least one', async () => {
    for (const [threads, parallelism] of [
      [0, 1],
      [1, 1],
      [3, 3],
    ] as const) {
      const checker = workerChecker({ threads });
      expect(checker.parallelism).toBe(parallelism);
      await checker.close();
    }
  });

  it('says what the portable one says, for good and bad data, from several threads', async () => {
    const checker = workerChecker({ threads: 2 });
    try {
      const good = await dataOf({});
      const bad = await dataOf({});
      bad.bytes[20] = (bad.bytes[20] as number) ^ 1;
      const inputs = [good, bad, good, bad, good, good];
      const expected = await Promise.all(
        inputs.map(({ bytes, claim }) => checkData(bytes.slice(), claim, tools)),
      );
      const found = await Promise.all(inputs.map(({ bytes, claim }) => checker.check(bytes.slice(), claim)));
      expect(found).toEqual(expected);
    } finally {
      await checker.close();
    }
  });

  it('rejects what its threads die of, replaces them, and gives up in the end instead of hanging', async () => {
    const workerUrl = new URL('./dying-worker.mjs', import.meta.url);
    const checker = workerChecker({ threads: 2, workerUrl });
    const { bytes, claim } = await dataOf({});
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, () => checker.check(bytes.slice(), claim)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(Array(12).fill('rejected'));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 'worker-died' } });
    }
    await checker.close();
  });

  it('goes on after one object that kills its thread', async () => {
    const workerUrl = new URL('./dying-worker.mjs', import.meta.url);
    const checker = workerChecker({ threads: 1, workerUrl });
    const { bytes, claim } = await dataOf({});
    const harmless = { ...claim, entries: { ...claim.entries, size: 0 } };
    const outcomes = await Promise.allSettled([
      checker.check(bytes.slice(), harmless),
      checker.check(bytes.slice(), claim),
      checker.check(bytes.slice(), harmless),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await checker.close();
  });

  it('gives no object to a thread that died while it had nothing to do', async () => {
    const code = `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => {
        parentPort.postMessage({ outcome: { lines: 1, contentBytes: 1, problems: [] } });
        setImmediate(() => process.exit(7));
      });`;
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const checker = workerChecker({ threads: 1, workerUrl });
    const { bytes, claim } = await dataOf({});
    // Whether a thread has died already when the next object comes is chance: none may wait for ever.
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (let i = 0; i < 3; i++) {
      outcomes.push(...(await Promise.allSettled([checker.check(bytes.slice(), claim)])));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(outcomes[0]?.status).toBe('fulfilled');
    expect(outcomes).toHaveLength(3);
    await checker.close();
  });

  it('rejects when its code is not there, and after close', async () => {
    const checker = workerChecker({
      threads: 1,
      workerUrl: new URL('./no-such-worker.mjs', import.meta.url),
    });
    const { bytes, claim } = await dataOf({});
    await expect(checker.check(bytes.slice(), claim)).rejects.toMatchObject({ code: 'worker-died' });
    await checker.close();
    const closed = workerChecker({ threads: 1 });
    await closed.close();
    await expect(closed.check(bytes, claim)).rejects.toMatchObject({ code: 'worker-died' });
  });
});
