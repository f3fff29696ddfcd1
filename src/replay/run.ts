// How do verified lines of an archive get into a topic, each once, whatever breaks off on the way?
import type { Clock } from '../base/clock.ts';
import { counted } from '../base/counted.ts';
import { isRetriable, LedgerstoneError } from '../base/error.ts';
import { type Backoff, backoffMs, retry } from '../base/retry.ts';
import type {
  TargetTopic,
  Transaction,
  TransactionalProducer,
  WrittenPosition,
} from '../ingest/kafka/produce/producer.ts';
import type { FoundLine } from '../read/line-range.ts';
import type { Pace } from './pace.ts';
import { type Portion, type PortionLimits, portionsOf } from './portions.ts';
import { parsePosition, positionMetadata, type ReplayPosition } from './position.ts';
import { PartitionTally } from './tally.ts';

/** Where the records go. */
type ReplayTarget = Pick<TransactionalProducer, 'target' | 'endOf' | 'claim' | 'positions' | 'write'>;

export type ReplayTools = {
  readonly target: ReplayTarget;
  /** Hex. */
  readonly plan: string;
  readonly toTopic: string;
  readonly partitions: readonly number[];
  /** Of a partition where nothing was written yet. */
  readonly from: number;
  /** The lines of a partition from an offset on. None of them comes before its segment is verified. */
  readonly linesOf: (partition: number, from: number) => AsyncIterable<FoundLine>;
  /** The topic may hold something already. */
  readonly append: boolean;
  readonly limits: PortionLimits;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** A step failed and is tried again. */
  readonly onTrouble: (error: unknown) => void;
  /** Called with what each transaction brought, once it is committed. */
  readonly onCommitted: (portion: Portion) => void;
};

/** One partition after the run. */
export type ReplayedPartition = {
  /** Of this run. */
  readonly tally: PartitionTally;
  /** Of all runs of this replay. */
  readonly position: ReplayPosition;
  /** An earlier run had written some of it. */
  readonly isContinued: boolean;
};

/** Together about a minute and a half: longer than a broker's fail-over. */
const BACKOFF: Backoff = { firstMs: 200, capMs: 10_000, attempts: 14 };

/**
 * Writes one partition after the other. Throws `replay-partitions`, `replay-not-empty`, `replay-position`,
 * `replay-fenced`, `replay-refused`, `replay-contradicted`, and what reading and Kafka throw.
 */
export async function replay(tools: ReplayTools): Promise<readonly ReplayedPartition[]> {
  const { target, clock, random, signal, onTrouble, partitions } = tools;
  const there = await target.target();
  requirePartitions(there, tools);
  const again = { clock, random, signal, backoff: BACKOFF, onRetry: onTrouble };
  await retry(() => target.claim(), again);
  const found = await retry(() => target.positions(partitions), again);
  const starts = await startsOf(tools, there, found);
  await begin(tools, starts, found);
  const done: ReplayedPartition[] = [];
  for (const partition of partitions)
    done.push(await replayPartition(tools, partition, starts.get(partition)!));
  const { topicId } = await target.target();
  if (topicId === there.topicId) return done;
  throw new LedgerstoneError('replay-contradicted', `${tools.toTopic} was made anew while it was written`, {
    remedy: beginAnew,
  });
}

/** The new topic may hold some records of this replay already, and Kafka does not say which. */
const beginAnew =
  'Make the topic empty again (delete it and create it), or name another one. ' +
  'Then run the same command: it begins from the start.';

/** Throws `replay-partitions`. */
export function requirePartitions(
  there: TargetTopic,
  { partitions, toTopic }: Pick<ReplayTools, 'partitions' | 'toTopic'>,
) {
  const missing = partitions.filter((partition) => !there.partitions.includes(partition));
  if (missing.length === 0) return;
  const needed = Math.max(...partitions) + 1;
  throw new LedgerstoneError(
    'replay-partitions',
    `${toTopic} has ${counted(there.partitions.length, 'partition')}, and there are records of partition ${missing[0]}`,
    { disposition: 'input', remedy: `Create it with ${needed} partitions: each record goes into its own.` },
  );
}

type Start = { readonly position: ReplayPosition; readonly isContinued: boolean };

