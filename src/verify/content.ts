// Are these stored bytes what the manifest says, in each byte, line and offset?
import { toHex } from '../base/bytes.ts';
import { freeNow } from '../base/free.ts';
import type { Sha256, Sha256Into } from '../base/hash.ts';
import type { JsonWatch } from '../base/json/json-watch.ts';
import { checkGzipMember, checkZstdFrame, zstdContentSize } from '../format/block.ts';
import type { BlockInfo } from '../format/manifest.ts';
import type { Encoding } from '../format/paths.ts';
import type { DataClaim } from './data-claim.ts';
import { isFindingCode, type Problem } from './finding.ts';
import type { GapLines } from './gaps.ts';
import { LineTally, type OnLine } from './line-tally.ts';
import { problemOf } from './open-seal.ts';
import { ProblemList } from './problem-list.ts';

/**
 * The content of one block, in memory of its own, because it is changed and then freed. Never makes more than
 * `contentBytes` bytes, whatever the block says. Throws on more, on fewer, and on anything that is not a
 * whole block.
 */
export type Decompress = (
  block: Uint8Array,
  encoding: Encoding,
  contentBytes: number,
) => Uint8Array | Promise<Uint8Array>;

export type ContentTools = {
  readonly sha256: Sha256;
  readonly sha256Into: Sha256Into;
  readonly decompress: Decompress;
};

export type DataOutcome = {
  readonly lines: number;
  readonly records: number;
  readonly gapLines: GapLines;
  readonly contentBytes: number;
  readonly problems: readonly Problem[];
};

/**
 * Checks to the end, as far as it can be read. Never throws on hostile bytes. `onLine` is shown each
 * well-formed line on the way; what it was shown is proven only by an outcome without problems. `watch` has
 * then seen its value, if `plainAt` is not −1.
 */
export async function checkData(
  bytes: Uint8Array,
  claim: DataClaim,
  tools: ContentTools,
  onLine: OnLine | null = null,
  watch: JsonWatch | null = null,
): Promise<DataOutcome> {
  const { data } = claim;
  const problems = new ProblemList();
  checkStoredBytes(bytes, data, tools.sha256, problems);

  const tally = new LineTally(claim.records.firstOffset, tools, problems, onLine, watch);
  let storedAt = 0;
  let contentBytes = 0;
  let whole = true;
  for (const [index, block] of data.blocks.entries()) {
    const stored = bytes.subarray(storedAt, storedAt + block.bytes);
    storedAt += block.bytes;
    const content = await openBlock(stored, block, data.encoding, tools.decompress).catch(
      (error: unknown) => {
        addBlockProblem(problems, index, error);
        return null;
      },
    );
    if (content === null) {
      whole = false;
      tally.skipBlock();
      continue;
    }
    contentBytes += content.length;
    tally.addBlock(content, block.lines, index);
    freeNow(content);
  }
  // Without some of the lines there is no root to compare. The faults of the blocks are reported already.
  if (whole) tally.compareWith(claim, problems);
  return {
    lines: tally.lines,
    records: tally.records,
    gapLines: tally.gapLines,
    contentBytes,
    problems: problems.all,
  };
}

function checkStoredBytes(
  bytes: Uint8Array,
  data: DataClaim['data'],
  sha256: Sha256,
  problems: ProblemList,
): void {
  if (bytes.length !== data.bytes) {
    problems.add('data-altered', `${data.bytes} bytes`, `${bytes.length} bytes`);
  }
  const hash = toHex(sha256(bytes));
  if (hash !== data.sha256) problems.add('data-altered', data.sha256, hash);
}

/** Exactly one frame or member, with exactly the content that the manifest states. */
async function openBlock(
  stored: Uint8Array,
  block: BlockInfo,
  encoding: Encoding,
  decompress: Decompress,
): Promise<Uint8Array> {
  if (stored.length !== block.bytes) throw new Error(`${stored.length} bytes where ${block.bytes} belong`);
  if (encoding === 'zstd') {
    checkZstdFrame(stored);
    const size = zstdContentSize(stored);
    if (size !== block.content)
      throw new Error(`its frame says ${size} bytes of content, not ${block.content}`);
  } else {
    checkGzipMember(stored);
  }
  const content = await decompress(stored, encoding, block.content);
  if (content.length !== block.content) {
    throw new Error(`${content.length} bytes of content where ${block.content} belong`);
  }
  return content;
}

function addBlockProblem(problems: ProblemList, index: number, error: unknown): void {
  const problem = problemOf(error);
  const code =
    error instanceof Error && 'code' in error && isFindingCode(String(error.code))
      ? problem.code
      : 'block-mismatch';
  problems.add(code, null, `block ${index}: ${problem.found}`);
}
