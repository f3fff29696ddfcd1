// Is this leaf in that tree, and is that tree the same one, grown? (RFC 9162 §2.1.3 and §2.1.4.)
import { equalBytes } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { emptyRoot, type Hash, nodeHash, rootOfLeaves } from './tree.ts';

/** The largest power of two below `size` (size ≥ 2). */
function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** Hashes of another length would be hashed into something: refused before. */
const areHashes = (hashes: readonly Hash[]): boolean => hashes.every((hash) => hash.length === 32);

/** Inclusion path of leaf `index`, leaf to root. RFC 9162 §2.1.3.1. */
export function inclusionProof(sha256: Sha256, leaves: readonly Hash[], index: number): Hash[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`leaf ${index} of ${leaves.length}`);
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...inclusionProof(sha256, leaves.slice(0, k), index), rootOfLeaves(sha256, leaves.slice(k))]
    : [...inclusionProof(sha256, leaves.slice(k), index - k), rootOfLeaves(sha256, leaves.slice(0, k))];
}

/** Consistency proof between the first `from` leaves and all of them. RFC 9162 §2.1.4.1. */
export function consistencyProof(sha256: Sha256, leaves: readonly Hash[], from: number): Hash[] {
  if (!Number.isInteger(from) || from < 1 || from > leaves.length)
    throw new RangeError(`from ${from} of ${leaves.length}`);
  const subProof = (part: readonly Hash[], size: number, whole: boolean): Hash[] => {
    if (size === part.length) return whole ? [] : [rootOfLeaves(sha256, part)];
    const k = split(part.length);
    return size <= k
      ? [...subProof(part.slice(0, k), size, whole), rootOfLeaves(sha256, part.slice(k))]
      : [...subProof(part.slice(k), size - k, false), rootOfLeaves(sha256, part.slice(0, k))];
  };
  return subProof(leaves, from, true);
}

/** The length that an inclusion path must have. Checked before anything is hashed. */
export function inclusionPathLength(index: number, size: number): number {
  let length = 0;
  for (let at = index, last = size - 1; last > 0; at = Math.floor(at / 2), last = Math.floor(last / 2)) {
    if (at % 2 === 1 || at < last) length++;
  }
  return length;
}

/**
 * The root that the path leads to, or undefined where index, size and path length disagree. RFC 9162
 * §2.1.3.2.
 */
export function rootFromInclusion(
  sha256: Sha256,
  leaf: Hash,
  index: number,
  size: number,
  path: readonly Hash[],
): Hash | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    return undefined;
  if (path.length !== inclusionPathLength(index, size) || !areHashes([leaf, ...path])) return undefined;
  let node = leaf;
  let used = 0;
  for (let at = index, last = size - 1; last > 0; at = Math.floor(at / 2), last = Math.floor(last / 2)) {
    if (at % 2 === 1) node = nodeHash(sha256, path[used++] as Hash, node);
    else if (at < last) node = nodeHash(sha256, node, path[used++] as Hash);
  }
  return node;
}

export function verifyInclusion(
  sha256: Sha256,
  leaf: Hash,
  index: number,
  size: number,
  path: readonly Hash[],
  root: Hash,
): boolean {
  const found = rootFromInclusion(sha256, leaf, index, size, path);
  return found !== undefined && equalBytes(found, root);
}

/**
 * RFC 9162 §2.1.4.2. The empty tree, by its own root only, is consistent with everything and takes an empty
 * proof.
 */
export function verifyConsistency(
  sha256: Sha256,
  fromSize: number,
  fromRoot: Hash,
  toSize: number,
  toRoot: Hash,
  proof: readonly Hash[],
): boolean {
  if (!Number.isSafeInteger(fromSize) || !Number.isSafeInteger(toSize)) return false;
  if (fromSize < 0 || fromSize > toSize) return false;
  if (fromSize === toSize) return proof.length === 0 && equalBytes(fromRoot, toRoot);
  if (fromSize === 0) return proof.length === 0 && equalBytes(fromRoot, emptyRoot(sha256));
  if (!areHashes([fromRoot, toRoot, ...proof])) return false;
  const half = (n: number) => Math.floor(n / 2);
  let from = fromSize - 1;
  let to = toSize - 1;
  for (; from % 2 === 1; from = half(from)) to = half(to);
  let used = 0;
  // A perfect first tree is its own first node; any other starts from the proof.
  const first = from === 0 ? fromRoot : proof[used++];
  if (first === undefined) return false;
  let fromNode = first;
  let toNode = first;
  for (; to > 0; from = half(from), to = half(to)) {
    if (from % 2 === 1 || from === to) {
      const left = proof[used++];
      if (left === undefined) return false;
      fromNode = nodeHash(sha256, left, fromNode);
      toNode = nodeHash(sha256, left, toNode);
      for (; from % 2 === 0 && from !== 0; from = half(from)) to = half(to);
    } else {
      const right = proof[used++];
      if (right === undefined) return false;
      toNode = nodeHash(sha256, toNode, right);
    }
  }
  return used === proof.length && equalBytes(fromNode, fromRoot) && equalBytes(toNode, toRoot);
}
