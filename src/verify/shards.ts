// How do several verify one archive that is too large for one of them?
import type { ArchiveReader } from './archive-reader.ts';
import { worstVerdict } from './finding.ts';
import { FindingList } from './finding-list.ts';
import { chainText } from './handover.ts';
import { joinChain, vanished } from './join-ranges.ts';
import { type PlannedRange, planChain, type RangeSize } from './plan-ranges.ts';
import { checkRange, checkShard, type RangeReport, type Shard, type ShardOfChain } from './range-check.ts';
import type { Report } from './report.ts';
import type { ChainInArchive } from './survey.ts';
import { type VerifyOptions, verifyArchive } from './verify.ts';

type ShardOptions = Omit<VerifyOptions, 'only' | 'checkChain' | 'visitor'>;

/**
 * Checks one shard of all chains. There is no verdict on the archive before all shards are joined: nothing
 * outside of the chains and nothing about their ends is looked at for it.
 */
export async function verifyShard(
  reader: ArchiveReader,
  options: ShardOptions,
  shard: Shard,
): Promise<ShardOfChain[]> {
  const shards: ShardOfChain[] = [];
  await verifyArchive(reader, {
    ...options,
    checkChain: async (place, run) => {
      const ranges = await checkShard(place, run, shard);
      if (ranges.length > 0) shards.push({ ...place, ranges });
      return null;
    },
  });
  return shards.sort((a, b) => (chainText(a) < chainText(b) ? -1 : 1));
}

/**
 * The ranges of all chains, by chain and sequence. What decisions say is read for it as for a verification,
 * and the governance chain has no range where it was read: it is short, and who joins the ranges checks it.
 */
export async function planArchive(
  reader: ArchiveReader,
  options: ShardOptions,
  size: RangeSize,
): Promise<PlannedRange[]> {
  const planned = new Map<string, PlannedRange[]>();
  await verifyArchive(reader, {
    ...options,
    checkChain: async (place, run) => {
      planned.set(chainText(place), await planChain(place, run, size));
      return null;
    },
  });
  return [...planned].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, ranges]) => ranges);
}

/** One range that was planned. Null: nothing of that chain is there any more. */
export async function verifyRange(
  reader: ArchiveReader,
  options: ShardOptions,
  place: ChainInArchive,
  range: Pick<PlannedRange, 'from' | 'before'>,
): Promise<RangeReport | null> {
  let found: RangeReport | null = null;
  await verifyArchive(reader, {
    ...options,
    only: [place],
    checkChain: async (_, run) => {
      found = await checkRange(place, run, range);
      return null;
    },
  });
  return found;
}

/**
 * The report on the archive as it is now. What the shards left out, and what came after them, is checked
 * here. The shards are believed: who made them answers for them. Throws FormatError if two of them have the
 * same segments.
 */
export async function verifyShards(
  reader: ArchiveReader,
  options: ShardOptions,
  shards: readonly ShardOfChain[],
): Promise<Report> {
  const byPlace = Map.groupBy(shards, chainText);
  const report = await verifyArchive(reader, {
    ...options,
    checkChain: (place, run, foreign) => {
      const parts = (byPlace.get(chainText(place)) ?? []).flatMap(({ ranges }) => ranges);
      // Which keys may say so of a later format is only seen on the way from the first segment on.
      const isNewer = parts.some(({ report }) => report.findings.some(({ code }) => code === 'newer-format'));
      return joinChain(place, run, isNewer ? [] : parts, foreign);
    },
  });
  const present = new Set(report.chains.map(chainText));
  const gone = new FindingList();
  for (const [place, parts] of byPlace)
    if (!present.has(place))
      gone.add(
        vanished(
          place,
          parts.flatMap(({ ranges }) => ranges),
        ),
      );
  return {
    ...report,
    verdict: worstVerdict([report.verdict, gone.verdict]),
    findings: [...report.findings, ...gone.list()],
    findingsOmitted: report.findingsOmitted + gone.omitted,
  };
}
