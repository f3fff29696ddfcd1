// Which lines of a chain lie in a range of offsets, in order, reading no block that can't hold one?
import { equalBytes, fromHex, toHex } from '../base/bytes.ts';
import { MIB } from '../base/limits.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { LineScanner } from '../format/record.ts';
import { leafHash, rootOfLeaves } from '../merkle/tree.ts';
import { VerifyError } from '../verify/finding.ts';
import type { ChainReader, ReadSeal } from './chain-reader.ts';
import { blocksOf, linesOf, splitRun, wholeRun } from './segment-lines.ts';

/** [from, to) */
export type OffsetRange = { readonly from: number; readonly to: number };
export type FoundLine = {
  /** Without its LF. */
  readonly line: Uint8Array;
  readonly offset: number;
  readonly isGap: boolean;
  /** −1: none that can be shown. */
  readonly timestampMs: number;
};

/** Stored bytes held at once while a long range is printed. */
const RUN_BYTES_MAX = 4 * MIB;

/**
 * The lines of one segment that cover an offset of the range. `whole`: reads the whole data object and compares it with
 * the seal before the first line is given out; else only the blocks that can hold them, and nothing is proven.
 */
export async function* linesOfSegment(
  reader: ChainReader,
  seal: ReadSeal,
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

/** Every line of a segment, after its bytes and its entry root were found to be those of the seal. Throws VerifyError. */
export async function provenLines(reader: ChainReader, seal: ReadSeal): Promise<Uint8Array[]> {
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

/** Those of consecutive lines that cover an offset of the range. Throws FormatError for what is no line. */
export function* linesWithin(lines: Iterable<Uint8Array>, range: OffsetRange): Generator<FoundLine> {
  const scanner = new LineScanner();
  for (const line of lines) {
    scanner.scan(line, 0, line.length);
    const { offset, nextOffset, gap, timestampMs } = scanner;
    if (nextOffset <= range.from) continue;
    if (offset >= range.to) return;
    yield { line, offset, isGap: gap !== null, timestampMs };
  }
}
