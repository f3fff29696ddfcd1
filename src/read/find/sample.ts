// Which records of a population are drawn, so that anybody can draw the same ones again? (docs/sampling.md)
import { toHex } from '../../base/bytes.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { rankInput, type SampleSeed } from '../../format/sample-rank.ts';
import { leafHash } from '../../merkle/tree.ts';
import { type FindOptions, findLines, type Hit } from './find.ts';
import { type DayCount, PopulationDays, type RecordTime } from './population.ts';
import type { Statement } from './statement.ts';

/** A record that was drawn. */
export type DrawnRecord = {
  /** Hex SHA-256: the lowest ranks are drawn. */
  readonly rank: string;
  readonly origin: string;
  readonly chain: string;
  readonly partition: number;
  readonly offset: number;
  /** By which it is counted in the population; null if it has none that can be read. */
  readonly time: RecordTime | null;
  /** Number of its segment, and when that was sealed (RFC 3339). */
  readonly segment: number;
  readonly sealed: string;
  /** Hex: the leaf hash of its line (FORMAT.md 1.1). */
  readonly leaf: string;
};

export type Sample = {
  /** By rank: of a smaller sample with the same seed and population, the first ones. */
  readonly drawn: readonly DrawnRecord[];
  /** Records from which they were drawn. */
  readonly population: number;
  readonly days: readonly DayCount[];
  /** Why records are counted under no day. Sentences. */
  readonly dayNotes: readonly string[];
  /** Of each chain, the greatest segment of the population, and the latest time of a seal (RFC 3339). */
  readonly newest: ReadonlyMap<string, { readonly segment: number; readonly sealed: string }>;
  readonly statement: Statement;
};

/** Reads all of the population. Memory is bounded by `count`, days and chains. Throws as `findLines` does. */
export async function drawSample(find: FindOptions, seed: SampleSeed, count: number): Promise<Sample> {
  const { hits, statement } = findLines(find);
  const lowest = new LowestRanks(count);
  const days = new PopulationDays(find.query);
  const newest = new Map<string, { segment: number; sealed: string }>();
  let population = 0;
  for await (const hit of hits) {
    population++;
    const at = days.timeOf(hit);
    days.add(hit, at);
    const { origin, time } = hit.seal.manifest;
    const before = newest.get(origin) ?? { segment: -1, sealed: '' };
    newest.set(origin, {
      segment: Math.max(before.segment, hit.seal.sequence),
      sealed: [before.sealed, time.sealed].sort()[1] as string,
    });
    lowest.add(nodeSha256(rankInput(seed, origin, hit.found.offset)), hit, at);
  }
  return {
    ...{ drawn: lowest.drawn, population, days: days.counts(), dayNotes: days.notes(), newest },
    statement: statement(),
  };
}

/** Of all that are added, those with the lowest ranks, in their order. */
class LowestRanks {
  readonly #count: number;
  readonly #kept: { readonly rank: Uint8Array; readonly record: DrawnRecord }[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  get drawn(): DrawnRecord[] {
    return this.#kept.map(({ record }) => record);
  }

  add(rank: Uint8Array, hit: Hit, time: RecordTime | null): void {
    const kept = this.#kept;
    const last = kept.at(-1);
    if (kept.length === this.#count && last !== undefined && Buffer.compare(rank, last.rank) >= 0) return;
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Buffer.compare((kept[middle] as { rank: Uint8Array }).rank, rank) < 0) low = middle + 1;
      else high = middle;
    }
    kept.splice(low, 0, { rank, record: recordOf(rank, hit, time) });
    if (kept.length > this.#count) kept.pop();
  }
}

/** The line itself is not kept: it may be long. */
const recordOf = (
  rank: Uint8Array,
  { chain, partition, found, seal }: Hit,
  time: RecordTime | null,
): DrawnRecord => ({
  rank: toHex(rank),
  origin: seal.manifest.origin,
  ...{ chain, partition, offset: found.offset, segment: seal.sequence, sealed: seal.manifest.time.sealed },
  time,
  leaf: toHex(leafHash(nodeSha256, found.line)),
});
