// Is there a kernel on this host, and how is it called?
import { fromBase64 } from '../base/bytes.ts';
import { MIB } from '../base/limits.ts';
import type { LineRun } from '../format/record.ts';
import { KERNEL_BASE64 } from './kernel.generated.ts';

type RunResult =
  | ('readEnd' | 'writtenEnd' | 'lineCount' | 'firstTime' | 'lastTime')
  | ('contentEnd' | 'packedEnd' | 'deltaEnd' | 'lookedCount' | 'packedCount');

/** What src/kernel/assembly/index.ts exports. Addresses count the bytes of the memory. */
type KernelExports = Readonly<Record<RunResult, { readonly value: number }>> & {
  ownedEnd(): number;
  holdsJson(start: number, end: number): number;
  encodePacked(
    from: number,
    end: number,
    out: number,
    outEnd: number,
    starts: number,
    linesMax: number,
    wanted: number,
    first: number,
  ): void;
  packRecords(
    from: number,
    end: number,
    out: number,
    outEnd: number,
    table: number,
    stride: number,
    recordsMax: number,
    wanted: number,
    base: number,
    first: number,
    before: number,
    lastDelta: number,
    timestamp: bigint,
    appended: number,
  ): void;
  putLeaves(content: number, end: number, starts: number, count: number, out: number): void;
  growTree(levels: number, size: number, leaves: number, count: number): void;
};

const PAGE_BYTES = 65_536;
/** Loops read and write up to 32 bytes beyond what they are given. */
const SLACK_BYTES = 64;
/** A record whose longest line does not fit here is left to the other way. */
const LINES_BYTES = 4 * MIB;
/** Both of these regions, and one MiB for everything else. */
const MEMORY_PAGES = (9 * MIB) / PAGE_BYTES;
const LINES_MAX = 65_536;
/** What is copied in beyond the content that is wanted: a record that ends further on is not seen whole. */
const RECORD_SIGHT_BYTES = MIB / 4;
const RECORDS_MAX = 8192;
const COLUMN_BYTES = RECORDS_MAX * 4;
const HASH_BYTES = 32;
/** One for each bit of a safe integer. */
const LEVELS = 53;

/** Lines of records, and where in the input their records end. */
export type KernelRun = LineRun & { readonly inputEnd: number };

/** A batch of format 2, and what is wanted of its content. */
export type BatchRun = {
  readonly baseOffset: number;
  /** The greatest offset is that far from the first. */
  readonly lastDelta: number;
  /** Of the record before; −1: none. */
  readonly deltaBefore: number;
  /** Records below this offset are left out. */
  readonly from: number;
  /** The first record's, or the log's own, which then holds for all. */
  readonly timestamp: bigint;
  readonly appendTime: boolean;
  readonly recordsMax: number;
  /** Content: the record with which it is reached ends the run. */
  readonly wantedBytes: number;
};

/** What is known of packed records: the first `count` of each column. Views until the next call. */
export type RecordColumns = {
  readonly starts: Uint32Array;
  /** Of key, headers and value. */
  readonly bytes: Uint32Array;
  readonly headers: Uint32Array;
  /** Offsets from the batch's own. */
  readonly deltas: Uint32Array;
};

export type PackedRun = {
  /** As src/ingest/pack.ts lays records out. A view until the next call. */
  readonly packed: Uint8Array;
  readonly count: number;
  readonly columns: RecordColumns;
  /** Where the next record begins in the content. */
  readonly contentEnd: number;
  /** Records that were read, packed or left out, and the delta of the last of them. */
  readonly looked: number;
  readonly deltaEnd: number;
};

/**
 * The writer's inner loops in WebAssembly. One for each thread, with a memory of its own that never grows:
 * pages of it that nothing touched cost nothing. Each result is what the way without a kernel gives, byte for
 * byte.
 */
export class Kernel {
  /** Bytes that `load` takes at most. */
  static readonly inputBytesMax = 4 * MIB;

  /** Leaf hashes that one call takes at most. */
  static readonly leavesMax = 4096;
  /** Records that packRecords packs at most. */
  static readonly recordsMax = RECORDS_MAX;
  static readonly levelBytes = LEVELS * HASH_BYTES;

  readonly #exports: KernelExports;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #input: number;
  readonly #lines: number;
  readonly #levels: number;
  readonly #table: number;
  readonly #columns: RecordColumns;
  /** `leavesMax` leaf hashes for growTree: what hashes lines writes them here, from index 0 on. */
  readonly leaves: Uint8Array;
  #inputEnd: number;

