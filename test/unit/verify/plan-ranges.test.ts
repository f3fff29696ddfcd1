// Is each segment in one range, and is none larger than was asked for?
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { leafHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { planArchive, verifyRange } from '../../../src/verify/shards.ts';
import type { VerifyOptions } from '../../../src/verify/verify.ts';
import { ArchiveBuilder, type ChainBuilder, entries, NOW_MS } from '../../support/archive-builder.ts';
import { tools } from './run-verify.ts';

const optionsOf = ({ trusted }: ArchiveBuilder): VerifyOptions => ({
  ...{ trusted, depth: 'content', nowMs: NOW_MS, sha256: nodeSha256, checker: portableChecker(tools) },
});
const rangesOf = async (builder: ArchiveBuilder, size: { bytes?: number; segments?: number }) => {
  const { bytes = 1e12, segments = 1e6 } = size;
  const ranges = await planArchive(builder.archive, optionsOf(builder), { bytes, segments });
  return ranges.map(({ chain, from, before }) => `${chain} ${from}-${before}`);
};
const fill = async (chain: ChainBuilder, counts: readonly number[]) => {
  const made = [];
  for (const count of counts) made.push(await chain.seal({ lines: entries(chain.nextOffset, count) }));
  return made;
};

describe('the ranges of an archive', () => {
  it('follow each other, chain by chain, by segments', async () => {
    const builder = new ArchiveBuilder();
    await fill(builder.chain('a'), [1, 1, 1, 1, 1]);
    await fill(builder.chain('b'), [1, 1]);
    expect(await rangesOf(builder, { segments: 2 })).toEqual(['a 0-2', 'a 2-4', 'a 4-5', 'b 0-2']);
    expect(await rangesOf(builder, { segments: 9 })).toEqual(['a 0-5', 'b 0-2']);
    expect(await rangesOf(new ArchiveBuilder(), {})).toEqual([]);
  });

  it('end where their data would be more than was asked for, and one segment is always taken', async () => {
    const builder = new ArchiveBuilder();
    const made = await fill(builder.chain(), [1, 1, 400, 1, 1]);
    const sizes = await Promise.all(
      made.map(async ({ dataKey }) => {
        for await (const { size } of builder.archive.listVersions(String(dataKey))) return size;
        return 0;
      }),
    );
    const [small = 0, , large = 0] = sizes;
    expect(large).toBeGreaterThan(2 * small);
    expect(await rangesOf(builder, { bytes: 2 * small + 10 })).toEqual([
      'orders 0-2',
      'orders 2-3',
      'orders 3-5',
    ]);
    expect(await rangesOf(builder, { bytes: 1 })).toHaveLength(5);
  });

  it('leave out a hole, however long it is', async () => {
    const builder = new ArchiveBuilder();
    const made = await fill(builder.chain(), [1, 1, 1, 1, 1, 1]);
    for (const { sealKey } of made.slice(1, 4)) builder.archive.remove(sealKey);
    builder.archive.put(
      String(made[0]?.sealKey).replace('000000000000.', '999999999999.'),
      new Uint8Array(9),
    );
    expect(await rangesOf(builder, { segments: 3 })).toEqual([
      ...['orders 0-1', 'orders 4-6', 'orders 999999999999-1000000000000'],
    ]);
  });

  it('end where another chain goes on', async () => {
    const builder = new ArchiveBuilder();
    const old = builder.chain('old');
    await fill(old, [1, 1, 1]);
    const { manifests, nextOffset, origin } = old.copy();
    await fill(old, [1, 1]);
    const root = toHex(
      rootOfLeaves(
        nodeSha256,
        manifests.map((one) => leafHash(nodeSha256, one)),
      ),
    );
    const next = builder.chain('new', 0, nextOffset);
    await next.seal({
      lines: entries(nextOffset, 1),
      continues: { origin, size: 3, root, nextOffset, reason: 'a test', by: 'somebody' },
    });
    expect(await rangesOf(builder, { segments: 2 })).toEqual(['new 0-1', 'old 0-2', 'old 2-3']);
  });

  it('are checked one by one; of a chain that is gone there is nothing to say', async () => {
    const builder = new ArchiveBuilder();
    await fill(builder.chain(), [1, 1, 1]);
    const place = { chain: 'orders', partition: 0 };
    const range = await verifyRange(builder.archive, optionsOf(builder), place, { from: 1, before: 3 });
    expect(range).toMatchObject({
      from: 1,
      before: 3,
      size: 3,
      report: { verdict: 'verified', checked: { lines: 2 } },
    });
    const gone = { chain: 'gone', partition: 0 };
    expect(await verifyRange(builder.archive, optionsOf(builder), gone, { from: 0, before: 3 })).toBeNull();
  });
});
