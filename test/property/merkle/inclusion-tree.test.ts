// Are the inclusion paths of many leaves at once those of one leaf at a time?
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { InclusionTree } from '../../../src/merkle/inclusion-tree.ts';
import { inclusionProof } from '../../../src/merkle/proof.ts';
import { leafHash, rootOfLeaves } from '../../../src/merkle/tree.ts';

const leavesOf = (size: number) =>
  Array.from({ length: size }, (_, index) => leafHash(nodeSha256, Buffer.from(`line ${index}`)));

it('of every leaf of every tree of up to 40 leaves', () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = leavesOf(size);
    const paths = new InclusionTree(nodeSha256, leaves);
    expect(paths.root).toEqual(rootOfLeaves(nodeSha256, leaves));
    for (let index = 0; index < size; index++)
      expect(paths.of(index)).toEqual(inclusionProof(nodeSha256, leaves, index));
  }
});

it('of some leaf of a larger tree', () => {
  fc.assert(
    fc.property(fc.integer({ min: 41, max: 3000 }), fc.nat(), (size, at) => {
      const leaves = leavesOf(size);
      expect(new InclusionTree(nodeSha256, leaves).of(at % size)).toEqual(
        inclusionProof(nodeSha256, leaves, at % size),
      );
    }),
    { numRuns: 30 },
  );
});

it('of no leaf that is not there', () => {
  expect(() => new InclusionTree(nodeSha256, leavesOf(3)).of(3)).toThrow(RangeError);
  expect(() => new InclusionTree(nodeSha256, []).of(0)).toThrow(RangeError);
  expect(new InclusionTree(nodeSha256, []).root).toEqual(rootOfLeaves(nodeSha256, []));
});
