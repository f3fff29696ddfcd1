// Which segment holds an offset, found with as few reads as can be?
import { LedgerstoneError } from '../base/error.ts';
import type { Manifest } from '../format/manifest.ts';

/** What the search reads; `manifest` costs one read unless it was read before. */
export type SealSource = {
  readonly headSequence: number;
  /** Stored bytes of the data objects by sequence, from a listing; null when unknown. */
  readonly dataSizes: ReadonlyMap<number, number> | null;
  manifest(sequence: number): Promise<Manifest>;
};

/**
 * Where an offset lies. `storedBytes` null: its seal was read. Else all but certainly there, by what was read of the
 * segment before it: within about so many bytes of the beginning of its data object.
 */
export type Located = { readonly sequence: number; readonly storedBytes: number | null };

export type LocateOptions = {
  /**
   * More than 0: in the first part of a segment the seal before it is read instead. It tells as much, and saves a read
   * for whoever can take a line from the first so many bytes of a data object without its seal.
   */
  readonly firstBytesMax: number;
};

/** Guesses that do not find it give way to bisection. */
const PATIENCE = 3;
/** How far an estimate may be off, as a share of a segment, without a wasted read. */
const EDGE = 0.25;

/**
 * The segment whose offsets cover `offset`. Null: it is not sealed yet.
 *
 * The head says how many offsets there are in all, and a listing how large every data object is. Since both grow
 * together, the share of the bytes up to a segment tells where it lies: mostly one more seal is read, the right one.
 * Where the guess is off, what was read narrows the rest; after a few poor guesses the rest is bisected, so the search
 * never takes more than PATIENCE + 1 + 2·log2(segments) reads. Throws `before-chain` below the first sealed offset.
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
  throw new LedgerstoneError('before-chain', `offset ${offset} lies before the first one of this chain`, {
    disposition: 'input',
    remedy: 'Ask for a later offset; `ledgerstone show … --sequence 0` says where the chain begins.',
  });
}

/** About where the line lies that is so many offsets into the segment after `sequence`, judged by how dense that one is. */
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

/** How the offsets between two known places are spread over the segments there. */
class Weights {
  /** Sum of the weights of all sequences below the index; null: every segment counts the same. */
  readonly #sums: Float64Array | null;

  constructor(sums: Float64Array | null) {
    this.#sums = sums;
  }

  /** The sequence in [low, high] at which that share of their weight is reached; the one before within `edge` of its beginning. */
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

/** Sizes that differ by less than this (standard deviation over mean) come from segments that closed when they were full. */
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
  // Segments that close at a number of records all hold the same: the mean is then a whole number.
  const equal = sizes.length > 0 && head.records.before % sizes.length === 0;
  // Segments that close at a number of bytes hold about the same; those that close by age hold what their bytes say.
  const weightOf = (size: number): number =>
    equal ? 1 : deviation < FULL_SEGMENTS * mean ? 1 + size / mean : size;
  const sums = new Float64Array(headSequence + 1);
  for (let sequence = 0; sequence < headSequence; sequence++) {
    const size = dataSizes.get(sequence);
    sums[sequence + 1] = sums[sequence]! + (size === undefined ? 0 : weightOf(size));
  }
  return new Weights(sums);
}
