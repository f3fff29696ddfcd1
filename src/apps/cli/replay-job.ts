// Which chains does a replay take, and which lines of them, verified before they are given?
import { readAhead } from '../../base/concurrency.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { topicNamed, topicsText } from '../../config/topic-names.ts';
import type { Continues, Manifest } from '../../format/manifest.ts';
import { chainEnd, lookForHandovers, successorAmong } from '../../read/chain-end.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import { type FoundLine, linesOfSegment, type OffsetRange } from '../../read/line-range.ts';
import { listChains } from '../../read/list-chains.ts';
import { locateOffset } from '../../read/locate.ts';
import { linesOfRange } from '../../read/offset-lines.ts';
import { sequencesOfTime } from '../../read/time-range.ts';
import type { TimeWindow } from '../../replay/plan.ts';
import { chainOf, openChain } from './chain-option.ts';
import { UsageError } from './exit-code.ts';
import type { Archive } from './open-archive.ts';
import type { ReplayOptions } from './replay-options.ts';
import type { Session } from './session.ts';

/** One chain that is replayed, as far as it is sealed now. */
export type ReplayedChain = {
  readonly reader: ChainReader;
  readonly origin: string;
  /** Offsets: of its first record, and the one after its last. */
  readonly firstOffset: number;
  readonly nextOffset: number;
  /** The chain that this one goes on from. Null: it begins anew. */
  readonly continues: Continues | null;
  /** Origin of the chain that goes on where it ended. Null: none is known. */
  readonly continuedBy: string | null;
  /** Counted while a replay by time reads its lines. */
  readonly untimed: Untimed;
};

/** Records of the range of offsets that have no time, so that no range of times has them. */
type Untimed = {
  /** Segments with no other records. */
  segments: number;
  /** At least so many, those of these segments included: segments of other times are not read. */
  records: number;
};

/** All that is known before anything is written. */
export type ReplayJob = {
  readonly options: ReplayOptions;
  readonly archive: Archive;
  readonly chains: ReadonlyMap<number, ReplayedChain>;
  readonly range: OffsetRange;
  readonly times: TimeWindow | null;
  readonly plan: string;
};

/** By partition, in their order. Throws UsageError where there is none, or where a loop is asked for. */
export async function chainsToReplay(
  { io }: Session,
  archive: Archive,
  options: ReplayOptions,
): Promise<ReadonlyMap<number, ReplayedChain>> {
  const { store, trusted, config } = archive;
  const { topic, toTopic, partition: only } = options;
  const partitions: number[] = [];
  const isTaken = config !== null && topicNamed(config.source, toTopic) !== null;
  let isArchived = isTaken && config.source.topics.some(({ name }) => name === toTopic);
  for await (const { chain, partition } of listChains(store, io.signal)) {
    if (chain === toTopic) isArchived = true;
    const isOurs = chainOf(config, { topic, partition }) === chain;
    if (isOurs && (only === undefined || only === partition)) partitions.push(partition);
  }
  if (isArchived && options.intoArchivedTopic !== true)
    throw new UsageError(
      `${toTopic} is a topic of this archive: an archiver that reads it would archive every record anew`,
      'Name another topic. If that is meant, such as on another cluster: --into-archived-topic.',
    );
  if (isTaken && !isArchived && options.intoArchivedTopic !== true)
    throw new UsageError(
      `${toTopic} matches a pattern of ${topicsText(config.source)}: ` +
        'its archiver would take it, and archive every record anew',
      'Name another topic, or put this one into `except` of the pattern. ' +
        'If that is meant, such as on another cluster: --into-archived-topic.',
    );
  if (partitions.length === 0) {
    // Says which chains there are.
    await openChain(archive, { topic, partition: only ?? 0 }, io.signal).headSequence();
  }
  const { byChain } = await lookForHandovers({ store, trusted, signal: io.signal });
  const chains = new Map<number, ReplayedChain>();
  for (const partition of partitions.sort((a, b) => a - b)) {
    const reader = openChain(archive, { topic, partition }, io.signal);
    const head = await reader.seal((await chainEnd(reader)).sequence);
    const { origin, records } = head.manifest;
    const { continues, records: first } = (await reader.seal(0)).manifest;
    const next = successorAmong(byChain.get(`${reader.chain}/${partition}`) ?? [], head);
    chains.set(partition, {
      ...{ reader, origin, continues, firstOffset: first.firstOffset, nextOffset: records.nextOffset },
      ...{ continuedBy: next?.newer ?? null, untimed: { segments: 0, records: 0 } },
    });
  }
  return chains;
}