/** Where each partition begins or goes on. Throws `replay-position` or `replay-not-empty`. */
export async function startsOf(
  {
    target,
    plan,
    toTopic,
    from,
    append,
  }: Pick<ReplayTools, 'target' | 'plan' | 'toTopic' | 'from' | 'append'>,
  { topicId }: TargetTopic,
  found: ReadonlyMap<number, WrittenPosition | null>,
): Promise<ReadonlyMap<number, Start>> {
  const starts = new Map<number, Start>();
  for (const [partition, written] of found) {
    const position = written === null ? null : parsePosition(written.nextOffset, written.metadata);
    if (written !== null && (position === null || position.plan !== plan))
      throw new LedgerstoneError(
        'replay-position',
        `the group of this replay has an offset for ${toTopic}/${partition} that it did not commit`,
        { disposition: 'input', remedy: 'Delete that consumer group, and replay into an empty topic.' },
      );
    if (position !== null && position.topicId === topicId)
      starts.set(partition, { position, isContinued: true });
    else {
      if (!append && (await target.endOf(partition)) > 0) {
        const isAnew = topicId !== null && (position?.topicId ?? null) !== null;
        throw isAnew ? madeAnew(toTopic, partition) : notEmpty(toTopic, partition);
      }
      const fresh = { plan, topicId, nextOffset: from, records: 0, bytes: 0 };
      starts.set(partition, { position: fresh, isContinued: false });
    }
  }
  return starts;
}

const notEmpty = (topic: string, partition: number): LedgerstoneError =>
  new LedgerstoneError(
    'replay-not-empty',
    `${topic}/${partition} was written before, and this replay has no position there`,
    {
      disposition: 'input',
      remedy: [
        'Name an empty topic. If they are its own records, whose position Kafka has forgotten',
        '(offsets.retention.minutes), give --from as the last receipt says, and --append.',
      ].join(' '),
    },
  );

const madeAnew = (topic: string, partition: number): LedgerstoneError =>
  new LedgerstoneError(
    'replay-not-empty',
    `${topic} was made anew since this replay wrote there, and ${topic}/${partition} is not empty`,
    { disposition: 'input', remedy: beginAnew },
  );

/** Before any record: so that a run which dies with its first records is known again. */
async function begin(
  tools: ReplayTools,
  starts: ReadonlyMap<number, Start>,
  found: ReadonlyMap<number, WrittenPosition | null>,
): Promise<void> {
  const fresh = [...starts].filter(([, { isContinued }]) => !isContinued);
  if (fresh.length === 0) return;
  const positions = new Map(fresh.map(([partition, { position }]) => [partition, writtenOf(position)]));
  await writeSurely(tools, { partition: fresh[0]![0], batches: [], positions }, found);
}

async function replayPartition(
  tools: ReplayTools,
  partition: number,
  { position: start, isContinued }: Start,
): Promise<ReplayedPartition> {
  const { pace, signal, limits, onCommitted } = tools;
  const tally = new PartitionTally(partition, start.nextOffset);
  let position = start;
  for await (const portion of portionsOf(tools.linesOf(partition, start.nextOffset), limits)) {
    signal.throwIfAborted();
    await pace.take(portion.records, portion.bytes, signal);
    const next = {
      ...position,
      nextOffset: portion.nextOffset,
      records: position.records + portion.records,
      bytes: position.bytes + portion.bytes,
    };
    const positions = new Map([[partition, writtenOf(next)]]);
    const before = new Map([[partition, writtenOf(position)]]);
    await writeSurely(tools, { partition, batches: portion.batches, positions }, before);
    position = next;
    tally.add(portion);
    onCommitted(portion);
  }
  return { tally, position, isContinued };
}

/**
 * Resolves when the transaction is committed, once. After a failure nobody knows whether it was: a new claim
 * ends it for good, and then the group's offsets say what became of it.
 */
async function writeSurely(
  { target, clock, random, signal, onTrouble, toTopic }: ReplayTools,
  transaction: Transaction,
  before: ReadonlyMap<number, WrittenPosition | null>,
): Promise<void> {
  const partitions = [...transaction.positions.keys()];
  for (let attempt = 0; ; attempt++) {
    try {
      if (attempt > 0) {
        await target.claim();
        const now = await target.positions(partitions);
        if (partitions.every((one) => areSame(now.get(one), transaction.positions.get(one)))) return;
        if (!partitions.every((one) => areSame(now.get(one), before.get(one)))) throw contradicted(toTopic);
      }
      return await target.write(transaction);
    } catch (error) {
      if (!isRetriable(error) || attempt + 1 >= BACKOFF.attempts) throw error;
      onTrouble(error);
      await clock.sleep(backoffMs(BACKOFF, attempt, random), signal);
    }
  }
}

const contradicted = (topic: string): LedgerstoneError =>
  new LedgerstoneError('replay-contradicted', `somebody else moved the position of this replay in ${topic}`, {
    remedy: 'Find out who commits offsets for the group of this replay, and replay into an empty topic.',
  });

const areSame = (a: WrittenPosition | null | undefined, b: WrittenPosition | null | undefined): boolean =>
  a?.nextOffset === b?.nextOffset && a?.metadata === b?.metadata;

const writtenOf = (position: ReplayPosition): WrittenPosition => ({
  nextOffset: position.nextOffset,
  metadata: positionMetadata(position),
});
