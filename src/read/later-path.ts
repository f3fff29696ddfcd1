// Which inclusion path leads from a segment to a later checkpoint, without reading every seal in between?
import { nodeSha256 as sha256 } from '../base/node/hash.ts';
import { verifyConsistency } from '../merkle/proof.ts';
import { type Hash, leafHash, nodeHash } from '../merkle/tree.ts';
import { VerifyError } from '../verify/finding.ts';
import type { OpenedSeal } from '../verify/open-seal.ts';

/** Gives the opened seal of a sequence. It must have been checked. */
export type SealAt = (sequence: number) => Promise<Pick<OpenedSeal, 'seal'>>;

/**
 * The inclusion path of leaf `index` in the tree of `size` leaves, from leaf to root (RFC 6962 §2.1.1). It
 * needs the root of each subtree beside the way, and reads one seal for each perfect one: that of the
 * subtree's last leaf, whose own path has the hashes of everything to its left.
 */
export async function laterPath(sealAt: SealAt, index: number, size: number): Promise<Hash[]> {
  const walk = async (from: number, to: number): Promise<Hash[]> => {
    if (to - from === 1) return [];
    const middle = from + leftSize(to - from);
    return index < middle
      ? [...(await walk(from, middle)), await subtree(sealAt, middle, to)]
      : [...(await walk(middle, to)), await subtree(sealAt, from, middle)];
  };
  return walk(0, size);
}

/**
 * The consistency proof between the tree of `from` leaves and that of `size` (RFC 9162 §2.1.4.1), and the
 * root of the smaller one.
 */
export async function laterConsistency(
  sealAt: SealAt,
  from: number,
  size: number,
): Promise<{ readonly root: Hash; readonly proof: readonly Hash[] }> {
  const root = (start: number, end: number) => subtree(sealAt, start, end);
  const walk = async (start: number, end: number, isWhole: boolean): Promise<Hash[]> => {
    if (from === end) return isWhole ? [] : [await root(start, end)];
    const middle = start + leftSize(end - start);
    return from <= middle
      ? [...(await walk(start, middle, isWhole)), await root(middle, end)]
      : [...(await walk(middle, end, false)), await root(start, middle)];
  };
  return { root: await root(0, from), proof: await walk(0, size, true) };
}

/** The same, held to the root of the larger tree. Throws VerifyError if the seals do not lead there. */
export async function consistencyUnder(
  sealAt: SealAt,
  from: number,
  { size, root }: { readonly size: number; readonly root: Hash },
): Promise<readonly Hash[]> {
  const small = await laterConsistency(sealAt, from, size);
  if (verifyConsistency(sha256, from, small.root, size, root, small.proof)) return small.proof;
  const expected = `the first ${from} segments under the root of ${size}`;
  throw new VerifyError({ code: 'root-mismatch', expected, found: 'another root' });
}

/**
 * Root of the leaves [from, to). `from` must be a multiple of the smallest power of two that is at least `to
 * - from`.
 */
async function subtree(sealAt: SealAt, from: number, to: number): Promise<Hash> {
  const left = leftSize(to - from);
  if (to - from > 1 && left * 2 !== to - from) {
    const first = await subtree(sealAt, from, from + left);
    return nodeHash(sha256, first, await subtree(sealAt, from + left, to));
  }
  const { seal } = await sealAt(to - 1);
  let node = leafHash(sha256, seal.manifestBytes);
  for (const sibling of seal.path.slice(0, Math.round(Math.log2(to - from))))
    node = nodeHash(sha256, sibling, node);
  return node;
}

/** The largest power of two below `size`, or 1 if there is none. */
function leftSize(size: number): number {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
}
