// Which lines does a run of blocks hold?
import { nodeDecompress } from '../base/node/decompress.ts';
import { checkGzipMember, checkZstdFrame } from '../format/block.ts';
import type { BlockInfo, Manifest } from '../format/manifest.ts';
import type { Encoding } from '../format/paths.ts';
import { VerifyError } from '../verify/finding.ts';

/** Blocks [first, end) of a data object, and their range of bytes in it. */
export type BlockRun = { readonly first: number; readonly end: number; readonly bytes: Range };
export type Range = { readonly start: number; readonly end: number };

type Data = NonNullable<Manifest['data']>;

/**
 * The blocks that can hold the offsets [from, to), or null if none can. Every line covers at least one offset
 * and only gap lines cover more, so the number of an offset's line is known within bounds. The bounds are
 * exact if each gap line stands for one offset.
 */
export function blocksOf(manifest: Manifest, from: number, to: number): BlockRun | null {
  const { data, records, entries } = manifest;
  if (data === null) return null;
  const offsets = records.nextOffset - records.firstOffset;
  const slack = offsets - entries.size;
  const firstLine = Math.max(0, Math.max(from, records.firstOffset) - records.firstOffset - slack);
  const lastLine = Math.min(entries.size - 1, Math.min(to, records.nextOffset) - 1 - records.firstOffset);
  return lastLine < firstLine ? null : blocksOfLines(data, firstLine, lastLine);
}

function blocksOfLines({ blocks }: Data, firstLine: number, lastLine: number): BlockRun {
  let line = 0;
  let position = 0;
  let first = -1;
  let start = 0;
  for (const [index, block] of blocks.entries()) {
    if (first < 0 && line + block.lines > firstLine) {
      first = index;
      start = position;
    }
    line += block.lines;
    position += block.bytes;
    if (line > lastLine) return { first, end: index + 1, bytes: { start, end: position } };
  }
  throw new VerifyError({
    code: 'block-mismatch',
    expected: `blocks with line ${lastLine}`,
    found: `${line} lines`,
  });
}

/** Splits a run into runs of at most `bytesMax` stored bytes. A single block may be larger. */
export function* splitRun({ blocks }: Data, run: BlockRun, bytesMax: number): Generator<BlockRun> {
  let first = run.first;
  let start = run.bytes.start;
  let end = start;
  for (let index = run.first; index < run.end; index++) {
    const { bytes } = blocks[index]!;
    if (index > first && end - start + bytes > bytesMax) {
      yield { first, end: index, bytes: { start, end } };
      first = index;
      start = end;
    }
    end += bytes;
  }
  yield { first, end: run.end, bytes: { start, end } };
}

/** The content of a block. It must be exactly one frame. Throws `block-mismatch` or `trailing-bytes`. */
export function blockContent(stored: Uint8Array, block: BlockInfo, encoding: Encoding): Uint8Array {
  if (encoding === 'zstd') checkZstdFrame(stored);
  else checkGzipMember(stored);
  const content = nodeDecompress(stored, encoding, block.content);
  if (content.at(-1) !== 0x0a) {
    throw new VerifyError({ code: 'block-mismatch', expected: 'LF at the end', found: 'another byte' });
  }
  return content;
}

/** The lines of a run of blocks, without their LF. `stored` are the run's bytes. */
export function* linesOf(stored: Uint8Array, data: Data, run: BlockRun): Generator<Uint8Array> {
  let at = 0;
  for (let index = run.first; index < run.end; index++) {
    const block = data.blocks[index]!;
    const content = blockContent(stored.subarray(at, at + block.bytes), block, data.encoding);
    at += block.bytes;
    let lines = 0;
    for (let start = 0; start < content.length; lines++) {
      const end = content.indexOf(0x0a, start);
      yield content.subarray(start, end);
      start = end + 1;
    }
    if (lines !== block.lines) {
      throw new VerifyError({
        code: 'block-mismatch',
        expected: `${block.lines} lines in block ${index}`,
        found: `${lines}`,
      });
    }
  }
}

/** All blocks of a data object. */
export const wholeRun = (data: Data): BlockRun => ({
  first: 0,
  end: data.blocks.length,
  bytes: { start: 0, end: data.bytes },
});
