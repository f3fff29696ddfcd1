// Where does a partition go on? At its chain's head, confirmed against the log; a new chain has none.
import { FormatError } from '../../base/error.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import type { Manifest, SourceIdentity } from '../../format/manifest.ts';
import type { LogRange, Source, TopicPartition } from '../../ingest/source.ts';
import type { Head, SegmentContext } from '../../segment/segment.ts';
import { HaltError, halt, NEW_CHAIN, RESUME, replaced } from './halt.ts';
import {
  aroundAnchor,
  type ChainName,
  newestLinesSegment,
  newestRecordSegment,
  type Recovered,
  type RecoveryTools,
  readSealAt,
  recoverHead,
} from './head.ts';
import { anchorOf, confirmAnchor, type LogAnchor } from './log-anchor.ts';
import { newestSurvivor } from './survivors.ts';

export type PositionTools = RecoveryTools & { readonly source: Source };

/** What is the same in every segment of a chain that this process seals. */
export type SealingTools = PositionTools & {
  readonly constantOf: (name: ChainName) => Pick<SegmentContext, 'retention' | 'writer'>;
};

export type PartitionRoute = {
  readonly partition: TopicPartition;
  readonly name: ChainName;
  /** A sealed record may be missing from the log: Kafka compacts it, as the configuration says. */
  readonly acceptsCompaction: boolean;
};

export type Position = {
  readonly head: Head;
  readonly identity: SourceIdentity;
  /** The newest sealed record; null when there is none yet, or it can't be read back. */
  readonly anchor: LogAnchor | null;
  /** What was sealed behind it without a record; null when there is nothing, or it can't be read back. */
  readonly tail: LogAnchor | null;
  readonly anchoredMs: number;
};

/** The commit metadata in Kafka: says where to look for the head, and that there must be one. */
type Hint = { readonly origin: string; readonly sequence: number };

export const hintText = (head: Head): string =>
  JSON.stringify({ origin: head.origin, sequence: head.size - 1 });

function parseHint(metadata: string): Hint | null {
  try {
    const value = JSON.parse(metadata) as Partial<Hint>;
    const known = typeof value.origin === 'string' && Number.isSafeInteger(value.sequence);
    return known ? { origin: value.origin as string, sequence: Math.max(value.sequence as number, 0) } : null;
  } catch {
    return null;
  }
}

/** Noted on the way, so that a partition that halts knows from where. */
export type SeenChain = {
  /** The newest head that was checked. The log is asked next. */
  head: Head | null;
  /**
   * Of the newest seal in the store when it was looked at last, even if it turns out not to be one of ours.
   */
  sequence: number | null;
};

/**
 * The position of a chain that exists; null: this chain has to begin. Throws HaltError, or a retriable error.
 */
export async function findPosition(
  tools: SealingTools,
  route: PartitionRoute,
  seen: SeenChain,
  signal: AbortSignal,
): Promise<Position | null> {
  const { name, partition } = route;
  const committed = await tools.source.committed(partition);
  const hint = committed === null ? null : parseHint(committed.metadata);
  const ours = hint !== null && hint.origin === name.chainOrigin;
  const found = (sequence: number) => {
    seen.sequence = sequence;
  };
  const recovered = await recoverHead(tools, name, ours ? hint.sequence : null, signal, found);
  if (recovered === null) {
    if (!ours) return null;
    throw halt(
      'chain-missing',
      `Kafka remembers seal ${hint.sequence} of ${name.chainOrigin}, and the store shows no seal of it at all`,
      `Is this the right bucket and prefix? If the chain is lost for good: ${NEW_CHAIN}`,
    );
  }
  seen.head = recovered.head;
  await tools.keyring.requireKeys(recovered.head, signal);
  const newest = recovered.head.size - 1;
  // A hint is given only after its seal was stored. To seal that sequence again would hide what happened
  // behind a fork.
  if (ours && hint.sequence > newest) {
    throw halt(
      'seal-hole',
      [
        `Kafka remembers seal ${hint.sequence} of ${name.chainOrigin}, and the newest in the store is`,
        `${newest}: seals were destroyed, or an older copy of the archive was put in its place`,
      ].join(' '),
      `Bring the seals back, or keep the evidence (ledgerstone verify). ${NEW_CHAIN}`,
    );
  }
  if (hint !== null && !ours) await refuseContinued(tools, name, hint, signal);
  return confirmPosition(tools, route, recovered, signal);
}

/**
 * Another member's configuration may be newer than ours: a chain that goes on elsewhere is never sealed
 * again.
 */
async function refuseContinued(
  tools: RecoveryTools,
  { chainOrigin: origin }: ChainName,
  hint: Hint,
  signal: AbortSignal,
): Promise<void> {
  if (!(await isContinuation(tools, hint.origin, origin, signal))) return;
  throw halt(
    'older-chain',
    `${origin} ended: ${hint.origin} continues it, and is what this partition is archived in now`,
    'Give every archiver of the group the same configuration (`chain:`), and restart those with the older one.',
  );
}