/** Origin of the chain before this one, where the range reaches as far: not replayed. Null: there is none. */
export const olderThan = ({ continues, firstOffset }: ReplayedChain, range: OffsetRange): string | null =>
  continues !== null && range.from <= firstOffset ? continues.origin : null;

/** Verified, segment by segment, before the first line of each. */
export async function* linesToReplay(
  { reader, untimed }: Pick<ReplayedChain, 'reader' | 'untimed'>,
  range: OffsetRange,
  times: TimeWindow | null,
): AsyncGenerator<FoundLine> {
  if (times === null) return yield* linesOfRange(reader, range, { whole: true });
  const { sinceMs, untilMs } = times;
  const search = { seals: 0, lastSealed: null, untimed: 0 };
  const onUntimed = ({ count, firstOffset, nextOffset }: Manifest['records']) => {
    const within = Math.min(nextOffset, range.to) - Math.max(firstOffset, range.from);
    if (within <= 0) return;
    untimed.segments++;
    untimed.records += Math.max(0, count - (nextOffset - firstOffset - within));
  };
  for await (const sequence of sequencesOfTime(reader, sinceMs, untilMs, search, onUntimed)) {
    for await (const found of linesOfSegment(reader, await reader.seal(sequence), range, true))
      if (found.timestampMs < 0 && !found.isGap) untimed.records++;
      else if (found.timestampMs >= sinceMs && found.timestampMs < untilMs) yield found;
  }
}

/** Seals that are read ahead of their turn. */
const SEALS_AHEAD = 16;

/**
 * Time in milliseconds of a record that is replayed and is older than `beforeMs`; null: there is none, as far
 * as the seals can be read. What lies behind a bad one is not replayed.
 */
export async function findOlder(
  { chains, range, times }: Pick<ReplayJob, 'chains' | 'range' | 'times'>,
  beforeMs: number,
): Promise<number | null> {
  const { sinceMs, untilMs } = times ?? { sinceMs: Number.NEGATIVE_INFINITY, untilMs: beforeMs };
  if (sinceMs >= beforeMs) return null;
  for (const { reader, firstOffset } of chains.values()) {
    try {
      await reader.listSeals();
      const { sequence: headSequence } = await chainEnd(reader);
      const manifest = async (sequence: number) => (await reader.seal(sequence)).manifest;
      const places = { headSequence, dataSizes: await reader.dataSizes(), manifest };
      const first = await locateOffset(places, Math.max(range.from, firstOffset));
      if (first === null) continue;
      const seals = readAhead(sequences(first.sequence, headSequence), SEALS_AHEAD, manifest);
      for await (const { records, time } of seals) {
        if (records.firstOffset >= range.to) break;
        if (records.nextOffset <= range.from || time.first === null || time.last === null) continue;
        const oldest = Date.parse(time.first);
        if (oldest >= beforeMs || oldest >= untilMs || Date.parse(time.last) < sinceMs) continue;
        return Math.max(oldest, sinceMs);
      }
    } catch (error) {
      if (!(error instanceof LedgerstoneError) || error.disposition !== 'input') throw error;
    }
  }
  return null;
}

async function* sequences(first: number, last: number): AsyncGenerator<number> {
  for (let sequence = first; sequence <= last; sequence++) yield sequence;
}
