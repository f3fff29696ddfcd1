// What is the tree over the lines of one block after the other?
import type { Sha256Into } from '../base/hash.ts';
import { TreeAccumulator } from './accumulator.ts';
import type { Frontier } from './tree.ts';

/** Appends whole blocks of lines as leaves, and gives the frontier. */
export interface LineTree {
  readonly size: number;
  /**
   * Line i begins at starts[i] and ends before the LF that stands before the next one, or at the end. Each LF
   * may be overwritten.
   */
  addBlock(content: Uint8Array, starts: readonly number[]): void;
  frontier(): Frontier;
}

/** One leaf after the other. */
export class SerialLineTree implements LineTree {
  readonly #tree: TreeAccumulator;

  constructor(sha256Into: Sha256Into) {
    this.#tree = new TreeAccumulator(sha256Into);
  }

  get size(): number {
    return this.#tree.size;
  }

  addBlock(content: Uint8Array, starts: readonly number[]): void {
    for (let i = 0; i < starts.length; i++) this.#tree.addLeafMessage(leafMessage(content, starts, i));
  }

  frontier(): Frontier {
    return this.#tree.frontier();
  }
}

/**
 * 0x00 ‖ line `index`. The byte before the line is the LF of the one before, which is free once the block is
 * compressed: it becomes the 0x00, and only a block's first line is copied.
 */
export function leafMessage(content: Uint8Array, starts: readonly number[], index: number): Uint8Array {
  const start = starts[index] as number;
  const end = (starts[index + 1] ?? content.length) - 1;
  if (start > 0) {
    content[start - 1] = 0;
    return content.subarray(start - 1, end);
  }
  const message = new Uint8Array(end + 1);
  message.set(content.subarray(0, end), 1);
  return message;
}
