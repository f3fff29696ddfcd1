// Which lines of one segment cover a range of offsets? Reads only blocks that can hold one.
import { equalBytes, fromHex, toHex } from '../base/bytes.ts';
import { MIB } from '../base/limits.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { LineScanner } from '../format/record.ts';
import { leafHash, rootOfLeaves } from '../merkle/tree.ts';
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
 * Every line of a segment. Its bytes and its entry root are compared with the seal first. Throws VerifyError.
 */
export async function provenLines(reader: ChainReader, seal: LocatedSeal): Promise<Uint8Array[]> {
  const { data, entries } = seal.manifest;
  if (data === null) return [];
  const stored = await reader.data(seal);
  const hash = toHex(nodeSha256(stored));
  if (hash !== data.sha256)
    throw new VerifyError({ code: 'data-altered', expected: data.sha256, found: hash });
  const lines = [...linesOf(stored, data, wholeRun(data))];
  const root = rootOfLeaves(
    nodeSha256,
    lines.map((line) => leafHash(nodeSha256, line)),
  );
  if (!equalBytes(root, fromHex(entries.root))) {
    throw new VerifyError({ code: 'entry-root-mismatch', expected: entries.root, found: toHex(root) });
  }
  return lines;
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
