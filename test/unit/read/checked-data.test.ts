// Is a segment compared with its seal in one pass: each block decompressed once, and no line given before?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { checkedData, linesOfSegment } from '../../../src/read/line-range.ts';
import { directoryStore } from '../../../src/store/directory.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { recordsOf } from '../../support/find-world.ts';
import { ledgerstone } from '../cli/captured-io.ts';

/** All that opens a zstd block asks Node's module by this name. */
let opened: MockInstance<typeof zlib.zstdDecompressSync>;

const zstdOf = zlib.zstdDecompressSync;
const BLOCKS = 5;
const PLACE = ['--topic', 'orders', '--partition', '0'];
let folder: string;
let dataKey: string;
let key: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerstone-pass-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.seal();
  const gap = { offset: 8, last: 10, reason: 'accepted', by: 'J. Doe', why: 'ticket 4711' } as const;
  const lines = [...entries(0, 8), gap, ...entries(11, 9)];
  const built = await chain.seal({ lines, linesPerBlock: 4 });
  dataKey = built.dataKey as string;
  writeCopy(builder.archive, folder);
  key = join(folder, builder.archive.keys().find((name) => name.startsWith('keys/')) as string);
  opened = vi.spyOn(zlib, 'zstdDecompressSync');
  syncBuiltinESMExports();
});
afterEach(() => {
  opened.mockRestore();
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['get --prove', ['get', '--from', '2', '--to', '17', '--prove']],
  ['prove', ['prove', '--offset', '13']],
  ['losses', ['losses']],
])('%s decompresses each block once', async (_name, [command, ...args]) => {
  const place = command === 'losses' ? [] : PLACE;
  const { code, err } = await ledgerstone([
    command as string,
    folder,
    '--key',
    key,
    ...place,
    ...(args ?? []),
  ]);
  expect(err).not.toMatch(/error/i);
  expect(code).toBe(0);
  expect(opened).toHaveBeenCalledTimes(BLOCKS);
});

async function linesWith(keptBytesMax?: number): Promise<number[]> {
  const store = directoryStore({ path: folder });
  const signal = new AbortController().signal;
  const reader = new ChainReader({ store, chain: 'orders', partition: 0, trusted: [], signal });
  const found: number[] = [];
  const range = { from: 2, to: 18 };
  for await (const { offset, line } of linesOfSegment(
    reader,
    await reader.seal(1),
    range,
    true,
    keptBytesMax,
  )) {
    expect(JSON.parse(Buffer.from(line).toString()).offset).toBe(offset);
    found.push(offset);
  }
  return found;
}

test('lines that are too many to keep are read once more, and are the same', async () => {
  const kept = await linesWith();
  expect(kept).toEqual([2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17]);
  expect(opened).toHaveBeenCalledTimes(BLOCKS);
  expect(await linesWith(1000)).toEqual(kept);
  expect(opened).toHaveBeenCalledTimes(BLOCKS + 2 * BLOCKS);
});

test('lines of a block that is freed after its check are given byte for byte', async () => {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.seal();
  // Above what decompression takes out of shared memory, which is not freed.
  const wide = (offset: number) => JSON.stringify({ offset, text: String(offset).repeat(40_000) });
  const gap = { offset: 8, last: 10, reason: 'accepted', by: 'J. Doe', why: 'ticket 4711' } as const;
  const records = recordsOf(Array.from({ length: 8 }, (_, offset) => wide(offset)));
  const built = await chain.seal({ lines: [...records, gap], linesPerBlock: 4 });
  expect(built.manifest.data?.blocks[0]?.content).toBeGreaterThan(150_000);
  rmSync(folder, { recursive: true });
  writeCopy(builder.archive, folder);
  const run = (...args: string[]) => ledgerstone([args[0] as string, folder, '--key', key, ...args.slice(1)]);
  const { out } = await run('get', ...PLACE, '--from', '1', '--to', '10', '--prove');
  const lines = out.trimEnd().split('\n');
  expect(lines.length).toBe(8);
  for (const [index, line] of lines.slice(0, 7).entries()) {
    expect(line.endsWith(`"value":${wide(index + 1)}}`)).toBe(true);
  }
  const proof = JSON.parse((await run('prove', ...PLACE, '--offset', '3', '--json')).out);
  expect(proof.line).toBe(lines[2]);
  expect((await run('losses')).out).toContain('ticket 4711');
  const found = await run('find', '--where', `/offset=2`, '--format', 'jsonl');
  expect(found.out.split('\n')[0]).toContain(`"value":${wide(2)}}`);
});

test('no line is given of data that is not what was sealed', async () => {
  const path = join(folder, dataKey);
  const bytes = readFileSync(path);
  bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1;
  writeFileSync(path, bytes);
  const { code, out } = await ledgerstone(['get', folder, '--key', key, ...PLACE, '--prove']);
  expect(code).toBe(1);
  expect(out).toBe('');
});

test('other work of the thread has its turn before each block', async () => {
  const store = directoryStore({ path: folder });
  const reader = new ChainReader({
    ...{ store, chain: 'orders', partition: 0, trusted: [], signal: new AbortController().signal },
  });
  const seal = await reader.seal(1);
  let turns = 0;
  const seen: number[] = [];
  opened.mockImplementation((...args) => {
    seen.push(turns);
    return zstdOf(...args);
  });
  let isOver = false;
  const other = () => {
    turns++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  await checkedData(reader, seal, () => {});
  isOver = true;
  expect(new Set(seen).size).toBe(BLOCKS);
});
