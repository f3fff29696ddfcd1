// What do the records of one batch look like as stored bytes, and what is their root?
import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import type { Sha256, Sha256Into } from '../base/hash.ts';
import { LIMITS } from '../base/limits.ts';
import type { BlockInfo } from '../format/manifest.ts';
import { TIME_MS_MAX } from '../format/manifest.ts';
import type { Encoding } from '../format/paths.ts';
import {
  type GapLine,
  type GapReason,
  type KafkaRecord,
  type LineRun,
  LineWriter,
} from '../format/record.ts';
import { type LineTree, SerialLineTree } from '../merkle/line-tree.ts';
import { emptyRoot, leafHash, rootOf } from '../merkle/tree.ts';

/** What the pure code is given: the same functions in Node, in a worker and in a test. */
export type BodyTools = {
  readonly sha256: Sha256;
  readonly sha256Into: Sha256Into;
  /** Another way to the same tree; left out: one leaf after the other, by sha256Into. */
  readonly lineTree?: () => LineTree;
  readonly encoding: Encoding;
  /** One zstd frame with its content size, or one gzip member. */
  readonly compress: (content: Uint8Array) => Uint8Array;
};

/** A batch made bytes: everything of a segment that does not depend on the chain before it. */
export type SegmentBody = {
  /** Covers [firstOffset, nextOffset), each offset by exactly one line. */
  readonly firstOffset: number;
  readonly nextOffset: number;
  /** Records; gap lines are not counted. */
  readonly count: number;
  readonly missing: Readonly<Partial<Record<GapReason, number>>>;
  /** Least and greatest record timestamps within 0…TIME_MS_MAX, milliseconds; null when there is none. */
  readonly firstTimeMs: number | null;
  readonly lastTimeMs: number | null;
  readonly lines: number;
  readonly root: Uint8Array;
  readonly encoding: Encoding;
  readonly blocks: readonly BlockInfo[];
  /** The data object; null when there is no line. */
  readonly data: Uint8Array | null;
  readonly dataSha256: Uint8Array | null;
  /**
   * The last record, by which the topic is recognised later (its line's leaf hash); null when there is none.
   */
  readonly lastRecord: { readonly offset: number; readonly leaf: Uint8Array } | null;
};

/** The body of a segment without lines: "nothing up to here". */
export const emptyBody = (sha256: Sha256, offset: number): SegmentBody => ({
  firstOffset: offset,
  nextOffset: offset,
  count: 0,
  missing: {},
  firstTimeMs: null,
  lastTimeMs: null,
  lines: 0,
  root: emptyRoot(sha256),
  encoding: 'zstd',
  blocks: [],
  data: null,
  dataSha256: null,
  lastRecord: null,
});

/** Collects lines into blocks. Offsets must follow each other without a hole: the gate ensures it. */
export class BodyBuilder {
  readonly #tools: BodyTools;
  readonly #firstOffset: number;
  #nextOffset: number;
  #count = 0;
  #missing: Partial<Record<GapReason, number>> = {};
  #firstTimeMs: bigint | null = null;
  #lastTimeMs: bigint | null = null;
  #storedBytes = 0;
  readonly #writer = new LineWriter();
  /** Start of each line of the open block. */
  #starts: number[] = [];
  readonly #tree: LineTree;
  readonly #blocks: BlockInfo[] = [];
  readonly #stored: Uint8Array[] = [];
  #lastRecord: { offset: number; leaf: Uint8Array } | null = null;
  /** Index in #starts of the newest record of the open block. */
  #lastEntry: { offset: number; index: number } | null = null;

  constructor(firstOffset: number, tools: BodyTools) {
    this.#firstOffset = firstOffset;
    this.#nextOffset = firstOffset;
    this.#tools = tools;
    this.#tree = tools.lineTree?.() ?? new SerialLineTree(tools.sha256Into);
  }

  /** Bytes held: closed blocks compressed, the open one as it is. */
  get heldBytes(): number {
    return this.#storedBytes + this.#writer.length;
  }

  /** The offset that must come next. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Bytes that the open block still takes: the line that reaches them ends it. */
  get blockRoom(): number {
    return LIMITS.blockContentTarget - this.#writer.length;
  }

