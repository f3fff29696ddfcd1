// Which inclusion paths do many leaves of one tree have? The tree is hashed once for all of them.
import type { Sha256 } from '../base/hash.ts';
import { type Hash, nodeHash } from './tree.ts';

/**
 * Every level of the tree of RFC 6962 §2.1 from its leaves up: a node without a sibling moves up as it is. As
 * many hashes as twice the leaves are held.
 */
export class LeafPaths {
  readonly #levels: (readonly Hash[])[];

  constructor(sha256: Sha256, leaves: readonly Hash[]) {
    this.#levels = [leaves];
    for (let level = leaves; level.length > 1; ) {
      const above: Hash[] = [];
      for (let at = 0; at < level.length; at += 2) {
        const [left, right] = [level[at] as Hash, level[at + 1]];
        above.push(right === undefined ? left : nodeHash(sha256, left, right));
      }
      this.#levels.push(above);
      level = above;
    }
  }

  /** Leaf to root (RFC 6962 §2.1.1). */
  of(index: number): Hash[] {
    const path: Hash[] = [];
    let at = index;
    for (const level of this.#levels) {
      const sibling = level[at ^ 1];
      if (sibling !== undefined) path.push(sibling);
      at >>>= 1;
    }
    return path;
  }
}
