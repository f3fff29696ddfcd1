// Are the hashes those of RFC 6962?
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import {
  append,
  bitCount,
  EMPTY_FRONTIER,
  emptyRoot,
  frontierFromLastLeafPath,
  lastLeafPath,
  leafHash,
  nodeHash,
  rootOf,
  rootOfLeaves,
} from '../../../src/merkle/tree.ts';
import { LEAVES, ROOTS } from './rfc6962.ts';

const leaves = LEAVES.map((hex) => leafHash(sha256, fromHex(hex)));

describe('the vectors of the Certificate Transparency reference implementation', () => {
  it('gives SHA-256 of nothing for the empty tree', () => {
    expect(toHex(emptyRoot(sha256))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(rootOf(sha256, EMPTY_FRONTIER)).toEqual(emptyRoot(sha256));
  });

  it.each(ROOTS.map((root, index) => [index + 1, root] as const))(
    'gives the root of %i leaves',
    (size, root) => {
      expect(toHex(rootOfLeaves(sha256, leaves.slice(0, size)))).toBe(root);
    },
  );

  it('hashes a leaf apart from a node', () => {
    const [left, right] = leaves as [Uint8Array, Uint8Array];
    const joined = new Uint8Array([...left, ...right]);
    expect(leafHash(sha256, joined)).not.toEqual(nodeHash(sha256, left, right));
    expect(toHex(nodeHash(sha256, left, right))).toBe(ROOTS[1]);
  });
});

describe('a frontier', () => {
  it('never changes the one that it grew from', () => {
    const three = leaves.slice(0, 3).reduce((tree, leaf) => append(sha256, tree, leaf), EMPTY_FRONTIER);
    const before = three.hashes.map(toHex);
    append(sha256, three, leaves[3] as Uint8Array);
    expect(three.hashes.map(toHex)).toEqual(before);
  });

  it('has one hash per bit of its size', () => {
    let frontier = EMPTY_FRONTIER;
    for (let size = 1; size <= 70; size++) {
      frontier = append(sha256, frontier, leaves[size % 8] as Uint8Array);
      expect(frontier.hashes.length).toBe(size.toString(2).replaceAll('0', '').length);
      expect(bitCount(size)).toBe(frontier.hashes.length);
    }
    expect(bitCount(2 ** 53 - 1)).toBe(53);
  });

  it('comes back from the path of the leaf that was appended to it', () => {
    let before = EMPTY_FRONTIER;
    for (let size = 0; size < 20; size++) {
      expect(frontierFromLastLeafPath(lastLeafPath(before), size)).toEqual(before);
      expect(
        frontierFromLastLeafPath([...lastLeafPath(before), leaves[0] as Uint8Array], size),
      ).toBeUndefined();
      before = append(sha256, before, leaves[size % 8] as Uint8Array);
    }
  });
});
