// Where in a file does a line begin, roughly? A sparse index, so that a seek does not read from the start
// again.

export type LineStart = { readonly line: number; readonly position: number };

/**
 * Line starts at least a stride apart. When it is full, every second one goes and the stride doubles: memory
 * is bounded.
 */
export class LineIndex {
  readonly #entriesMax: number;
  #strideBytes: number;
  #entries: LineStart[] = [{ line: 0, position: 0 }];

  constructor(strideBytes: number, entriesMax = 4_096) {
    this.#strideBytes = strideBytes;
    this.#entriesMax = entriesMax;
  }

  /** The furthest line start known. */
  get last(): LineStart {
    return this.#entries[this.#entries.length - 1] as LineStart;
  }

  get size(): number {
    return this.#entries.length;
  }

  note(line: number, position: number): void {
    if (position < this.last.position + this.#strideBytes) return;
    this.#entries.push({ line, position });
    if (this.#entries.length < this.#entriesMax) return;
    this.#strideBytes *= 2;
    this.#entries = this.#entries.filter((_, place) => place % 2 === 0);
  }

  /** The greatest line start known that is not beyond `line`. */
  before(line: number): LineStart {
    let low = 0;
    let high = this.#entries.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#entries[middle] as LineStart).line <= line) low = middle;
      else high = middle - 1;
    }
    return this.#entries[low] as LineStart;
  }

  /** The file ends at `size` now: what was known beyond it is void. */
  truncate(size: number): void {
    this.#entries = this.#entries.filter(({ position }) => position === 0 || position < size);
  }
}
