// Which lines of one segment cover a range of offsets? Reads only blocks that can hold one.
import { MIB } from '../base/limits.ts';
import { nodeDecompress } from '../base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import { LineScanner } from '../format/record.ts';
import { checkData } from '../verify/content.ts';
import { VerifyError } from '../verify/finding.ts';
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

const TOOLS = { sha256: nodeSha256, sha256Into: nodeSha256Into, decompress: nodeDecompress };

/** Stored bytes that are held at once while a long range is read. */
const RUN_BYTES_MAX = 4 * MIB;

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
): AsyncGenerator<FoundLine> {
  const { data, records } = seal.manifest;
  const run = blocksOf(seal.manifest, range.from, range.to);
  if (data === null || run === null || range.to <= records.firstOffset) return;
  if (whole) {
    yield* linesWithin([...(await provenLines(reader, seal))], range);
    return;
  }
  for (const part of splitRun(data, run, RUN_BYTES_MAX)) {
    yield* linesWithin(linesOf(await reader.data(seal, part.bytes), data, part), range);
  }
}

/**
 * Every line of a segment, after all that `verify` asks of its data: bytes, blocks, lines, offsets, counts
 * and root. Throws VerifyError with the first thing that is wrong.
 */
export async function provenLines(reader: ChainReader, seal: LocatedSeal): Promise<Uint8Array[]> {
  const { data, records, entries, time } = seal.manifest;
  if (data === null) return [];
  const stored = await reader.data(seal);
  const [problem] = (await checkData(stored, { data, records, entries, time }, TOOLS)).problems;
  if (problem !== undefined) throw new VerifyError(problem);
  return [...linesOf(stored, data, wholeRun(data))];
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
