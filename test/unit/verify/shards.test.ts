// Can anything be hidden between the shards of a verification, or behind them?
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { leafHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import type { ShardOfChain } from '../../../src/verify/range-check.ts';
import { verifyShard, verifyShards } from '../../../src/verify/shards.ts';
import type { VerifyOptions } from '../../../src/verify/verify.ts';
import {
  ArchiveBuilder,
  type BuiltSegment,
  type ChainBuilder,
  entries,
  NOW_MS,
  signer,
} from '../../support/archive-builder.ts';
import { codesOf, tools, verifyBuilt } from './run-verify.ts';

let builder: ArchiveBuilder;
let chain: ChainBuilder;
let made: BuiltSegment[];

const seal = async (segments: number) => {
  for (let i = 0; i < segments; i++) made.push(await chain.seal({ lines: entries(made.length * 5, 5) }));
};

beforeEach(async () => {
  builder = new ArchiveBuilder();
  chain = builder.chain();
  made = [];
  await seal(10);
});

const optionsOf = ({ trusted }: ArchiveBuilder, more: Partial<VerifyOptions> = {}): VerifyOptions => ({
  ...{ trusted, depth: 'content', nowMs: NOW_MS, sha256: nodeSha256, checker: portableChecker(tools) },
  ...more,
});

/** `of` shards with ranges of three segments, one after the other. */
async function shardsOf(of: number, between: () => unknown = () => {}): Promise<ShardOfChain[]> {
  const shards: ShardOfChain[] = [];
  for (let index = 1; index <= of; index++) {
    if (index > 1) await between();
    shards.push(...(await verifyShard(builder.archive, optionsOf(builder), { index, of, segments: 3 })));
  }
  return shards;
}
const join = (shards: readonly ShardOfChain[], more: Partial<VerifyOptions> = {}) =>
  verifyShards(builder.archive, optionsOf(builder, more), shards);
const froms = (shards: readonly ShardOfChain[]) =>
  shards.flatMap(({ ranges }) => ranges.map(({ from }) => from)).sort((a, b) => a - b);

describe('shards of a sound archive', () => {
  it.each([1, 2, 3, 4, 7])('%d of them have each range once, and join to what one run says', async (of) => {
    const shards = await shardsOf(of);
    expect(froms(shards)).toEqual([0, 3, 6, 9]);
    const report = await join(shards);
    const { checked: _, ...whole } = (await verifyBuilt(builder)).chains[0]!;
    const { checked, ...joined } = report.chains[0]!;
    expect(joined).toEqual(whole);
    expect(checked).toMatchObject({ dataObjects: 10, lines: 50, signatures: 10, seals: 10 });
  });

  it('are spread over the chains: not each first range is of the first shard', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await builder.chain(name).fill(1, 1);
    const first = await verifyShard(builder.archive, optionsOf(builder), { index: 1, of: 2, segments: 1000 });
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(9);
  });

  it('may grow meanwhile, and afterwards: what no shard had is checked in the end', async () => {
    const shards = await shardsOf(4, () => seal(4));
    await seal(3);
    const before = made.length;
    const report = await join(shards);
    expect(report).toMatchObject({ verdict: 'verified', chains: [{ size: before, entries: before * 5 }] });
    expect(report.chains[0]?.entriesRead).toBe(before * 5);
    builder.archive.alter(made.at(-1)?.dataKey as string, (bytes) =>
      bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    );
    expect(codesOf(await join(shards))).toContain('data-altered');
  });

  it('change over to another key on the way', async () => {
    const [one, two] = [signer(), signer('next')];
    made.push(await chain.seal({ lines: entries(50, 5), signers: [one, two] }));
    for (let i = 11; i < 16; i++) made.push(await chain.seal({ lines: entries(i * 5, 5), signers: [two] }));
    expect((await join(await shardsOf(3))).verdict).toBe('verified');
  });
});

