// Which lines of a chain cover a range of offsets?
import { gunzipSync, constants as zlib, zstdDecompressSync } from 'node:zlib';
import { LIMITS, MIB } from '../base/limits.ts';
import { zstdFrameEnd } from '../format/block.ts';
import { chainEnd } from './chain-end.ts';
import type { ChainReader } from './chain-reader.ts';
import { BeforeChainError } from './errors.ts';
import { type FoundLine, linesOfSegment, linesWithin, type OffsetRange } from './line-range.ts';
import { type Located, type LocateOptions, locateOffset } from './locate.ts';

/**
 * Read at most of a data object whose seal is not read. With two seals and the head that is well below 2 MiB.
 */
const FIRST_BYTES_MAX = MIB;
/** The estimate can be off, and the line's whole block must be read. */
const margin = (estimate: number): number =>
  Math.min(FIRST_BYTES_MAX, Math.ceil(1.25 * estimate) + 256 * 1024);

/**
 * The lines in offset order. With `whole`, each segment is read whole and compared with its seal before its
 * lines are given. Gives nothing if nothing of the range is sealed yet. Throws VerifyError.
 */
export async function* linesOfRange(
  reader: ChainReader,
  range: OffsetRange,
  options: { readonly whole: boolean },
): AsyncGenerator<FoundLine> {
  const { sequence: headSequence, beyond } = await chainEnd(reader);
  let first: Located | null = { sequence: 0, storedBytes: null };
  if (range.from > 0) {
    // One line without a trusted key may come from a block whose seal was not read.
    const isOne = !reader.verified && range.to - range.from === 1;
    const firstBytesMax = isOne ? FIRST_BYTES_MAX / 2 : 0;
    first = await locate(reader, headSequence, range.from, { firstBytesMax });
    if (first !== null && first.storedBytes !== null) {
      const line = await lineNearBeginning(reader, first.sequence, margin(first.storedBytes), range);
      if (line !== null) return yield line;
      first = await locate(reader, headSequence, range.from, { firstBytesMax: 0 });
    }
  }
  if (first === null) {
    if (beyond !== null) throw beyond;
    return;
  }
  for (let { sequence } = first; sequence <= headSequence; sequence++) {
    const seal = await reader.seal(sequence);
    yield* linesOfSegment(reader, seal, range, options.whole);
    // The next segment begins behind the range: its seal need not be read.
    if (seal.manifest.records.nextOffset >= range.to) return;
  }
  if (beyond !== null) throw beyond;
}

/** As `locateOffset`, but a range that begins before the chain starts with its first segment. */
async function locate(
  reader: ChainReader,
  headSequence: number,
  offset: number,
  options: LocateOptions,
): Promise<Located | null> {
  try {
    return await locateOffset(
      {
        headSequence,
        dataSizes: await reader.dataSizes(),
        manifest: async (sequence) => (await reader.seal(sequence)).manifest,
      },
      offset,
      options,
    );
  } catch (error) {
    if (error instanceof BeforeChainError) return { sequence: 0, storedBytes: null };
    throw error;
  }
}

/** Looks for the line in the first bytes of a data object. Null if it is not there. */
async function lineNearBeginning(
  reader: ChainReader,
  sequence: number,
  bytesMax: number,
  range: OffsetRange,
): Promise<FoundLine | null> {
  const first = await reader.firstBytes(sequence, bytesMax);
  if (first === null) return null;
  const blocks = first.encoding === 'zstd' ? zstdFrames(first.bytes) : gzipMembers(first.bytes);
  for (const content of blocks) {
    for (const found of linesWithin(cutLines(content), range)) return found;
  }
  return null;
}

const maxOutputLength = LIMITS.blockContentMax;

/** The content of each frame, until one is cut off. */
function* zstdFrames(bytes: Uint8Array): Generator<Uint8Array> {
  for (let rest = bytes; rest.length > 0; ) {
    let end: number;
    try {
      end = zstdFrameEnd(rest);
    } catch {
      return;
    }
    yield zstdDecompressSync(rest.subarray(0, end), { maxOutputLength });
    rest = rest.subarray(end);
  }
}

/**
 * The content of all members, as far as the bytes go. zlib reads member after member and accepts a cut end.
 */
function* gzipMembers(bytes: Uint8Array): Generator<Uint8Array> {
  try {
    yield gunzipSync(bytes, { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    // No gzip, or more content than a block may have. Reading by the seal says which.
  }
}

/** Whole lines only. */
function* cutLines(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; ; ) {
    const end = content.indexOf(0x0a, start);
    if (end < 0) return;
    yield content.subarray(start, end);
    start = end + 1;
  }
}
