// Which path leads from one leaf of a long run to its root? One pass, and memory for the path alone.
import type { Sha256, Sha256Into } from '../base/hash.ts';
import { TreeAccumulator } from './accumulator.ts';
import { type Hash, rootOf } from './tree.ts';

type Hashes = { readonly sha256: Sha256; readonly sha256Into: Sha256Into };

/** Leaves [start, end), whose root is the path's node at `place`. */
type Sibling = { readonly place: number; readonly start: number; readonly end: number };

/**
 * Takes the leaves of a tree of `size` in order and collects the inclusion path of one of them (RFC 9162
 * §2.1.3.1), which is named when its turn comes. The siblings to its left are then the perfect subtrees of
 * all that came before; those to its right are runs of leaves that are still to come.
 */
export class InclusionPath {
  readonly #hashes: Hashes;
  readonly #size: number;
  readonly #path: Hash[] = [];
  #index = -1;
  #at = 0;
  #tree: TreeAccumulator;
  #right: Sibling[] = [];

  constructor(hashes: Hashes, size: number) {
    this.#hashes = hashes;
    this.#size = size;
    this.#tree = new TreeAccumulator(hashes.sha256Into);
  }

  /** `message` is 0x00 ‖ leaf data. `isIt`: the path is that of this leaf. Only the first such one counts. */
  addLeafMessage(message: Uint8Array, isIt: boolean): void {
    if (this.#index < 0 && isIt) this.#begin();
    else if (this.#index < 0) this.#tree.addLeafMessage(message);
    else this.#addToRight(message);
    this.#at++;
  }

  /** Leaf to root, and the leaf's index. Null if no leaf was named, or if there were not `size` of them. */
  result(): { readonly index: number; readonly path: readonly Hash[] } | null {
    if (this.#index < 0 || this.#at !== this.#size) return null;
    return { index: this.#index, path: this.#path };
  }

  #begin(): void {
    const index = this.#at;
    this.#index = index;
    const left = [...this.#tree.frontier().hashes];
    for (let width = 1, at = index; width < this.#size; width *= 2, at = Math.floor(at / 2)) {
      const start = (at + 1) * width;
      if (at % 2 === 1) this.#path.push(left.pop() as Hash);
      else if (start < this.#size) {
        this.#right.push({ place: this.#path.length, start, end: Math.min(start + width, this.#size) });
        this.#path.push(new Uint8Array(32));
      }
    }
    this.#tree = new TreeAccumulator(this.#hashes.sha256Into);
  }

  #addToRight(message: Uint8Array): void {
    const [sibling] = this.#right;
    if (sibling === undefined) return;
    this.#tree.addLeafMessage(message);
    if (this.#at + 1 < sibling.end) return;
    this.#right.shift();
    this.#path[sibling.place] = rootOf(this.#hashes.sha256, this.#tree.frontier());
    this.#tree = new TreeAccumulator(this.#hashes.sha256Into);
  }
}
