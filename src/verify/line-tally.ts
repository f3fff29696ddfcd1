// Do the lines cover their offsets, and what is their root?
import { EMPTY, toHex } from '../base/bytes.ts';
import type { Sha256, Sha256Into } from '../base/hash.ts';
import type { JsonWatch } from '../base/json/json-watch.ts';
import type { GapLine, GapReason } from '../format/line.ts';
import { LineScanner } from '../format/line-scanner.ts';
import { timeText } from '../format/time.ts';
import { TreeAccumulator } from '../merkle/accumulator.ts';
import { rootOf } from '../merkle/tree.ts';
import type { DataClaim } from './data-claim.ts';
import { addGapLine, type GapLines, noGapLines } from './gaps.ts';
import { problemOf } from './open-seal.ts';
import { PlainLine } from './plain-line.ts';
import type { ProblemList } from './problem-list.ts';

const LF = 0x0a;

/**
 * One well-formed line of a block, without its LF: bytes [start, end) of `content`. Good during the call
 * only: the object serves the next line, and the block's memory is freed.
 */
export type SeenLine = {
  content: Uint8Array;
  start: number;
  end: number;
  offset: number;
  /** The offset after the last one that the line covers. */
  nextOffset: number;
  /** Null for a record. */
  gapLine: GapLine | null;
  /** −1 for a gap, and for a record without a time that can be shown. */
  timestampMs: number;
  /** Where its JSON value begins, if it is a PlainLine, whose value a watch has seen. Else −1. */
  plainAt: number;
};

/** Is shown each line before anything of its segment is proven. Must not throw. */
export type OnLine = (line: SeenLine) => void;