describe('what somebody tries between shards', () => {
  it('another chain for one of them is a fork', async () => {
    const other = new ArchiveBuilder();
    const forged = other.chain();
    for (let i = 0; i < 10; i++) await forged.seal({ lines: entries(i * 4, 4) });
    const ours = await verifyShard(builder.archive, optionsOf(builder), { index: 1, of: 2, segments: 3 });
    const theirs = await verifyShard(other.archive, optionsOf(other), { index: 2, of: 2, segments: 3 });
    const report = await join([...ours, ...theirs]);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toContain('fork');
  });

  it('a share of segments that is gone is found by nobody alone, and by all', async () => {
    for (const segment of made.slice(3, 6)) {
      builder.archive.remove(segment.sealKey);
      builder.archive.remove(segment.dataKey as string);
    }
    const shards = await shardsOf(4);
    expect(froms(shards)).toEqual([0, 3, 6, 9]);
    const report = await join(shards);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toContain('sequence-gap');
  });

  it('a hole of whole ranges is jumped over: what lies behind it is looked at', async () => {
    for (const { sealKey } of made.slice(2, 9)) builder.archive.remove(sealKey);
    const shards = await shardsOf(2);
    expect(froms(shards)).toEqual([0, 9]);
    expect(codesOf(await join(shards))).toContain('sequence-gap');
  });

  it('an end that is cut off after the shards ran is a truncation', async () => {
    const shards = await shardsOf(2);
    for (const segment of made.slice(7)) builder.archive.remove(segment.sealKey);
    const report = await join(shards);
    expect(report.verdict).toBe('broken');
    expect(codesOf(report)).toContain('truncation');
  });

  it('a chain that is gone after the shards ran is a truncation', async () => {
    await builder.chain('other').fill(1, 1);
    const shards = await shardsOf(2);
    for (const { sealKey, dataKey } of made)
      for (const key of [sealKey, dataKey as string]) builder.archive.remove(key);
    const report = await join(shards);
    expect(report.verdict).toBe('broken');
    expect(report.findings).toMatchObject([
      {
        code: 'truncation',
        expected: 'orders/0 of size 10, as when its shards were checked',
        found: 'no chain',
      },
    ]);
  });

  it('objects at the seams are reported once', async () => {
    const seam = made[5]?.dataKey as string;
    builder.archive.put(`${seam.replace(/[^/]*$/, '')}000000000005-zzz`, new Uint8Array(1));
    builder.archive.put(made[5]!.sealKey.replace('.tlog-proof', '.x'), new Uint8Array(1));
    const whole = await verifyBuilt(builder);
    const report = await join(await shardsOf(2));
    const found = report.chains[0]?.findings ?? [];
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([...(whole.chains[0]?.findings ?? [])]));
  });

  it('a seal far behind the end costs no more than the objects that are there', async () => {
    builder.archive.put(made[9]!.sealKey.replace('000000000009', '999999999999'), new Uint8Array(1));
    const shards = await shardsOf(3);
    expect((await join(shards)).verdict).toBe('broken');
  });

  it('the same range twice is an error and is not counted twice', async () => {
    const shards = await shardsOf(2);
    await expect(join([...shards, ...shards])).rejects.toThrow('orders/0: two ranges have segment 0');
  });

  it('a shard that is left out is made good, as far as segments go', async () => {
    const [first] = await shardsOf(2);
    const report = await join([first as ShardOfChain]);
    expect(report).toMatchObject({ verdict: 'verified', chains: [{ entriesRead: 50 }] });
  });
});

describe('a seal that could not be read once', () => {
  /** Of the last seal of the first range. */
  const failing = (): ArchiveReader => ({
    listVersions: builder.archive.listVersions.bind(builder.archive),
    lock: builder.archive.lock.bind(builder.archive),
    read: async (key, versionId, options) => {
      if (key === made[2]?.sealKey) throw new Error('SlowDown');
      return builder.archive.read(key, versionId, options);
    },
  });
  const only = async (index: number, reader: ArchiveReader) =>
    verifyShard(reader, optionsOf(builder), { index, of: 4, segments: 3 });

  it.each([
    ['by its own range', 0],
    ['by the range behind it', 3],
  ])('%s: nothing is shown, and nobody is accused', async (_, from) => {
    const shards: ShardOfChain[] = [];
    for (let index = 1; index <= 4; index++) {
      const sound = await only(index, builder.archive);
      const isIt = sound.some(({ ranges }) => ranges.some((range) => range.from === from));
      shards.push(...(isIt ? await only(index, failing()) : sound));
    }
    const report = await join(shards);
    expect(report.verdict).toBe('unverifiable');
    expect(codesOf(report)).toEqual(['unreadable']);
  });
});

describe('what others say of a size within a range', () => {
  const rootAt = (size: number) =>
    rootOfLeaves(
      nodeSha256,
      made.slice(0, size).map(({ manifestBytes }) => leafHash(nodeSha256, manifestBytes)),
    );
  const word = (size: number, root: Uint8Array) => ({
    confirmed: [{ origin: chain.origin, size, root, from: 'the second party' }],
  });

  it('is compared, though no shard knew it', async () => {
    const shards = await shardsOf(2);
    const root = rootAt(5);
    const report = await join(shards, word(5, root));
    expect(report).toMatchObject({ verdict: 'verified', chains: [{ knownSize: 5 }] });
    const other = await join(
      shards,
      word(
        5,
        root.map((byte) => byte ^ 1),
      ),
    );
    expect(other.verdict).toBe('broken');
    expect(codesOf(other)).toContain('fork');
  });

  it('beyond the end is a truncation', async () => {
    expect(codesOf(await join(await shardsOf(2), word(11, rootAt(5))))).toContain('truncation');
  });
});
