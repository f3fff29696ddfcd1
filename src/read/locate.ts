// Which segment holds an offset? Found with few reads.
import type { Manifest } from '../format/manifest.ts';
import { BeforeChainError } from './errors.ts';

/** What the search reads. `manifest` costs one read unless it was read before. */
export type SealSource = {
  readonly headSequence: number;
  /** Stored bytes of the data objects by sequence, from a listing. Null if unknown. */
  readonly dataSizes: ReadonlyMap<number, number> | null;
  manifest(sequence: number): Promise<Manifest>;
};

/**
 * The segment that holds an offset. `storedBytes` is null if its seal was read. Otherwise the segment is very
 * likely, judged by the seal before it, and the line should begin within about that many bytes of its data
 * object.
 */
export type Located = { readonly sequence: number; readonly storedBytes: number | null };

export type LocateOptions = {
  /**
   * If above 0, the search reads the seal before a segment instead of its own when the offset lies near the
   * segment's beginning. That saves a read for a caller that can take a line from this many first bytes
   * without the seal.
   */
  readonly firstBytesMax: number;
};

/** After so many wrong guesses the search bisects. */
const PATIENCE = 3;
/** How far an estimate may be off without a wasted read, as a share of a segment. */
const EDGE = 0.25;

/**
 * The segment whose offsets cover `offset`, or null if it is not sealed yet. Throws BeforeChainError below
 * the first sealed offset.
 *
 * The head says how many offsets there are, and a listing says how large each data object is. Both grow
 * together, so the share of bytes before a segment tells which offsets it holds. Usually one more seal is
 * read, and it is the right one. After a wrong guess the range is narrowed by what was read. After a few
 * wrong guesses the rest is bisected, so the search takes at most PATIENCE + 1 + 2·log2(segments) reads.
 */
export async function locateOffset(
  source: SealSource,
  offset: number,
  options: LocateOptions = { firstBytesMax: 0 },
): Promise<Located | null> {
  const head = await source.manifest(source.headSequence);
  if (offset >= head.records.nextOffset) return null;
  if (offset >= head.records.firstOffset) return { sequence: source.headSequence, storedBytes: null };

  const weights = weightsOf(source, head);
  const edge = options.firstBytesMax > 0 ? EDGE : 0;
  let low = 0;
  // Without gaps this is exact; gaps put the true start lower, and the search corrects it.
  let lowOffset = Math.min(offset, Math.max(0, head.records.firstOffset - head.records.before));
  let high = source.headSequence - 1;
  let highOffset = head.records.firstOffset;
  for (let tries = 0; low <= high; tries++) {
    const share = (offset - lowOffset + 0.5) / (highOffset - lowOffset);
    const guess =
      tries < PATIENCE || tries % 2 === 0
        ? weights.sequenceAt(low, high, share, edge)
        : Math.floor((low + high) / 2);
    const { firstOffset, nextOffset } = (await source.manifest(guess)).records;
    if (offset < firstOffset) {
      high = guess - 1;
      highOffset = firstOffset;
      lowOffset = Math.min(lowOffset, offset);
    } else if (offset >= nextOffset) {
      low = guess + 1;
      lowOffset = nextOffset;
      const storedBytes = storedBytesBefore(source, guess, offset - nextOffset, nextOffset - firstOffset);
      if (low <= high && storedBytes < options.firstBytesMax) return { sequence: low, storedBytes };
    } else return { sequence: guess, storedBytes: null };
  }
  throw new BeforeChainError(offset, (await source.manifest(0)).continues);
}

/**
 * Where a line should begin in the segment after `sequence`, in stored bytes, if both segments are equally
 * dense.
 */
function storedBytesBefore(
  { dataSizes }: SealSource,
  sequence: number,
  offsetsInto: number,
  offsets: number,
): number {
  const size = dataSizes?.get(sequence);
  return size === undefined || !dataSizes?.has(sequence + 1)
    ? Number.POSITIVE_INFINITY
    : (offsetsInto / offsets) * size;
}

/** How the offsets between two known segments are spread over the segments between them. */
class Weights {
  /** At each index the sum of the weights of all lower sequences. Null: every segment counts the same. */
  readonly #sums: Float64Array | null;

  constructor(sums: Float64Array | null) {
    this.#sums = sums;
  }

  /**
   * The sequence in [low, high] at which that share of their weight is reached. If it is reached within the
   * first `edge` of a segment, the sequence before it.
   */
  sequenceAt(low: number, high: number, share: number, edge: number): number {
    const within = (sequence: number) => Math.min(high, Math.max(low, sequence));
    const sums = this.#sums;
    const total = sums === null ? 0 : sums[high + 1]! - sums[low]!;
    if (sums === null || total <= 0) return within(low + Math.floor(share * (high - low + 1)));
    const wanted = sums[low]! + share * total;
    let first = low;
    let last = high;
    while (first < last) {
      const middle = Math.floor((first + last) / 2);
      if (sums[middle + 1]! > wanted) last = middle;
      else first = middle + 1;
    }
    const sequence = within(first);
    const into = wanted - sums[sequence]!;
    const before = sums[sequence]! - sums[within(sequence - 1)]!;
    return before > 0 && into < edge * (sums[sequence + 1]! - sums[sequence]!) ? sequence - 1 : sequence;
  }
}

/**
 * If sizes differ by less than this (standard deviation over mean), the segments were closed because they
 * were full.
 */
const FULL_SEGMENTS = 0.3;

function weightsOf({ headSequence, dataSizes }: SealSource, head: Manifest): Weights {
  if (dataSizes === null) return new Weights(null);
  const sizes: number[] = [];
  for (let sequence = 0; sequence < headSequence; sequence++) {
    const size = dataSizes.get(sequence);
    if (size !== undefined) sizes.push(size);
  }
  const mean = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);
  const deviation = Math.sqrt(
    sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / Math.max(1, sizes.length),
  );
  // Segments that close at a number of records all hold equally many: then the mean is a whole number.
  const equal = sizes.length > 0 && head.records.before % sizes.length === 0;
  // Segments that close at a number of bytes hold about equally many; those that close by age hold as many as
  // their bytes say.
  const weightOf = (size: number): number =>
    equal ? 1 : deviation < FULL_SEGMENTS * mean ? 1 + size / mean : size;
  const sums = new Float64Array(headSequence + 1);
  for (let sequence = 0; sequence < headSequence; sequence++) {
    const size = dataSizes.get(sequence);
    sums[sequence + 1] = sums[sequence]! + (size === undefined ? 0 : weightOf(size));
  }
  return new Weights(sums);
}
