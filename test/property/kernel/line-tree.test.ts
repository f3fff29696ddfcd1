// Does the kernel hash lines and nodes as the host does, whatever their lengths and however they come?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portableSha256Into } from '../../../src/base/hash.ts';
import { nodeSha256Into } from '../../../src/base/node/hash.ts';
import { Kernel } from '../../../src/kernel/kernel.ts';
import { hostHashesFrom, KernelLineTree } from '../../../src/kernel/line-tree.ts';
import { type LineTree, SerialLineTree } from '../../../src/merkle/line-tree.ts';

const opened = Kernel.open();
if (opened === null) throw new Error('the Node of the tests has WebAssembly with SIMD');
const kernel = opened;

/** All lines four at a time; those below 100 bytes; none. */
const WAYS = [Number.POSITIVE_INFINITY, 100, 0];

/** A block whose lines have these lengths, and where each begins. */
function blockOf(lengths: readonly number[], seed: number): { content: Uint8Array; starts: number[] } {
  const starts: number[] = [];
  let end = 0;
  for (const length of lengths) {
    starts.push(end);
    end += length + 1;
  }
  const content = new Uint8Array(end).map((_, index) => (index * 31 + seed) % 251);
  return { content, starts };
}

function grow(tree: LineTree, blocks: readonly (readonly number[])[]) {
  for (const [seed, lengths] of blocks.entries()) {
    const { content, starts } = blockOf(lengths, seed);
    tree.addBlock(content, starts);
  }
  return tree.frontier();
}

const agree = (blocks: readonly (readonly number[])[]) => {
  const expected = grow(new SerialLineTree(nodeSha256Into), blocks);
  expect(expected.size).toBe(blocks.flat().length);
  for (const below of WAYS) {
    const tree = new KernelLineTree({ kernel, sha256Into: nodeSha256Into, hostHashesFrom: below });
    expect(grow(tree, blocks)).toEqual(expected);
    expect(tree.size).toBe(expected.size);
  }
};

describe('a tree by the kernel', () => {
  it('is the same for lines of every length, over all borders of the padding', () => {
    const lengths = Array.from({ length: 300 }, (_, length) => length);
    agree([lengths]);
    for (const length of lengths) agree([[length]]);
  });

  it('is the same for any lengths in any blocks', () => {
    const lengths = fc.array(fc.oneof(fc.nat(8), fc.nat(200), fc.nat(3000)), { maxLength: 40 });
    fc.assert(fc.property(fc.array(lengths, { maxLength: 5 }), agree), { numRuns: 300 });
  });

  it('is the same for more leaves than one call takes, and for trees of every small size', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => index % 70);
    agree([many(Kernel.leavesMax - 1)]);
    agree([many(Kernel.leavesMax), many(1)]);
    agree([many(3 * Kernel.leavesMax + 5), many(17), many(Kernel.leavesMax)]);
    for (let size = 0; size < 70; size++) agree([many(size), many(3)]);
  });

  it('takes one line that is longer than the memory of the kernel, among short ones', () => {
    agree([[5, Kernel.inputBytesMax + 1, 5]]);
  });

  it('shares its kernel with others that grow at the same time', () => {
    const tools = { kernel, sha256Into: nodeSha256Into, hostHashesFrom: 100 };
    const trees = [new KernelLineTree(tools), new KernelLineTree(tools)] as const;
    const lone = [new SerialLineTree(nodeSha256Into), new SerialLineTree(nodeSha256Into)] as const;
    for (let round = 1; round < 20; round++) {
      for (const all of [trees, lone]) {
        grow(all[0], [Array(round).fill(40)]);
        grow(all[1], [[round * 30]]);
      }
    }
    expect(trees.map((tree) => tree.frontier())).toEqual(lone.map((tree) => tree.frontier()));
  });

  it('refuses more lines than one call takes', () => {
    const { content, starts } = blockOf(Array(Kernel.leavesMax + 1).fill(1), 0);
    expect(() => kernel.hashLines(content, starts, 0, starts.length)).toThrow('the kernel takes');
  });
});

describe('the length from which on the host hashes', () => {
  it('is nothing where the host is faster throughout, and the longest that is tried where it never is', () => {
    expect(hostHashesFrom(kernel, () => {})).toBe(0);
    expect(
      hostHashesFrom(kernel, (...all) => {
        for (let i = 0; i < 20; i++) portableSha256Into(...all);
      }),
    ).toBe(4096);
  });
});
