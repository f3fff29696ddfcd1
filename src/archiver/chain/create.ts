// Where does a chain begin? Decided once and sealed at once, as a segment without lines (FORMAT.md §5).
import { toHex } from '../../base/bytes.ts';
import type { ContinuesConfig, StartFrom } from '../../config/archiver.ts';
import { chainOrigin } from '../../format/chain.ts';
import { type Continues, parseTime, type SourceIdentity } from '../../format/manifest.ts';
import { sealsRoot } from '../../format/paths.ts';
import type { LogRange, TopicPartition } from '../../ingest/source.ts';
import type { OnTrouble, Sealer, SealOutcome } from '../../sealing/sealer.ts';
import { emptyBody } from '../../segment/body.ts';
import {
  type Head,
  makeSegment,
  newChainHead,
  type Segment,
  type SegmentContext,
} from '../../segment/segment.ts';
import { findHead } from '../../store/head.ts';
import type { Ownership } from '../ownership.ts';
import { HaltError, halt, unsealable } from './halt.ts';
import { type ChainName, type Recovered, type RecoveryTools, readSealAt } from './head.ts';
import {
  confirmPosition,
  identityOf,
  type PartitionRoute,
  type Position,
  type PositionTools,
  type SealingTools,
} from './position.ts';

export type ChainStart = {
  readonly name: ChainName;
  readonly source: SourceIdentity;
  readonly startOffset: number;
  readonly continues: Continues | null;
};

export type ChainCreationConfig = {
  readonly startFrom: StartFrom;
  readonly continues: ContinuesConfig | undefined;
  readonly archiveOrigin: string;
  /** The chain that a partition of this topic is archived in. */
  readonly chainOf: (partition: number) => string;
};

async function resolveChainStart(
  tools: PositionTools,
  route: PartitionRoute,
  config: ChainCreationConfig,
  latest: LogRange | undefined,
  signal: AbortSignal,
): Promise<ChainStart> {
  const { name, partition } = route;
  const source = await identityOf(tools.source, partition);
  if (config.continues !== undefined) {
    return {
      name,
      source,
      ...(await resolveContinued(tools, route, config.continues, config.archiveOrigin, signal)),
    };
  }
  const startOffset =
    latest === undefined ? await startOffsetOf(tools, partition, config.startFrom) : latest.high;
  return { name, source, startOffset, continues: null };
}

async function startOffsetOf(
  tools: PositionTools,
  partition: TopicPartition,
  startFrom: StartFrom,
): Promise<number> {
  const range = await tools.source.logRange(partition);
  // At latest too: a partition that is added later has no earlier records that were to be left out.
  if (startFrom === 'earliest' || startFrom === 'latest') return range.low;
  const found = await tools.source.offsetAtTime(partition, startFrom.timeMs);
  return found === null ? range.high : Math.min(Math.max(found, range.low), range.high);
}

/** Whether any partition of the chain has been begun in this archive. */
async function hasAnyChain(tools: RecoveryTools, chain: string, signal: AbortSignal): Promise<boolean> {
  for await (const _ of tools.store.listVersions(`${sealsRoot}topic=${chain}/`, { limit: 1, signal }))
    return true;
  return false;
}

async function resolveContinued(
  tools: PositionTools,
  route: PartitionRoute,
  config: ContinuesConfig,
  archiveOrigin: string,
  signal: AbortSignal,
): Promise<Pick<ChainStart, 'startOffset' | 'continues'>> {
  const { partition } = route.partition;
  const name = {
    chainOrigin: chainOrigin({ archiveOrigin, chain: config.chain, partition }),
    chain: config.chain,
    partition,
  };
  const older = { name, tools, recovered: await lastGoodSeal(tools, name, signal) };
  const startFrom =
    config.startFrom ?? ((await otherTopic(tools, route, older, signal)) === null ? 'next' : 'earliest');
  const { low } =
    startFrom === 'earliest' ? await tools.source.logRange(route.partition) : { low: Number.NaN };
  return continuedFrom(older, await identityOf(tools.source, route.partition), config, startFrom, low);
}

/** A chain that another one is to continue, in whichever archive it lies. */
export type OlderChain = {
  readonly name: ChainName;
  /** Read its archive, and trust its keys. */
  readonly tools: RecoveryTools;
  /** Its end. */
  readonly recovered: Recovered;
};

