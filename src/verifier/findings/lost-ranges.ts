// Which offsets does a finding about lost records stand for? Its segment says so, under a seal.
import { messageOf } from '../../base/error.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { gapsOfSegment } from '../../read/gap-search.ts';
import type { StoreReader } from '../../store/store.ts';
import { lostOffsets } from '../../verify/gaps.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { LostInSegment } from './settled.ts';

export type LostRangesOptions = {
  readonly archive: StoreReader;
  readonly trusted: readonly VerifierKey[];
};

const KEPT_MAX = 2_000;

/** Reads a seal and a data object for each segment, once in the life of a process. */
export class LostRanges {
  readonly #options: LostRangesOptions;
  readonly #kept = new Map<string, readonly LostInSegment[]>();

  constructor(options: LostRangesOptions) {
    this.#options = options;
  }

  /** What could be read, or why it could not. */
  async of(
    { chain, partition }: ChainInArchive,
    sequence: number,
    signal: AbortSignal,
  ): Promise<readonly LostInSegment[] | string> {
    const name = `${chain}/${partition}/${sequence}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const { archive, trusted } = this.#options;
    const reader = new ChainReader({ store: archive, chain, partition, trusted, signal });
    try {
      const gaps = await gapsOfSegment(reader, await reader.seal(sequence));
      const lost = gaps
        .filter(({ reason }) => lostOffsets({ [reason]: 1 }) > 0)
        .map(({ firstOffset, lastOffset, offsets }) => ({
          ...{ chain, partition, firstOffset, lastOffset, offsets },
        }));
      if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
      this.#kept.set(name, lost);
      return lost;
    } catch (error) {
      signal.throwIfAborted();
      return messageOf(error);
    }
  }
}
