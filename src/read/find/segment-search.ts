// Which lines of one data object were asked for, and is the object what its seal says?
import type { ContentTools } from '../../verify/content.ts';
import { checkData, type DataOutcome } from '../../verify/content.ts';
import type { DataClaim } from '../../verify/data-claim.ts';
import type { SeenLine } from '../../verify/line-tally.ts';
import type { FoundLine } from '../line-range.ts';
import { LineMatcher } from './line-matcher.ts';
import type { SearchCounts, SearchSpec } from './search-spec.ts';

export type SegmentFind = {
  readonly outcome: DataOutcome;
  readonly counts: SearchCounts;
  /** The first of the hits, by offset: as many as fit into KEPT_BYTES_MAX. */
  readonly lines: readonly FoundLine[];
};

/** Hits of one segment that are kept until they are printed. The others are read again. */
const KEPT_BYTES_MAX = 2 * 1024 * 1024;
/** What a hit takes beside its bytes. */
const LINE_BYTES = 200;

/** **Nothing of it is proven if the outcome has problems.** */
export async function searchSegment(
  bytes: Uint8Array,
  claim: DataClaim,
  spec: SearchSpec,
  tools: ContentTools,
): Promise<SegmentFind> {
  const matcher = new LineMatcher(spec);
  const lines: FoundLine[] = [];
  let room = KEPT_BYTES_MAX;
  const onLine = (seen: SeenLine) => {
    if (!matcher.isHit(seen)) return;
    const { content, start, end, offset, nextOffset, timestampMs } = seen;
    room -= end - start + LINE_BYTES;
    if (room < 0) return;
    // A copy: the block is freed. (The slice of a Buffer would be none.)
    const line = new Uint8Array(content.subarray(start, end));
    lines.push({ line, offset, nextOffset, isGap: false, timestampMs });
  };
  const outcome = await checkData(bytes, claim, tools, onLine, matcher.watch);
  return { outcome, counts: matcher.counts, lines };
}
