// Do the paths of a tree that is hashed once equal those of the tree's definition?
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { LeafPaths } from '../../../src/merkle/leaf-paths.ts';
import { inclusionProof } from '../../../src/merkle/proof.ts';
import { leafHash } from '../../../src/merkle/tree.ts';

it('of every leaf, in trees of any size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), (size) => {
      const leaves = Array.from({ length: size }, (_, index) => leafHash(sha256, new Uint8Array([index])));
      const paths = new LeafPaths(sha256, leaves);
      for (const index of leaves.keys())
        expect(paths.of(index)).toEqual(inclusionProof(sha256, leaves, index));
    }),
    { numRuns: 40 },
  );
});
