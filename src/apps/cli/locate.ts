// Which segment holds an offset, found with as few reads as can be?
import { LedgerstoneError } from '../../base/error.ts';
import type { Manifest } from '../../format/manifest.ts';

/** What the search reads; `manifest` costs one read unless it was read before. */
export type SealSource = {
  readonly headSequence: number;
  /** Stored bytes of the data objects by sequence, from a listing; null when unknown. */
  readonly dataSizes: ReadonlyMap<number, number> | null;
  manifest(sequence: number): Promise<Manifest>;
};

/** Interpolation that does not halve the rest in so many reads gives way to bisection. */
const PATIENCE = 3;

/**
 * The sequence of the segment whose offsets cover `offset`. Null: it is not sealed yet.
 *
 * The head says how many offsets there are in all, and a listing how large every data object is. Since both grow
 * together, the share of the bytes up to a segment tells where it lies: mostly one more seal is read, the right one.
 * Where the guess is off, what was read narrows the rest; after a few poor guesses the rest is bisected, so the search
 * never takes more than PATIENCE + 2 + 2·log2(segments) reads. Throws `before-chain` below the first sealed offset.
 */
export async function locateOffset(source: SealSource, offset: number): Promise<number | null> {
  const head = await source.manifest(source.headSequence);
  if (offset >= head.records.nextOffset) return null;
  if (offset >= head.records.firstOffset) return source.headSequence;

  const weights = weightsOf(source, head);
  let low = 0;
  // Without gaps this is exact; gaps put the true start lower, and the search corrects it.
  let lowOffset = Math.min(offset, Math.max(0, head.records.firstOffset - head.records.before));
  let high = source.headSequence - 1;
  let highOffset = head.records.firstOffset;
  for (let tries = 0; low <= high; tries++) {
    const share = (offset - lowOffset + 0.5) / (highOffset - lowOffset);
    const guess =
      tries < PATIENCE || tries % 2 === 0
        ? weights.sequenceAt(low, high, share)
        : Math.floor((low + high) / 2);
    const { firstOffset, nextOffset } = (await source.manifest(guess)).records;
    if (offset < firstOffset) {
      high = guess - 1;
      highOffset = firstOffset;
      lowOffset = Math.min(lowOffset, offset);
    } else if (offset >= nextOffset) {
      low = guess + 1;
      lowOffset = nextOffset;
    } else return guess;
  }
  throw new LedgerstoneError('before-chain', `offset ${offset} lies before the first one of this chain`, {
    disposition: 'input',
    remedy: 'Ask for a later offset; `ledgerstone show … --sequence 0` says where the chain begins.',
  });
}

/** How the offsets between two known places are spread over the segments there. */
class Weights {
  /** Sum of the weights of all sequences below the index; null: every segment counts the same. */
  readonly #sums: Float64Array | null;

  constructor(sums: Float64Array | null) {
    this.#sums = sums;
  }

  /** The sequence in [low, high] at which that share of their weight is reached. */
  sequenceAt(low: number, high: number, share: number): number {
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
    return within(first);
  }
}

function weightsOf({ headSequence, dataSizes }: SealSource, head: Manifest): Weights {
  if (dataSizes === null) return new Weights(null);
  let filled = 0;
  for (let sequence = 0; sequence < headSequence; sequence++) if (dataSizes.has(sequence)) filled++;
  // Segments that close at a number of records all hold the same: the mean is then a whole number.
  const equal = filled > 0 && head.records.before % filled === 0;
  const sums = new Float64Array(headSequence + 1);
  for (let sequence = 0; sequence < headSequence; sequence++) {
    const size = dataSizes.get(sequence);
    sums[sequence + 1] = sums[sequence]! + (size === undefined ? 0 : equal ? 1 : size);
  }
  return new Weights(sums);
}
