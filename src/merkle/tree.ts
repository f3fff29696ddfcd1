// What are the hashes of an RFC 6962 Merkle tree? (RFC 6962 §2.1; the same as RFC 9162 §2.1.)
import { utf8 } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array;

/** SHA-256(0x00 ‖ data). */
export function leafHash(sha256: Sha256, data: Uint8Array): Hash {
  const message = new Uint8Array(data.length + 1);
  message.set(data, 1);
  return sha256(message);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(sha256: Sha256, left: Hash, right: Hash): Hash {
  const message = new Uint8Array(65);
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 33);
  return sha256(message);
}

/** SHA-256 of nothing. */
export const emptyRoot = (sha256: Sha256): Hash => sha256(utf8(''));

/**
 * A tree of `size` leaves, kept as the roots of its perfect subtrees, greatest first: one per bit of `size`.
 * All that is needed to append and to compute the root. Immutable: appending gives a new one.
 */
export type Frontier = { readonly size: number; readonly hashes: readonly Hash[] };

export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

/** How many perfect subtrees a tree of that size has: the ones in its binary form. Sizes up to 2^53 − 1. */
export function bitCount(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

export function append(sha256: Sha256, frontier: Frontier, leaf: Hash): Frontier {
  const hashes = [...frontier.hashes];
  let node = leaf;
  for (let rest = frontier.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    node = nodeHash(sha256, hashes.pop() as Hash, node);
  }
  hashes.push(node);
  return { size: frontier.size + 1, hashes };
}

export const rootOf = (sha256: Sha256, { hashes }: Frontier): Hash =>
  hashes.length === 0
    ? emptyRoot(sha256)
    : hashes.reduceRight((right, left) => nodeHash(sha256, left, right));

/**
 * The inclusion path of the leaf that was appended last, in the tree that it made: leaf to root, which is the
 * frontier of the tree before it, smallest subtree first.
 */
export const lastLeafPath = (before: Frontier): readonly Hash[] => [...before.hashes].reverse();

/**
 * The inverse: the frontier before the last leaf, from that leaf's path. Undefined where the lengths
 * disagree.
 */
export function frontierFromLastLeafPath(path: readonly Hash[], sizeBefore: number): Frontier | undefined {
  return path.length === bitCount(sizeBefore) ? { size: sizeBefore, hashes: [...path].reverse() } : undefined;
}

/** Root of a list of leaf hashes. */
export function rootOfLeaves(sha256: Sha256, leaves: readonly Hash[]): Hash {
  // As `append` does, in one array: a new one for each leaf is most of the garbage of a long list.
  const hashes: Hash[] = [];
  for (const [size, leaf] of leaves.entries()) {
    let node = leaf;
    for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2))
      node = nodeHash(sha256, hashes.pop() as Hash, node);
    hashes.push(node);
  }
  return rootOf(sha256, { size: leaves.length, hashes });
}
