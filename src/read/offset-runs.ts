// Which offsets of a segment are meant, if they may be millions?

/** Offsets in ascending order, kept as runs: two numbers for each run of neighbours. */
export class OffsetRuns {
  /** Where each run begins, and its last offset. */
  readonly #from: number[] = [];
  readonly #last: number[] = [];

  /** Throws RangeError unless it is greater than all before. */
  add(offset: number): this {
    const last = this.#last.at(-1) ?? -1;
    if (offset <= last) throw new RangeError(`offset ${offset} after ${last}`);
    if (offset === last + 1 && last !== -1) this.#last[this.#last.length - 1] = offset;
    else {
      this.#from.push(offset);
      this.#last.push(offset);
    }
    return this;
  }

  has(offset: number): boolean {
    let [low, high] = [0, this.#from.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#last[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return low < this.#from.length && (this.#from[low] as number) <= offset;
  }

  /** How many runs there are. */
  get length(): number {
    return this.#from.length;
  }
}
