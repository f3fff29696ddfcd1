// How is a chain verified in ranges, by several who do not wait for each other? Each takes the seal before
// its range at its word; `join-ranges.ts` compares it with what came of the range before.
import { toHex, utf8 } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { LIMITS } from '../base/limits.ts';
import { parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import { ChainCheck } from './chain-check.ts';
import { FindingList } from './finding-list.ts';
import { chainText } from './handover.ts';
import type { ChainReport } from './report.ts';
import type { Run } from './run.ts';
import type { ChainInArchive } from './survey.ts';

/** What came of the segments from `from` to before `before`. Null: up to the chain's end. */
export type RangeReport = {
  readonly from: number;
  readonly before: number | null;
  /**
   * The seal before the range: its root is a claim, in hex. Null: `from` is 0, or that seal could not be
   * read.
   */
  readonly start: string | null;
  /**
   * Where it ends, by the keys of seals. Less than `from`: no seal was there, not even the one before the
   * range.
   */
  readonly size: number;
  /** Its `root` is the chain's at that size. */
  readonly report: ChainReport;
};

/** What one shard has of one chain. */
export type ShardOfChain = ChainInArchive & { readonly ranges: readonly RangeReport[] };

/** Which ranges of all chains one of several verifiers looks at. */
export type Shard = {
  /** From 1 to `of`. */
  readonly index: number;
  readonly of: number;
  /** Segments of one range. */
  readonly segments: number;
};

/** Null: there are only foreign objects, which are then in `foreign`. */
export async function checkRange(
  place: ChainInArchive,
  run: Run,
  { from, before }: Pick<RangeReport, 'from' | 'before'>,
  foreign = new FindingList(),
): Promise<RangeReport | null> {
  const behind = from === 0 ? null : ({ kind: 'claimed', size: from } as const);
  const check = new ChainCheck(place, run, {
    ...{ behind, before, mayGoOn: () => true, reportsRest: before === null },
  });
  const report = await check.run(foreign);
  if (report === null) return null;
  const start = check.start === null ? null : toHex(check.start.root);
  return { from, before, start, size: check.size, report };
}

/** Every range that is one's shard, as long as the chain has seals there or behind it. */
export async function checkShard(place: ChainInArchive, run: Run, shard: Shard): Promise<RangeReport[]> {
  const { of, segments } = shard;
  const reports: RangeReport[] = [];
  const anchors = run.anchors.get(chainText(place)) ?? [];
  const ends = anchors.flatMap(({ kind, size }) => (kind === 'handover' ? [size] : []));
  // What lies behind the end of a chain that another one continues is judged by who knows that end.
  const end = Math.min(LIMITS.sequenceMax + 1, ...ends);
  for (let range = firstRange(place, shard, run.sha256); range * segments < end; range += of) {
    const from = range * segments;
    const first = await firstFrom(place, run, Math.max(0, from - 1));
    if (first === null) return reports;
    if (first >= from + segments) {
      // Nothing is there, and something is behind it: on to one's own range there, however far that is.
      const missing = Math.floor(first / segments) - range;
      range += of * (Math.ceil(missing / of) - 1);
      continue;
    }
    const report = await checkRange(place, run, { from, before: Math.min(from + segments, end) });
    if (report !== null && report.size >= from) reports.push(report);
  }
  return reports;
}

/**
 * Which range of this chain is one's first: spread by the chain's name, or all short chains were of one
 * shard.
 */
function firstRange(place: ChainInArchive, { index, of }: Shard, sha256: Sha256): number {
  const [a = 0, b = 0, c = 0] = sha256(utf8(chainText(place)));
  const shift = ((a << 16) | (b << 8) | c) % of;
  return (index - 1 + of - shift) % of;
}

/** The sequence of the first seal from `sequence` on. Null: there is none. */
async function firstFrom(
  { chain, partition }: ChainInArchive,
  { reader, signal }: Run,
  sequence: number,
): Promise<number | null> {
  const options = {
    ...(sequence > 0 && { startAfter: sealKey(chain, partition, sequence - 1) }),
    ...(signal && { signal }),
  };
  for await (const { key } of reader.listVersions(sealPrefix(chain, partition), options)) {
    const parsed = parseKey(key);
    if (parsed?.kind === 'seal') return parsed.sequence;
  }
  return null;
}