  private constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#exports = exports as unknown as KernelExports;
    this.#bytes = new Uint8Array(memory.buffer);
    let end = this.#exports.ownedEnd();
    const region = (bytes: number): number => {
      const start = Math.ceil((end + SLACK_BYTES) / 64) * 64;
      end = start + bytes + SLACK_BYTES;
      return start;
    };
    this.#starts = new Uint32Array(memory.buffer, region(LINES_MAX * 4), LINES_MAX);
    this.#levels = region(Kernel.levelBytes);
    this.#table = region(4 * COLUMN_BYTES);
    const column = (index: number) =>
      new Uint32Array(memory.buffer, this.#table + index * COLUMN_BYTES, Kernel.recordsMax);
    this.#columns = { starts: column(0), bytes: column(1), headers: column(2), deltas: column(3) };
    this.leaves = this.#bytes
      .subarray(region(Kernel.leavesMax * HASH_BYTES))
      .subarray(0, Kernel.leavesMax * HASH_BYTES);
    this.#input = region(Kernel.inputBytesMax);
    this.#inputEnd = this.#input;
    this.#lines = region(LINES_BYTES);
    if (end > this.#bytes.length) throw new RangeError(`the kernel needs ${end} bytes of memory`);
  }

  /** null where the host has no WebAssembly, or none with SIMD. Compiles: some milliseconds. */
  static open(): Kernel | null {
    if (typeof WebAssembly === 'undefined') return null;
    const bytes = new Uint8Array(fromBase64(KERNEL_BASE64));
    return WebAssembly.validate(bytes) ? new Kernel(new WebAssembly.Module(bytes)) : null;
  }

  /** Whether the bytes are one JSON text for `value`. They replace what was loaded. */
  isJson(bytes: Uint8Array): boolean {
    this.load(bytes);
    return this.#exports.holdsJson(this.#input, this.#inputEnd) !== 0;
  }

  /** Copies packed items in, for `run`. Throws RangeError where they are longer than inputBytesMax. */
  load(packed: Uint8Array): void {
    if (packed.length > Kernel.inputBytesMax)
      throw new RangeError(`the kernel takes ${Kernel.inputBytesMax} bytes, and not ${packed.length}`);
    this.#bytes.set(packed, this.#input);
    this.#inputEnd = this.#input + packed.length;
  }

  /**
   * Lines of the loaded records from index `at` on, the first of which has to be at `firstOffset`. Ends after
   * the line with which `wantedBytes` are reached; at a gap, another offset or a record that is too large or
   * broken it ends earlier, perhaps without any line: what is there is for the other way.
   */
  run(at: number, firstOffset: number, wantedBytes: number): KernelRun {
    const { readEnd, writtenEnd, lineCount, firstTime, lastTime } = this.#exports;
    const wanted = Math.max(0, Math.min(wantedBytes, LINES_BYTES));
    const [from, lines, starts] = [this.#input + at, this.#lines, this.#starts.byteOffset];
    const linesEnd = lines + LINES_BYTES;
    this.#exports.encodePacked(from, this.#inputEnd, lines, linesEnd, starts, LINES_MAX, wanted, firstOffset);
    return {
      bytes: this.#bytes.subarray(lines, writtenEnd.value),
      starts: this.#starts.subarray(0, lineCount.value),
      firstTimeMs: firstTime.value < 0 ? null : firstTime.value,
      lastTimeMs: lastTime.value < 0 ? null : lastTime.value,
      inputEnd: readEnd.value - this.#input,
    };
  }
  /**
   * Packs the records of a batch's content from index `at` on. Ends before a record that it can't take,
   * perhaps at once: cut off, broken, too large, or longer than what it sees beyond wantedBytes. What is
   * there is for the other way.
   */
  packRecords(content: Uint8Array, at: number, batch: BatchRun): PackedRun {
    const { baseOffset, lastDelta, deltaBefore, from, timestamp, appendTime } = batch;
    const recordsMax = Math.min(batch.recordsMax, Kernel.recordsMax);
    const sight = Math.min(batch.wantedBytes + RECORD_SIGHT_BYTES, Kernel.inputBytesMax);
    this.load(content.subarray(at, at + sight));
    this.#exports.packRecords(
      this.#input,
      this.#inputEnd,
      this.#lines,
      this.#lines + LINES_BYTES,
      this.#table,
      COLUMN_BYTES,
      recordsMax,
      batch.wantedBytes,
      baseOffset,
      from,
      deltaBefore,
      lastDelta,
      timestamp,
      appendTime ? 1 : 0,
    );
    const { contentEnd, packedEnd, deltaEnd, lookedCount, packedCount } = this.#exports;
    return {
      packed: this.#bytes.subarray(this.#lines, packedEnd.value),
      count: packedCount.value,
      columns: this.#columns,
      contentEnd: at + contentEnd.value - this.#input,
      looked: lookedCount.value,
      deltaEnd: deltaEnd.value,
    };
  }

  /**
   * Hashes lines, four at a time, into `leaves`: line i begins at starts[first + i] and ends before the LF
   * that stands before the next one. Throws RangeError where bytes or lines are more than it takes.
   */
  hashLines(content: Uint8Array, starts: readonly number[], first: number, count: number): void {
    const from = starts[first] as number;
    const end = starts[first + count] ?? content.length;
    if (count > Kernel.leavesMax)
      throw new RangeError(`the kernel takes ${Kernel.leavesMax} lines, not ${count}`);
    this.load(content.subarray(from, end));
    for (let i = 0; i < count; i++) this.#starts[i] = (starts[first + i] as number) - from;
    const { byteOffset } = this.#starts;
    this.#exports.putLeaves(this.#input, this.#inputEnd, byteOffset, count, this.leaves.byteOffset);
  }

  /**
   * Appends the first `count` of `leaves`, which are overwritten, to a tree of `size` leaves. `levels`:
   * levelBytes, the tree's own; each level holds the subtree that waits there for its right neighbour.
   */
  growTree(levels: Uint8Array, size: number, count: number): void {
    this.#bytes.set(levels, this.#levels);
    this.#exports.growTree(this.#levels, size, this.leaves.byteOffset, count);
    levels.set(this.#bytes.subarray(this.#levels, this.#levels + levels.length));
  }
}
