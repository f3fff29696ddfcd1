// Do all ways to compute a tree agree: frontier, accumulator, RFC 6962's own recursion, both hash functions?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { portableSha256, portableSha256Into } from '../../../src/base/hash.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { TreeAccumulator } from '../../../src/merkle/accumulator.ts';
import { InclusionPath } from '../../../src/merkle/inclusion-path.ts';
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/merkle/proof.ts';
import {
  append,
  EMPTY_FRONTIER,
  frontierFromLastLeafPath,
  leafHash,
  rootOf,
  rootOfLeaves,
} from '../../../src/merkle/tree.ts';

/** RFC 6962 §2.1 as it is written there. */
function mth(data: readonly Uint8Array[]): Uint8Array {
  if (data.length === 0) return portableSha256(new Uint8Array(0));
  if (data.length === 1) return portableSha256(concatBytes(Uint8Array.of(0), data[0] as Uint8Array));
  let k = 1;
  while (k * 2 < data.length) k *= 2;
  return portableSha256(concatBytes(Uint8Array.of(1), mth(data.slice(0, k)), mth(data.slice(k))));
}

const anyLeaves = (most: number, least = 0) =>
  fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: least, maxLength: most });
const hashed = (data: readonly Uint8Array[]) => data.map((each) => leafHash(portableSha256, each));

describe('a tree', () => {
  it('has the root of the recursion', () => {
    fc.assert(
      fc.property(anyLeaves(200), (data) => {
        expect(rootOfLeaves(portableSha256, hashed(data))).toEqual(mth(data));
      }),
    );
  });

  it('is the same when accumulated, with either hash function', () => {
    fc.assert(
      fc.property(anyLeaves(200), (data) => {
        for (const [sha256, into] of [
          [portableSha256, portableSha256Into],
          [nodeSha256, nodeSha256Into],
        ] as const) {
          const tree = new TreeAccumulator(into);
          for (const each of data) tree.addLeafMessage(concatBytes(Uint8Array.of(0), each));
          const frontier = hashed(data).reduce((grown, leaf) => append(sha256, grown, leaf), EMPTY_FRONTIER);
          expect(tree.size).toBe(data.length);
          expect(tree.frontier()).toEqual(frontier);
          expect(rootOf(sha256, tree.frontier())).toEqual(mth(data));
        }
      }),
    );
  });

  it('proves each of its leaves and each tree that it grew from', () => {
    fc.assert(
      fc.property(anyLeaves(60, 1), fc.nat(), (data, pick) => {
        const leaves = hashed(data);
        const root = mth(data);
        const index = pick % data.length;
        const path = inclusionProof(portableSha256, leaves, index);
        expect(
          verifyInclusion(portableSha256, leaves[index] as Uint8Array, index, data.length, path, root),
        ).toBe(true);
        const proof = consistencyProof(portableSha256, leaves, index + 1);
        const before = mth(data.slice(0, index + 1));
        expect(verifyConsistency(portableSha256, index + 1, before, data.length, root, proof)).toBe(true);
      }),
    );
  });

  it('gives the path of one leaf in one pass over all of them', () => {
    const hashes = { sha256: portableSha256, sha256Into: portableSha256Into };
    fc.assert(
      fc.property(anyLeaves(70, 1), fc.nat(), (data, pick) => {
        const index = pick % data.length;
        const collected = new InclusionPath(hashes, data.length);
        // The second leaf that is named so does not count.
        for (const [at, each] of data.entries()) {
          collected.addLeafMessage(concatBytes(Uint8Array.of(0), each), at === index || at === index + 2);
        }
        const path = inclusionProof(portableSha256, hashed(data), index);
        expect(collected.result()).toEqual({ index, path });
      }),
    );
  });

  it('gives no path where no leaf is named, or where leaves are missing or too many', () => {
    const hashes = { sha256: portableSha256, sha256Into: portableSha256Into };
    const collect = (leaves: number, named: number) => {
      const collected = new InclusionPath(hashes, 5);
      for (let at = 0; at < leaves; at++) collected.addLeafMessage(Uint8Array.of(0, at), at === named);
      return collected.result();
    };
    expect(collect(5, 4)?.index).toBe(4);
    expect([collect(5, -1), collect(4, 2), collect(6, 2)]).toEqual([null, null, null]);
  });

  it('gives its frontier back from the path of its last leaf', () => {
    fc.assert(
      fc.property(anyLeaves(80, 1), (data) => {
        const leaves = hashed(data);
        const path = inclusionProof(portableSha256, leaves, data.length - 1);
        const before = leaves
          .slice(0, -1)
          .reduce((grown, leaf) => append(portableSha256, grown, leaf), EMPTY_FRONTIER);
        expect(frontierFromLastLeafPath(path, data.length - 1)).toEqual(before);
      }),
    );
  });
});
