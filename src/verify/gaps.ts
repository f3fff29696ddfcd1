// Which offsets carry no record, why, and by whose word?
import { GAP_REASONS, type GapLine, type GapReason } from '../format/line.ts';
import type { Manifest } from '../format/manifest.ts';

/** Offsets without a record, by reason. */
export type Missing = Readonly<Record<GapReason, number>>;

export const NONE_MISSING: Missing = { transaction: 0, compacted: 0, expired: 0, accepted: 0 };

export const addMissing = (sum: Missing, more: Partial<Missing>): Missing =>
  Object.fromEntries(GAP_REASONS.map((reason) => [reason, sum[reason] + (more[reason] ?? 0)])) as Record<
    GapReason,
    number
  >;

/**
 * Offsets whose records existed and are not archived, as far as the archive knows. Control records and
 * records of aborted transactions are none that a consumer reads, and compaction is what the topic was set
 * to do.
 */
export const lostOffsets = ({ expired, accepted }: Partial<Missing>): number =>
  (expired ?? 0) + (accepted ?? 0);

/** A gap that stands on somebody's word. Both offsets are included. */
type Gap = {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly reason: Exclude<GapReason, 'transaction'>;
  readonly by: string;
  readonly why: string;
};

export type GapInChain = Gap & {
  readonly sequence: number;
  /** When the gap line was sealed, by the archiver's clock. RFC 3339. */
  readonly sealed: string;
};

/** Gaps listed of one chain. */
export const GAPS_LISTED_MAX = 1000;

/** What the gap lines of one segment, or of many, say. Plain data: it is sent between threads. */
export type GapLines = {
  /** Offsets of control records and of aborted records. */
  control: number;
  aborted: number;
  /** Offsets of gaps that stand on somebody's word. */
  decided: number;
  readonly gaps: Gap[];
  /** Gaps beyond those listed. */
  omitted: number;
};

/** Kept per segment. An honest segment has a few. */
const GAPS_MAX = 100;

export const noGapLines = (): GapLines => ({ control: 0, aborted: 0, decided: 0, gaps: [], omitted: 0 });

/** `max`: gaps that are listed. */
export function addGapLine(lines: GapLines, line: GapLine, max = GAPS_MAX): void {
  const { offset, last, reason, control = 0, aborted = 0, by = '', why = '' } = line;
  if (reason === 'transaction') {
    lines.control += control;
    lines.aborted += aborted;
    return;
  }
  lines.decided += last - offset + 1;
  if (lines.gaps.length >= max) lines.omitted++;
  else lines.gaps.push({ firstOffset: offset, lastOffset: last, reason, by, why });
}

/** Offsets of a segment that stand on somebody's word, as its manifest states them. */
export const decidedOffsets = ({ missing }: Manifest['records']): number =>
  (missing.compacted ?? 0) + lostOffsets(missing);
