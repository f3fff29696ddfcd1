// Into which ranges is an archive split for several who verify it? By listing alone: nothing of it is read.
import { LIMITS } from '../base/limits.ts';
import { oldestVersions } from '../format/oldest-version.ts';
import { dataPrefix, parseKey, sealPrefix } from '../format/paths.ts';
import { chainText } from './handover.ts';
import type { RangeReport } from './range-check.ts';
import type { Run } from './run.ts';
import type { ChainInArchive } from './survey.ts';

/** How large one range may be. One segment is always taken, however large it is. */
export type RangeSize = {
  /** Stored bytes of data objects. */
  readonly bytes: number;
  readonly segments: number;
};

/** `bytes`: stored bytes of the data objects in it, as they were listed. */
export type PlannedRange = ChainInArchive & {
  readonly from: number;
  readonly before: number;
  readonly bytes: number;
};

/**
 * Ascending, and apart from each other only where no seal lies: who joins them looks there. Behind the place
 * where another chain continues this one none begins.
 */
export async function planChain(
  { chain, partition }: ChainInArchive,
  { reader, anchors, signal }: Pick<Run, 'reader' | 'anchors' | 'signal'>,
  size: RangeSize,
): Promise<PlannedRange[]> {
  const ranges: PlannedRange[] = [];
  const known = anchors.get(chainText({ chain, partition })) ?? [];
  const ends = known.flatMap((anchor) => (anchor.kind === 'handover' ? [anchor.size] : []));
  const end = Math.min(LIMITS.sequenceMax + 1, ...ends);
  const options = signal === undefined ? {} : { signal };
  const data = new DataSizes(oldestVersions(reader.listVersions(dataPrefix(chain, partition), options)));
  let open: Pick<RangeReport, 'from'> & { next: number; bytes: number } = { from: 0, next: 0, bytes: 0 };
  const close = () => {
    const { from, next: before, bytes } = open;
    if (before > from) ranges.push({ chain, partition, from, before, bytes });
  };
  try {
    for await (const { key } of oldestVersions(reader.listVersions(sealPrefix(chain, partition), options))) {
      const parsed = parseKey(key);
      if (parsed?.kind !== 'seal') continue;
      const { sequence } = parsed;
      if (sequence >= end) break;
      const bytes = await data.upTo(sequence);
      const isFull = open.next > open.from && open.bytes + bytes > size.bytes;
      if (isFull || sequence >= open.from + size.segments) {
        close();
        // A hole is not part of any range: it may be as long as all sequences.
        open = { from: sequence, next: sequence, bytes: 0 };
      }
      open = { ...open, next: sequence + 1, bytes: open.bytes + bytes };
    }
  } finally {
    await data.close();
  }
  close();
  return ranges;
}

/**
 * Sizes of data objects beside their seals. They lie by day and sequence, so they come in the order of seals,
 * unless a clock went back over midnight: then a range is longer or shorter than it should be, and no more.
 */
class DataSizes {
  readonly #listed: AsyncIterator<{ readonly key: string; readonly size: number }>;
  #next: { readonly sequence: number; readonly size: number } | null | undefined;

  constructor(listed: AsyncIterable<{ readonly key: string; readonly size: number }>) {
    this.#listed = listed[Symbol.asyncIterator]();
  }

  /** Of all objects up to that sequence which were not counted before. */
  async upTo(sequence: number): Promise<number> {
    let bytes = 0;
    for (;;) {
      this.#next = this.#next === undefined ? await this.#read() : this.#next;
      if (this.#next === null || this.#next.sequence > sequence) return bytes;
      bytes += this.#next.size;
      this.#next = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#listed.return?.();
  }

  async #read(): Promise<{ readonly sequence: number; readonly size: number } | null> {
    for (;;) {
      const { done, value } = await this.#listed.next();
      if (done === true) return null;
      const parsed = parseKey(value.key);
      if (parsed?.kind === 'data') return { sequence: parsed.sequence, size: value.size };
    }
  }
}
