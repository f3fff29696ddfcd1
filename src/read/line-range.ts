// Which lines of one segment cover a range of offsets? Reads only blocks that can hold one.
import { setImmediate as turn } from 'node:timers/promises';
import { EMPTY } from '../base/bytes.ts';
import { MIB } from '../base/limits.ts';
import { nodeDecompress } from '../base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import { LineScanner } from '../format/record.ts';
import { type ContentTools, checkData } from '../verify/content.ts';
import { VerifyError } from '../verify/finding.ts';
import type { OnLine, SeenLine } from '../verify/line-tally.ts';
import type { ChainReader, LocatedSeal } from './chain-reader.ts';
import { blocksOf, linesOf, splitRun, wholeRun } from './segment-lines.ts';

/** [from, to) */
export type OffsetRange = { readonly from: number; readonly to: number };
export type FoundLine = {
  /** Without its LF. */
  readonly line: Uint8Array;
  readonly offset: number;
  /** The offset after the last one that the line covers. */
  readonly nextOffset: number;
  readonly isGap: boolean;
  /** −1 if the record has no time that can be shown. */
  readonly timestampMs: number;
};

/** Other work of the thread has its turn before each block: a large segment takes half a second. */
const TOOLS: ContentTools = {
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  decompress: async (block, encoding, contentBytes) => {
    await turn();
    return nodeDecompress(block, encoding, contentBytes);
  },
};

/** Stored bytes that are held at once while a long range is read. */
const RUN_BYTES_MAX = 4 * MIB;
/** Lines that are kept until their segment is proven: more than a segment has by default. */
const KEPT_BYTES_MAX = 128 * MIB;
/** What a kept line takes beside its bytes. */
const KEPT_LINE_BYTES = 200;

/**
 * The lines of one segment that cover an offset of the range, in order. With `whole` the whole data object is
 * read and compared with the seal before the first line is given. Without it only the blocks that can hold
 * such lines are read, and nothing is proven. Throws VerifyError.
 */
export async function* linesOfSegment(
  reader: ChainReader,
  seal: LocatedSeal,
  range: OffsetRange,
  whole: boolean,
  keptBytesMax = KEPT_BYTES_MAX,
): AsyncGenerator<FoundLine> {
  const { data, records } = seal.manifest;
  const run = blocksOf(seal.manifest, range.from, range.to);
  if (data === null || run === null || range.to <= records.firstOffset) return;
  if (whole) {
    const kept = new KeptLines(range, keptBytesMax);
    const stored = await checkedData(reader, seal, (line) => kept.add(line));
    // What is too much to keep is decompressed once more, block by block: these very bytes were checked.
    yield* kept.lines ?? linesWithin(linesOf(stored, data, wholeRun(data)), range);
    return;
  }
  for (const part of splitRun(data, run, RUN_BYTES_MAX)) {
    yield* linesWithin(linesOf(await reader.data(seal, part.bytes), data, part), range);
  }
}

/**
 * Reads a segment's data object and asks all that `verify` asks of it: bytes, blocks, lines, offsets, counts
 * and root. Each block is decompressed once and freed. `onLine` is shown each line in order on the way.
 * **Nothing that it was shown is proven before the promise resolves.** Gives the stored bytes. Throws
 * VerifyError with the first thing that is wrong.
 */
export async function checkedData(
  reader: ChainReader,
  seal: LocatedSeal,
  onLine: OnLine,
): Promise<Uint8Array> {
  const { data, records, entries, time } = seal.manifest;
  if (data === null) return EMPTY;
  const stored = await reader.data(seal);
  const claim = { data, records, entries, time };
  const [problem] = (await checkData(stored, claim, TOOLS, onLine)).problems;
  if (problem !== undefined) throw new VerifyError(problem);
  return stored;
}

/** Copies of the lines that cover an offset of the range, as long as they are not too many. */
class KeptLines {
  readonly #range: OffsetRange;
  #lines: FoundLine[] | null = [];
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(range: OffsetRange, bytesMax: number) {
    this.#range = range;
    this.#bytesMax = bytesMax;
  }

  /** Null if there were too many. */
  get lines(): readonly FoundLine[] | null {
    return this.#lines;
  }

  add({ content, start, end, offset, nextOffset, gapLine, timestampMs }: SeenLine): void {
    if (this.#lines === null || nextOffset <= this.#range.from || offset >= this.#range.to) return;
    this.#bytes += end - start + KEPT_LINE_BYTES;
    if (this.#bytes > this.#bytesMax) {
      this.#lines = null;
      return;
    }
    const line = new Uint8Array(content.subarray(start, end));
    this.#lines.push({ line, offset, nextOffset, isGap: gapLine !== null, timestampMs });
  }
}

/**
 * The lines that cover an offset of the range, out of consecutive ones. Throws FormatError on a malformed
 * line.
 */
export function* linesWithin(lines: Iterable<Uint8Array>, range: OffsetRange): Generator<FoundLine> {
  const scanner = new LineScanner();
  for (const line of lines) {
    scanner.scan(line, 0, line.length);
    const { offset, nextOffset, gap, timestampMs } = scanner;
    if (nextOffset <= range.from) continue;
    if (offset >= range.to) return;
    yield { line, offset, nextOffset, isGap: gap !== null, timestampMs };
  }
}