/** `low`: where the log begins; asked for `earliest` alone. Throws HaltError `older-chain`. */
export function continuedFrom(
  { name, recovered }: Pick<OlderChain, 'name' | 'recovered'>,
  source: SourceIdentity,
  { reason, by }: Pick<ContinuesConfig, 'reason' | 'by'>,
  startFrom: NonNullable<ContinuesConfig['startFrom']>,
  low: number,
): Pick<ChainStart, 'startOffset' | 'continues'> {
  const { size, nextOffset } = recovered.head;
  const root = toHex(recovered.root);
  const continues: Continues = { origin: name.chainOrigin, size, root, nextOffset, reason, by };
  const startOffset = startFrom === 'next' ? nextOffset : startFrom === 'earliest' ? low : startFrom.offset;
  checkHandover(recovered, source, startOffset);
  return { startOffset, continues };
}

/**
 * FORMAT.md 5.15: within one topic a continuing chain leaves nothing out, and repeats only without topic ids.
 */
function checkHandover(older: Recovered, source: SourceIdentity, startOffset: number): void {
  const { nextOffset, origin } = older.head;
  if (JSON.stringify(older.manifest.source) !== JSON.stringify(source)) return;
  const topicId = source.kind === 'kafka' ? source.topicId : null;
  if (startOffset === nextOffset || (startOffset < nextOffset && topicId === null)) return;
  throw halt(
    'older-chain',
    [
      `${origin} ends at offset ${nextOffset} of this same topic; a chain that continues it can't begin`,
      `at ${startOffset}`,
    ].join(' '),
    'Leave `continues.startFrom` out, or set it to next.',
  );
}

/** Why the partition is not the one that the older chain was sealed from. Null: it is. */
export async function otherTopic(
  { source }: Pick<PositionTools, 'source'>,
  route: PartitionRoute,
  { name, tools, recovered }: OlderChain,
  signal: AbortSignal,
): Promise<HaltError | null> {
  try {
    await confirmPosition({ ...tools, source }, { ...route, name }, recovered, signal);
    return null;
  } catch (error) {
    // What expired is missed by the new chain then: it halts, and an operator decides.
    if (error instanceof HaltError) return error.halt.code === 'expired' ? null : error;
    throw error;
  }
}

/** How far back from the newest object a good seal is looked for: a bad one can only be the last. */
const STEPS_BACK_MAX = 3;

/** The newest seal of an older chain that this archive's keys vouch for. */
async function lastGoodSeal(tools: RecoveryTools, name: ChainName, signal: AbortSignal): Promise<Recovered> {
  const search = await findHead(tools.store, name.chain, name.partition, undefined, signal);
  const newest = search.kind === 'head' ? search.sequence : search.kind === 'hole' ? search.missing - 1 : -1;
  for (let sequence = newest; sequence >= 0 && sequence > newest - STEPS_BACK_MAX; sequence--) {
    try {
      return await readSealAt(tools, name, sequence, signal);
    } catch (error) {
      if (!(error instanceof HaltError)) throw error;
    }
  }
  throw halt(
    'older-chain',
    `${name.chainOrigin}, which this chain is to continue, has no good seal at its end`,
    'Check the name in `continues.chain`, or leave `continues` out: the older chain stays as it is.',
  );
}

export type ChainCreationTools = SealingTools & { readonly sealer: Sealer };

/**
 * Seals segment 0, which has no lines: from then on the start is decided, whatever happens to this process. A
 * topic that begins at `latest` begins with all its partitions at once, owned by us or not: the fence makes
 * that safe. Otherwise a partition whose owner came a moment later would begin at its log's start. Ownership
 * is asked before anything is signed. The caller saw that the store shows nothing of the chain. Null:
 * somebody else began it, so it has to be looked for again.
 */