/** Any member of the group can write a hint, so only a seal that our keys vouch for is believed. */
async function isContinuation(
  tools: RecoveryTools,
  origin: string,
  older: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { chain, partition } = parseChainOrigin(origin);
    const { manifest } = await readSealAt(tools, { chainOrigin: origin, chain, partition }, 0, signal);
    return manifest.continues?.origin === older;
  } catch (error) {
    if (error instanceof HaltError || error instanceof FormatError) return false;
    throw error;
  }
}

/** Checks a head against the log that it was sealed from. */
export async function confirmPosition(
  tools: PositionTools,
  route: PartitionRoute,
  recovered: Recovered,
  signal: AbortSignal,
): Promise<Position> {
  const { source, store, sha256 } = tools;
  const { partition, name } = route;
  const { head, manifest } = recovered;
  const identity = await sameSource(source, partition, manifest);
  const range = await checkedRange(tools, partition, head.nextOffset, signal);
  const hasId = identity.kind !== 'kafka' || identity.topicId !== null;
  const confirmed = async (
    segment: Manifest | null,
    which: 'first' | 'last' | 'tail',
  ): Promise<LogAnchor | null> => {
    const anchor = segment === null ? null : await anchorOf(store, sha256, segment, signal, which);
    if (segment === null || anchor === null) return null;
    const found = await confirmAnchor(source, sha256, route, anchor, range, signal);
    if (found !== 'compacted') return anchor;
    const left = await newestSurvivor(tools, partition, segment, range, signal);
    // Of a topic without an id, its records alone say that it is the one that was sealed.
    if (left === null && !hasId) throw replaced(partition, anchor.offset);
    return left;
  };
  // Without topic ids, a topic that replaced the first one may have given us the newest record itself.
  if (!hasId) {
    const { before, after } = await aroundAnchor(tools, name, recovered, signal);
    await confirmed(before, 'last');
    await confirmed(after, 'first');
  }
  const anchor = await confirmed(await newestRecordSegment(tools, name, recovered, signal), 'last');
  const tail = await confirmed(await newestLinesSegment(tools, name, recovered, signal), 'tail');
  return { head, identity, anchor, tail, anchoredMs: tools.clock.now() };
}

/** The identity that the chain was begun with, unless the source says that it is another one now. */
export async function sameSource(
  source: Source,
  partition: TopicPartition,
  manifest: Pick<Manifest, 'origin' | 'source'>,
): Promise<SourceIdentity> {
  const sealed = manifest.source;
  const now = await identityOf(source, partition);
  if (sealed.kind !== 'kafka' || now.kind !== 'kafka') {
    if (sealed.kind === now.kind && sealed.kind === 'file' && sealed.partition === partition.partition)
      return sealed;
    throw halt('source-changed', `${manifest.origin} was begun from a ${sealed.kind} source`, NEW_CHAIN);
  }
  if (sealed.cluster !== now.cluster || sealed.topic !== now.topic || sealed.partition !== now.partition) {
    const text = (id: typeof sealed) => `${id.topic}/${id.partition} of cluster ${id.cluster}`;
    throw halt(
      'source-changed',
      `${manifest.origin} was begun from ${text(sealed)}, this is ${text(now)}`,
      NEW_CHAIN,
    );
  }
  if (sealed.topicId !== null && now.topicId !== null && sealed.topicId !== now.topicId) {
    throw halt(
      'topic-replaced',
      `topic ${now.topic} has id ${now.topicId}, the sealed one had ${sealed.topicId}`,
      NEW_CHAIN,
    );
  }
  return sealed;
}

export async function identityOf(source: Source, partition: TopicPartition): Promise<SourceIdentity> {
  if (source.kind === 'file') return { kind: 'file', name: partition.topic, partition: partition.partition };
  const { cluster, topicId } = await source.describe(partition);
  return { kind: 'kafka', cluster, topic: partition.topic, topicId, partition: partition.partition };
}

/** After a fail-over the marks lag behind for a moment, so a range that excludes our head has to hold. */
const RANGE_READS = 3;
const RANGE_WAIT_MS = 15_000;

/**
 * The log's range: it must reach `next`, and begin at or before `held`, up to where we have the records
 * ourselves. Throws HaltError `expired` or `truncated`.
 */
export async function checkedRange(
  tools: Pick<PositionTools, 'source' | 'clock'>,
  partition: TopicPartition,
  next: number,
  signal: AbortSignal,
  held = next,
): Promise<LogRange> {
  const { source, clock } = tools;
  for (let reads = 1; ; reads++) {
    const range = await source.logRange(partition);
    if (range.low <= held && next <= range.high) return range;
    // A file has no fail-over.
    if (reads < RANGE_READS && source.kind === 'kafka') {
      await clock.sleep(RANGE_WAIT_MS, signal);
      continue;
    }
    const where = `${partition.topic}/${partition.partition}`;
    if (held < range.low) {
      throw halt(
        'expired',
        [
          `offsets ${next} to ${range.low - 1} of ${where} are gone from Kafka and were never archived: its`,
          `log starts at ${range.low}`,
        ].join(' '),
        RESUME,
        { from: next, to: range.low },
      );
    }
    throw halt(
      'truncated',
      [
        `the log of ${where} ends at ${range.high}, and offsets up to ${next - 1} are sealed: it was`,
        'truncated or recreated',
      ].join(' '),
      NEW_CHAIN,
    );
  }
}