  record(record: KafkaRecord): void {
    assert(record.offset === this.#nextOffset, `offset ${record.offset} where ${this.#nextOffset} follows`);
    this.#starts.push(this.#writer.entry(record));
    this.#lastEntry = { offset: record.offset, index: this.#starts.length - 1 };
    this.#nextOffset = record.offset + 1;
    this.#count++;
    const time = record.timestamp;
    if (time >= 0n && time <= BigInt(TIME_MS_MAX)) this.#sawTimes(time, time);
    this.#closeFullBlock();
  }

  /**
   * Takes the lines of the records from nextOffset on. The caller ends a run with the line that reaches
   * blockRoom, as blocks of written records end.
   */
  run({ bytes, starts, firstTimeMs, lastTimeMs }: LineRun): void {
    if (starts.length === 0) return;
    assert((starts.at(-1) as number) < this.blockRoom, 'a run ends where its block ends');
    const base = this.#writer.append(bytes);
    for (const start of starts) this.#starts.push(base + start);
    this.#nextOffset += starts.length;
    this.#count += starts.length;
    this.#lastEntry = { offset: this.#nextOffset - 1, index: this.#starts.length - 1 };
    if (firstTimeMs !== null && lastTimeMs !== null) this.#sawTimes(BigInt(firstTimeMs), BigInt(lastTimeMs));
    this.#closeFullBlock();
  }

  gap(gap: GapLine): void {
    assert(gap.offset === this.#nextOffset, `gap at ${gap.offset} where ${this.#nextOffset} follows`);
    this.#starts.push(this.#writer.gap(gap));
    this.#missing[gap.reason] = (this.#missing[gap.reason] ?? 0) + (gap.last - gap.offset + 1);
    this.#nextOffset = gap.last + 1;
    this.#closeFullBlock();
  }

  finish(): SegmentBody {
    this.#closeBlock();
    const data = this.#stored.length === 0 ? null : concatBytes(...this.#stored);
    this.#stored.length = 0;
    return {
      firstOffset: this.#firstOffset,
      nextOffset: this.#nextOffset,
      count: this.#count,
      missing: this.#missing,
      firstTimeMs: this.#firstTimeMs === null ? null : Number(this.#firstTimeMs),
      lastTimeMs: this.#lastTimeMs === null ? null : Number(this.#lastTimeMs),
      lines: this.#tree.size,
      root: rootOf(this.#tools.sha256, this.#tree.frontier()),
      encoding: this.#tools.encoding,
      blocks: this.#blocks,
      data,
      dataSha256: data === null ? null : this.#tools.sha256(data),
      lastRecord: this.#lastRecord,
    };
  }

  #sawTimes(first: bigint, last: bigint): void {
    if (this.#firstTimeMs === null || first < this.#firstTimeMs) this.#firstTimeMs = first;
    if (this.#lastTimeMs === null || last > this.#lastTimeMs) this.#lastTimeMs = last;
  }

  #closeFullBlock(): void {
    if (this.#writer.length >= LIMITS.blockContentTarget) this.#closeBlock();
  }

  #closeBlock(): void {
    if (this.#starts.length === 0) return;
    const content = this.#writer.view();
    const stored = this.#tools.compress(content);
    this.#noteLastRecord(content);
    this.#tree.addBlock(content, this.#starts);
    this.#blocks.push({ bytes: stored.length, content: content.length, lines: this.#starts.length });
    this.#stored.push(stored);
    this.#storedBytes += stored.length;
    this.#starts = [];
    this.#lastEntry = null;
    this.#writer.reset();
  }

  /** The leaf of the newest record, if the block has one; by it the topic is recognised later. */
  #noteLastRecord(content: Uint8Array): void {
    if (this.#lastEntry === null) return;
    const { offset, index } = this.#lastEntry;
    const end = (this.#starts[index + 1] ?? content.length) - 1;
    const line = content.subarray(this.#starts[index], end);
    this.#lastRecord = { offset, leaf: leafHash(this.#tools.sha256, line) };
  }
}