/** Reads blocks of lines in order and keeps what a manifest states of them. */
export class LineTally {
  lines = 0;
  records = 0;
  readonly gapLines: GapLines = noGapLines();
  readonly #sha256: Sha256;
  readonly #tree: TreeAccumulator;
  readonly #plain: PlainLine;
  readonly #scanner = new LineScanner();
  readonly #problems: ProblemList;
  readonly #onLine: OnLine | null;
  readonly #seen: SeenLine = {
    ...{ content: EMPTY, start: 0, end: 0, offset: 0, nextOffset: 0, gapLine: null, timestampMs: -1 },
    plainAt: -1,
  };
  /** Where the next line must begin. Null after something unreadable. */
  #nextOffset: number | null;
  #allRead = true;
  readonly #missing = new Map<GapReason, number>();
  #firstMs = -1;
  #lastMs = -1;

  constructor(
    firstOffset: number,
    hashes: { readonly sha256: Sha256; readonly sha256Into: Sha256Into },
    problems: ProblemList,
    onLine: OnLine | null = null,
    watch: JsonWatch | null = null,
  ) {
    this.#onLine = onLine;
    this.#plain = new PlainLine(watch);
    this.#nextOffset = firstOffset;
    this.#sha256 = hashes.sha256;
    this.#tree = new TreeAccumulator(hashes.sha256Into);
    this.#problems = problems;
  }

  /** A block that could not be read: lines after it are not compared with lines before it. */
  skipBlock(): void {
    this.#nextOffset = null;
    this.#allRead = false;
  }

  /**
   * A leaf's message is 0x00 ‖ line. The byte before each line is the LF of the line before, which is no
   * longer needed once it was found. It becomes the 0x00, so only a block's first line is copied. This
   * changes `content`.
   */
  addBlock(content: Uint8Array, lines: number, index: number): void {
    if (content[content.length - 1] !== LF) {
      this.#problems.add('block-mismatch', 'LF as the last byte', `block ${index}: a line without its end`);
      this.skipBlock();
      return;
    }
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    let start = 0;
    let count = 0;
    // One line more than stated is enough to know, so hostile content is not read to its end.
    while (start < content.length && count <= lines) {
      const end = this.#scan(content, view, start, index);
      if (start === 0) {
        const message = new Uint8Array(end + 1);
        message.set(content.subarray(0, end), 1);
        this.#tree.addLeafMessage(message);
      } else {
        content[start - 1] = 0;
        // A plain view. Buffer's own subarray makes a Buffer, which costs several times as much.
        this.#tree.addLeafMessage(
          new Uint8Array(content.buffer, content.byteOffset + start - 1, end - start + 1),
        );
      }
      start = end + 1;
      count++;
    }
    this.lines += count;
    if (count !== lines) {
      const found = `block ${index}: ${count > lines ? `more than ${lines}` : count}`;
      this.#problems.add('block-mismatch', `${lines} lines`, found);
    }
  }

  /** The index of the line's LF. */
  #scan(content: Uint8Array, view: DataView, start: number, block: number): number {
    // A refusal costs as much as ten good lines, and a small object can hold 600 million lines
    // (FORMAT.md 9.1.6).
    if (this.#problems.isFull('malformed')) return content.indexOf(LF, start);
    const expected = this.#nextOffset;
    if (expected !== null) {
      const end = this.#plain.read(content, view, start, expected);
      if (end >= 0) {
        this.#nextOffset = expected + 1;
        this.#addRecord(this.#plain.timestampMs);
        if (this.#onLine !== null) {
          this.#seen.offset = expected;
          this.#seen.plainAt = this.#plain.valueAt;
          this.#show(content, start, end, expected + 1, null, this.#plain.timestampMs);
        }
        return end;
      }
    }
    const end = content.indexOf(LF, start);
    const scanner = this.#scanner;
    try {
      scanner.scan(content, start, end);
    } catch (error) {
      const { code, found } = problemOf(error);
      this.#problems.add(code, null, `block ${block}, byte ${start}: ${found}`);
      this.#nextOffset = null;
      this.#allRead = false;
      return end;
    }
    const { offset } = scanner;
    if (expected !== null && offset !== expected) {
      this.#problems.add('offset-gap', `offset ${expected}`, `block ${block}: offset ${offset}`);
    }
    this.#nextOffset = scanner.nextOffset;
    if (scanner.gap === null || scanner.gapLine === null) {
      this.#addRecord(scanner.timestampMs);
    } else {
      addGapLine(this.gapLines, scanner.gapLine);
      const before = this.#missing.get(scanner.gap) ?? 0;
      this.#missing.set(scanner.gap, before + scanner.nextOffset - offset);
    }
    if (this.#onLine !== null) {
      const gapLine = scanner.gap === null ? null : scanner.gapLine;
      this.#seen.offset = offset;
      this.#seen.plainAt = -1;
      this.#show(content, start, end, scanner.nextOffset, gapLine, scanner.timestampMs);
    }
    return end;
  }

  /** The line of bytes [start, end) and of `#seen.offset`. */
  #show(
    content: Uint8Array,
    start: number,
    end: number,
    nextOffset: number,
    gapLine: GapLine | null,
    timestampMs: number,
  ): void {
    const seen = this.#seen;
    seen.content = content;
    seen.start = start;
    seen.end = end;
    seen.nextOffset = nextOffset;
    seen.gapLine = gapLine;
    seen.timestampMs = timestampMs;
    this.#onLine?.(seen);
  }

  /** `ms` is −1 if the timestamp is not a time. */
  #addRecord(ms: number): void {
    this.records++;
    if (ms < 0) return;
    if (this.#firstMs < 0 || ms < this.#firstMs) this.#firstMs = ms;
    if (ms > this.#lastMs) this.#lastMs = ms;
  }

  /** Everything that the manifest says of all lines together. */
  compareWith(claim: DataClaim, problems: ProblemList): void {
    const root = toHex(rootOf(this.#sha256, this.#tree.frontier()));
    if (root !== claim.entries.root) problems.add('entry-root-mismatch', claim.entries.root, root);
    // If a line could not be read, the sums are wrong for a reason that is reported already.
    if (!this.#allRead) return;
    const { records, time } = claim;
    const compare = (name: string, expected: unknown, found: unknown) => {
      if (expected !== found) problems.add('count-mismatch', `${name} ${expected}`, String(found));
    };
    compare('entries.size', claim.entries.size, this.lines);
    compare('records.count', records.count, this.records);
    const reasons = new Set([...Object.keys(records.missing), ...this.#missing.keys()]) as Set<GapReason>;
    for (const reason of reasons) {
      compare(`records.missing.${reason}`, records.missing[reason] ?? 0, this.#missing.get(reason) ?? 0);
    }
    compare('time.first', time.first, this.#firstMs < 0 ? null : timeText(this.#firstMs));
    compare('time.last', time.last, this.#lastMs < 0 ? null : timeText(this.#lastMs));
    if (this.#nextOffset !== null && this.#nextOffset !== records.nextOffset) {
      problems.add('offset-gap', `nextOffset ${records.nextOffset}`, `nextOffset ${this.#nextOffset}`);
    }
  }
}
