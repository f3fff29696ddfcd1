// What is the tree over lines, when the kernel makes its nodes, and its leaves where that is faster?
import type { Sha256Into } from '../base/hash.ts';
import { type LineTree, leafMessage } from '../merkle/line-tree.ts';
import type { Frontier, Hash } from '../merkle/tree.ts';
import { Kernel } from './kernel.ts';

const HASH_BYTES = 32;

export type LineTreeTools = {
  readonly kernel: Kernel;
  /** The host's SHA-256, for leaves of lines that are long. */
  readonly sha256Into: Sha256Into;
  /** Lines that are shorter on average are hashed four at a time (hostHashesFrom). */
  readonly hostHashesFrom: number;
};

/** One for each batch; any number of them share a kernel. */
export class KernelLineTree implements LineTree {
  readonly #tools: LineTreeTools;
  readonly #levels = new Uint8Array(Kernel.levelBytes);
  #size = 0;

  constructor(tools: LineTreeTools) {
    this.#tools = tools;
  }

  get size(): number {
    return this.#size;
  }

  addBlock(content: Uint8Array, starts: readonly number[]): void {
    for (let first = 0; first < starts.length; first += Kernel.leavesMax) {
      const count = Math.min(starts.length - first, Kernel.leavesMax);
      this.#hash(content, starts, first, count);
      this.#tools.kernel.growTree(this.#levels, this.#size, count);
      this.#size += count;
    }
  }

  frontier(): Frontier {
    const hashes: Hash[] = [];
    for (let level = 0, rest = this.#size; rest > 0; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) hashes.unshift(this.#levels.slice(level * HASH_BYTES, (level + 1) * HASH_BYTES));
    }
    return { size: this.#size, hashes };
  }

  #hash(content: Uint8Array, starts: readonly number[], first: number, count: number): void {
    const { kernel, sha256Into, hostHashesFrom } = this.#tools;
    const bytes = (starts[first + count] ?? content.length) - (starts[first] as number);
    if (bytes < hostHashesFrom * count && bytes <= Kernel.inputBytesMax) {
      kernel.hashLines(content, starts, first, count);
      return;
    }
    for (let i = 0; i < count; i++)
      sha256Into(leafMessage(content, starts, first + i), kernel.leaves, i * HASH_BYTES);
  }
}

/** Lengths of lines that are tried. */
const LENGTHS = [64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 4096];
const TRIAL_BYTES = 32_768;
/** The first rounds run before the host has compiled the kernel for speed. */
const WARM_UP_MS_MAX = 30;
const TRIALS = 4;

/**
 * Bytes of a line from which on this host hashes faster than the kernel: 250 to 500 where the processor has
 * instructions for SHA-256, and more where it has none. Takes 10 to 50 ms.
 */
export function hostHashesFrom(kernel: Kernel, sha256Into: Sha256Into): number {
  const fastest = (way: () => void): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < TRIALS; trial++) {
      const started = performance.now();
      way();
      best = Math.min(best, performance.now() - started);
    }
    return best;
  };
  const content = new Uint8Array(TRIAL_BYTES);
  const waysFor = (length: number) => {
    const count = Math.floor(TRIAL_BYTES / length);
    const starts = Array.from({ length: count }, (_, i) => i * length);
    const byKernel = () => kernel.hashLines(content, starts, 0, count);
    const byHost = () => {
      for (let i = 0; i < count; i++)
        sha256Into(leafMessage(content, starts, i), kernel.leaves, i * HASH_BYTES);
    };
    return { byKernel, byHost };
  };
  const { byKernel } = waysFor(LENGTHS[0] as number);
  for (const started = performance.now(); performance.now() - started < WARM_UP_MS_MAX; ) byKernel();
  let below = 0;
  for (const length of LENGTHS) {
    const ways = waysFor(length);
    if (fastest(ways.byKernel) > fastest(ways.byHost)) break;
    below = length;
  }
  return below;
}
