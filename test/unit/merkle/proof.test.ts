// Do proofs prove what is so, and nothing else?
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../src/base/bytes.ts';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import {
  consistencyProof,
  inclusionPathLength,
  inclusionProof,
  rootFromInclusion,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/merkle/proof.ts';
import { emptyRoot, leafHash, nodeHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import { LEAVES, ROOTS } from './rfc6962.ts';

const SIZE = 34;
const leaves = Array.from({ length: SIZE }, (_, index) => leafHash(sha256, utf8(`leaf ${index}`)));
const roots = Array.from({ length: SIZE + 1 }, (_, size) => rootOfLeaves(sha256, leaves.slice(0, size)));
const leafAt = (index: number) => leaves[index] as Uint8Array;
const rootAt = (size: number) => roots[size] as Uint8Array;
const flipped = (hash: Uint8Array) => hash.map((byte, index) => (index === 7 ? byte ^ 1 : byte));

describe('the paths of the reference implementation', () => {
  const known = LEAVES.map((hex) => leafHash(sha256, fromHex(hex)));

  // Leaf index, tree size, path: testdata of transparency-dev/merkle.
  it.each([
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  ] as const)('leaf %i of %i', (index, size, path) => {
    expect(inclusionProof(sha256, known.slice(0, size), index).map(toHex)).toEqual(path);
    const root = fromHex(ROOTS[size - 1] as string);
    expect(verifyInclusion(sha256, known[index] as Uint8Array, index, size, path.map(fromHex), root)).toBe(
      true,
    );
  });

  it.each([
    [1, 1, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ] as const)('from %i to %i leaves', (from, to, proof) => {
    expect(consistencyProof(sha256, known.slice(0, to), from).map(toHex)).toEqual(proof);
    const [first, second] = [fromHex(ROOTS[from - 1] as string), fromHex(ROOTS[to - 1] as string)];
    expect(verifyConsistency(sha256, from, first, to, second, proof.map(fromHex))).toBe(true);
  });
});

describe('inclusion, for every leaf of every tree up to 34', () => {
  it('is proven by the path, and by no path that differs', () => {
    for (let size = 1; size <= SIZE; size++) {
      for (let index = 0; index < size; index++) {
        const path = inclusionProof(sha256, leaves.slice(0, size), index);
        const check = (
          candidate: readonly Uint8Array[],
          at = index,
          of = size,
          leaf = leafAt(index),
          root = rootAt(size),
        ) => verifyInclusion(sha256, leaf, at, of, candidate, root);
        expect(path.length).toBe(inclusionPathLength(index, size));
        expect(check(path)).toBe(true);
        expect(check([...path, leafAt(0)])).toBe(false);
        expect(check(path, index, size, flipped(leafAt(index)))).toBe(false);
        expect(check(path, index, size, leafAt(index), flipped(rootAt(size)))).toBe(false);
        expect(check(path, size, size)).toBe(false);
        expect(check(path, -1, size)).toBe(false);
        expect(check(path, index + 0.5, size)).toBe(false);
        for (let i = 0; i < path.length; i++) {
          expect(check(path.with(i, flipped(path[i] as Uint8Array)))).toBe(false);
          expect(check(path.toSpliced(i, 1))).toBe(false);
          expect(check(path.with(i, new Uint8Array(33)))).toBe(false);
        }
        for (let other = 0; other < size; other++)
          if (other !== index) expect(check(path, other)).toBe(false);
      }
    }
  });

  it('refuses a leaf that is no hash', () => {
    expect(rootFromInclusion(sha256, new Uint8Array(31), 0, 1, [])).toBeUndefined();
  });

  it.each([
    [-1, 2, 1],
    [1, 1, 0],
    [2, 2, 0],
    [0.5, 2, 1],
    [Number.NaN, 2, 0],
    [0, 1.5, 1],
    [0, Number.NaN, 0],
    [0, 2 ** 53, 53],
  ])('has no leaf %d of %d', (index, size, length) => {
    // The path has the length that the loop would ask for: only the index and the size refuse it.
    const path = new Array(length).fill(leafAt(1));
    expect(inclusionPathLength(index, size)).toBe(length);
    expect(rootFromInclusion(sha256, leafAt(0), index, size, path)).toBeUndefined();
  });

  it('has a bounded path in the greatest tree', () => {
    expect(inclusionPathLength(2 ** 53 - 2, 2 ** 53 - 1)).toBe(52);
    expect(inclusionPathLength(0, 2 ** 53 - 1)).toBe(53);
  });
});

describe('consistency, between every two trees up to 34', () => {
  it('is proven by the proof, and by none that differs', () => {
    for (let to = 1; to <= SIZE; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = consistencyProof(sha256, leaves.slice(0, to), from);
        const check = (
          candidate: readonly Uint8Array[],
          first = rootAt(from),
          second = rootAt(to),
          fromSize = from,
          toSize = to,
        ) => verifyConsistency(sha256, fromSize, first, toSize, second, candidate);
        expect(check(proof)).toBe(true);
        expect(check([...proof, leafAt(0)])).toBe(false);
        expect(check(proof, flipped(rootAt(from)))).toBe(false);
        expect(check(proof, rootAt(from), flipped(rootAt(to)))).toBe(false);
        for (let i = 0; i < proof.length; i++) {
          expect(check(proof.with(i, flipped(proof[i] as Uint8Array)))).toBe(false);
          expect(check(proof.toSpliced(i, 1))).toBe(false);
          expect(check(proof.with(i, new Uint8Array(40)))).toBe(false);
        }
        // Another size than the proof is for.
        if (from > 1) expect(check(proof, rootAt(from), rootAt(to), from - 1)).toBe(false);
      }
    }
  });

  it('never leads back, nor away from the root of the empty tree', () => {
    const root = rootAt(5);
    expect(verifyConsistency(sha256, 6, rootAt(6), 5, root, [])).toBe(false);
    expect(verifyConsistency(sha256, -1, root, 5, root, [])).toBe(false);
    expect(verifyConsistency(sha256, 0, emptyRoot(sha256), 5, root, [])).toBe(true);
    expect(verifyConsistency(sha256, 0, root, 5, root, [])).toBe(false);
    expect(verifyConsistency(sha256, 0, emptyRoot(sha256), 5, root, [root])).toBe(false);
    expect(verifyConsistency(sha256, Number.NaN, root, 5, root, [])).toBe(false);
  });

  it('is between two sizes, even where the hashes would fit', () => {
    const root = rootAt(5);
    const grown = nodeHash(sha256, root, leafAt(1));
    expect(verifyConsistency(sha256, 1, root, 2, grown, [leafAt(1)])).toBe(true);
    expect(verifyConsistency(sha256, 1, root, 1.5, grown, [leafAt(1)])).toBe(false);
    expect(verifyConsistency(sha256, 1, root, Number.NaN, root, [])).toBe(false);
    expect(verifyConsistency(sha256, 0.5, root, 1, root, [root])).toBe(false);
    expect(verifyConsistency(sha256, -1, root, 1, root, [root])).toBe(false);
  });
});

it('asks for proofs of what is not there', () => {
  expect(() => inclusionProof(sha256, leaves, SIZE)).toThrow(RangeError);
  expect(() => inclusionProof(sha256, leaves, 0.5)).toThrow(RangeError);
  expect(() => consistencyProof(sha256, leaves, 0)).toThrow(RangeError);
  expect(() => consistencyProof(sha256, leaves, SIZE + 1)).toThrow(RangeError);
});

describe('a consistency proof', () => {
  it.each([0, -1, 1.5, Number.NaN, 4])('of three leaves has no beginning of %d', (from) => {
    const leaves = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
    expect(() => consistencyProof(sha256, leaves, from)).toThrow(`from ${from} of 3`);
  });
});