export const createChain = (
  tools: ChainCreationTools,
  route: PartitionRoute,
  config: ChainCreationConfig,
  ownership: Ownership,
  onTrouble: OnTrouble,
): Promise<Position | null> => {
  const { sealer } = tools;
  const create = async (): Promise<Position | null> => {
    await tools.sealer.clockWrong(onTrouble);
    const starts = await startsOf(tools, route, config, ownership.signal);
    // Looking took a while, in which the clock may have been set: the first seal's time is taken right after.
    for (;;) {
      const wait = ownership.undecided() ?? tools.sealer.clockWrong(onTrouble);
      if (wait === null) break;
      await wait;
    }
    ownership.signal.throwIfAborted();
    const outcomes = await Promise.all(starts.map((start) => sealChainStart(tools, start, onTrouble)));
    return positionOf(outcomes, route.name);
  };
  return isByTopic(config)
    ? sealer.chainCreation.run(route.name.chain, create)
    : sealer.chainStarts.run(create, { signal: ownership.signal });
};

/** Of the chain with that name, if its first segment is ours. The source was asked before it was sealed. */
function positionOf(outcomes: readonly SealOutcome[], { chainOrigin }: ChainName): Position | null {
  const ours = outcomes.find(({ segment }) => segment.checkpoint.origin === chainOrigin);
  if (ours?.kind !== 'stored') return null;
  const { after: head, manifest } = ours.segment;
  const anchoredMs = parseTime(manifest.time.anchored);
  return { head, identity: manifest.source, anchor: null, tail: null, anchoredMs };
}

/** Whether all partitions of a topic begin together. */
const isByTopic = ({ startFrom, continues }: ChainCreationConfig): boolean =>
  startFrom === 'latest' && continues === undefined;

/** The starts that are not decided yet: this partition's, or those of all partitions. */
async function startsOf(
  tools: ChainCreationTools,
  { partition: { topic, partition }, name: { chain }, acceptsCompaction }: PartitionRoute,
  config: ChainCreationConfig,
  signal: AbortSignal,
): Promise<ChainStart[]> {
  // Read before it is asked whether the topic was begun: a partition that came after that has nothing to
  // leave out, and the answer may be old by the time it is here.
  const ends = isByTopic(config) ? await endsOf(tools, topic, (one) => config.chainOf(one) === chain) : null;
  const isTogether = ends !== null && !(await hasAnyChain(tools, chain, signal));
  const starts: ChainStart[] = [];
  for (const number of isTogether ? ends.keys() : [partition]) {
    const origin = chainOrigin({ archiveOrigin: config.archiveOrigin, chain, partition: number });
    const route = {
      partition: { topic, partition: number },
      name: { chainOrigin: origin, chain, partition: number },
      acceptsCompaction,
    };
    const end = isTogether ? ends.get(number) : undefined;
    // Another partition of this process may have begun it while we waited. One that begins alone was looked
    // for by its caller, and of two processes the fence lets one in.
    const isFree = ends === null || (await findHead(tools.store, chain, number, 0, signal)).kind === 'none';
    if (isFree) starts.push(await resolveChainStart(tools, route, config, end, signal));
  }
  return starts;
}

async function endsOf(
  tools: PositionTools,
  topic: string,
  isOfChain: (partition: number) => boolean,
): Promise<Map<number, LogRange>> {
  const ends = new Map<number, LogRange>();
  for (const partition of (await tools.source.partitions(topic)).filter(isOfChain))
    ends.set(partition, await tools.source.logRange({ topic, partition }));
  return ends;
}

export async function sealChainStart(
  tools: Omit<ChainCreationTools, 'source'>,
  beginning: ChainStart,
  onTrouble: OnTrouble,
): Promise<SealOutcome> {
  const { name, source, startOffset, continues } = beginning;
  const nowMs = tools.clock.now();
  const head = newChainHead(name.chainOrigin, name.chain, name.partition, startOffset);
  const keys = tools.keyring.keysAfter(head);
  const context = { ...tools.constantOf(name), keys, source, continues, anchoredMs: nowMs, nowMs };
  const segment = firstSegment(tools, head, context);
  return tools.sealer.carry(segment, onTrouble);
}

/** Throws HaltError `unsealable`: made from a few names alone, it can't be made a second later either. */
function firstSegment(tools: Pick<RecoveryTools, 'sha256'>, head: Head, context: SegmentContext): Segment {
  try {
    return makeSegment(tools.sha256, head, emptyBody(tools.sha256, head.nextOffset), context);
  } catch (error) {
    throw unsealable(head.origin, head.nextOffset, error);
  }
}
