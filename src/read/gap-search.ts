// Which offsets of a chain carry no record, since when, why and by whose word? Few objects are read for it.
import { readAhead } from '../base/concurrency.ts';
import type { GapReason } from '../format/line.ts';
import {
  addGapLine,
  addMissing,
  decidedOffsets,
  type GapLines,
  type Missing,
  NONE_MISSING,
  noGapLines,
} from '../verify/gaps.ts';
import { type Behind, chainEnd } from './chain-end.ts';
import type { ChainReader, LocatedSeal } from './chain-reader.ts';
import { ExpiredDataError } from './errors.ts';
import { checkedData } from './line-range.ts';

/** A gap that stands on somebody's word. */
export type FoundGap = {
  /** Null if the gap lines can't be read any more. The gaps then lie somewhere in the segment. */
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  /** How many offsets. */
  readonly offsets: number;
  readonly reason: Exclude<GapReason, 'transaction'>;
  /** Null if the gap lines can't be read any more. */
  readonly by: string | null;
  readonly why: string | null;
  readonly sequence: number;
  /** RFC 3339, by the archiver's clock. */
  readonly sealed: string;
};

/** What the seals state of the whole chain, as far as it was looked at. */
export type ChainCounts = {
  seals: number;
  firstOffset: number | null;
  nextOffset: number | null;
  archived: number;
  missing: Missing;
  lastSealed: string | null;
  /** Foreign objects behind the chain's end. */
  behind: Behind | null;
};

export const newCounts = (): ChainCounts => ({
  ...{ seals: 0, firstOffset: null, nextOffset: null, archived: 0, missing: NONE_MISSING, lastSealed: null },
  behind: null,
});

/** Seals that are read ahead of their turn. */
const SEALS_AHEAD = 16;

/**
 * Every seal of the chain in order, counted. Throws VerifyError where one is missing or bad, at the end also
 * where what lies behind the last good one is none.
 */
export async function* countedSeals(reader: ChainReader, counts: ChainCounts): AsyncGenerator<LocatedSeal> {
  await reader.listSeals();
  const { sequence: head, beyond, behind } = await chainEnd(reader);
  counts.behind = behind;
  const seals = readAhead(upTo(head), SEALS_AHEAD, (sequence) => reader.seal(sequence));
  for await (const seal of seals) {
    const { records, time } = seal.manifest;
    counts.seals++;
    counts.firstOffset ??= records.firstOffset;
    counts.nextOffset = records.nextOffset;
    counts.archived = records.before + records.count;
    counts.missing = addMissing(counts.missing, records.missing);
    counts.lastSealed = time.sealed;
    yield seal;
  }
  if (beyond !== null) throw beyond;
}

async function* upTo(head: number): AsyncGenerator<number> {
  for (let sequence = 0; sequence <= head; sequence++) yield sequence;
}

/**
 * The gaps of a segment. Its data object is read, and compared with the seal, only if the seal states such
 * gaps. Throws VerifyError if data is missing before its time or is not what was sealed.
 */
export async function gapsOfSegment(reader: ChainReader, seal: LocatedSeal): Promise<FoundGap[]> {
  const { records, time, sequence } = seal.manifest;
  if (decidedOffsets(records) === 0) return [];
  const place = { sequence, sealed: time.sealed };
  let lines: GapLines;
  try {
    lines = await gapLinesOf(reader, seal);
  } catch (error) {
    if (!(error instanceof ExpiredDataError)) throw error;
    const none = { firstOffset: null, lastOffset: null, by: null, why: null };
    return (['compacted', 'expired', 'accepted'] as const).flatMap((reason) => {
      const offsets = records.missing[reason] ?? 0;
      return offsets === 0 ? [] : [{ ...none, offsets, reason, ...place }];
    });
  }
  return lines.gaps.map((gap) => ({ ...gap, offsets: gap.lastOffset - gap.firstOffset + 1, ...place }));
}

async function gapLinesOf(reader: ChainReader, seal: LocatedSeal): Promise<GapLines> {
  const found = noGapLines();
  await checkedData(reader, seal, ({ gapLine }) => {
    if (gapLine !== null) addGapLine(found, gapLine, Number.POSITIVE_INFINITY);
  });
  return found;
}
