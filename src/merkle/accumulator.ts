// What is the root over a long run of leaves? One pass, no allocation per leaf.
import type { Sha256Into } from '../base/hash.ts';
import type { Frontier, Hash } from './tree.ts';

const LEVELS = 53;

/**
 * Appends leaves and gives the frontier. Level n keeps one 65-byte message 0x01 ‖ left ‖ right: a left
 * subtree of 2^n leaves waits there for its right neighbour (RFC 6962 §2.1), so the state is a binary
 * counter.
 */
export class TreeAccumulator {
  readonly #sha256Into: Sha256Into;
  readonly #nodes: Uint8Array[] = [];
  #size = 0;

  constructor(sha256Into: Sha256Into) {
    this.#sha256Into = sha256Into;
  }

  get size(): number {
    return this.#size;
  }

  /** `message` is 0x00 ‖ leaf data: callers that own the byte before their data spare a copy. */
  addLeafMessage(message: Uint8Array): void {
    let level = 0;
    let count = this.#size;
    let node = this.#node(0);
    this.#sha256Into(message, node, count % 2 === 0 ? 1 : 33);
    while (count % 2 === 1) {
      count = Math.floor(count / 2);
      const next = this.#node(level + 1);
      this.#sha256Into(node, next, count % 2 === 0 ? 1 : 33);
      node = next;
      level++;
    }
    this.#size++;
  }

  frontier(): Frontier {
    const hashes: Hash[] = [];
    for (let level = 0, rest = this.#size; rest > 0; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) hashes.unshift(this.#node(level).slice(1, 33));
    }
    return { size: this.#size, hashes };
  }

  #node(level: number): Uint8Array {
    const found = this.#nodes[level];
    if (found !== undefined) return found;
    if (level >= LEVELS) throw new RangeError('more than 2^53 leaves');
    const node = new Uint8Array(65);
    node[0] = 1;
    this.#nodes[level] = node;
    return node;
  }
}
