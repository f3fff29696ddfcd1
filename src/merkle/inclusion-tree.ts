// What are the inclusion paths of many leaves of one tree? Each node is hashed once.
import type { Sha256 } from '../base/hash.ts';
import { emptyRoot, type Hash, nodeHash } from './tree.ts';

/** RFC 9162 §2.1.3.1, as `inclusionProof` gives it for one leaf. `leaves` are leaf hashes. */
export class InclusionTree {
  /** The leaves, then each level of nodes above them. A node without a sibling stands for itself above. */
  readonly #levels: (readonly Hash[])[];
  readonly root: Hash;

  constructor(sha256: Sha256, leaves: readonly Hash[]) {
    this.#levels = [leaves];
    for (let level = leaves; level.length > 1; ) {
      const above: Hash[] = [];
      for (let at = 0; at < level.length; at += 2) {
        const [left, right] = [level[at]!, level[at + 1]];
        above.push(right === undefined ? left : nodeHash(sha256, left, right));
      }
      this.#levels.push(above);
      level = above;
    }
    this.root = this.#levels.at(-1)![0] ?? emptyRoot(sha256);
  }

  /** Leaf to root. */
  of(index: number): Hash[] {
    const [leaves] = this.#levels;
    if (!Number.isInteger(index) || index < 0 || index >= leaves!.length)
      throw new RangeError(`leaf ${index} of ${leaves!.length}`);
    const path: Hash[] = [];
    let at = index;
    for (const level of this.#levels) {
      const sibling = level[at ^ 1];
      if (sibling !== undefined && level.length > 1) path.push(sibling);
      at >>>= 1;
    }
    return path;
  }
}
