// How does an operator's decision become part of the chain? As signed gap lines, sealed like any other.
import { LedgerstoneError } from '../../base/error.ts';
import { zstdCompressor } from '../../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import type { Config, TopicConfig } from '../../config/archiver.ts';
import { topicNamed, topicsText } from '../../config/topic-names.ts';
import type { GapReason } from '../../format/record.ts';
import { recordItem } from '../../ingest/item.ts';
import type { TopicPartition } from '../../ingest/source.ts';
import { type OnTrouble, Sealer, type SealOutcome } from '../../sealing/sealer.ts';
import { BodyBuilder, type SegmentBody } from '../../segment/body.ts';
import { makeSegment } from '../../segment/segment.ts';
import type { Store } from '../../store/store.ts';
import { tooLarge } from '../continuity.ts';
import { MemoryLedger } from '../memory.ts';
import { beforeLog, fillCompacted } from './compacted.ts';
import { type Recovered, recoverHead } from './head.ts';
import { confirmPosition, type PartitionRoute, type PositionTools, sameSource } from './position.ts';
import { topicRoute } from './topic-route.ts';

export type Decision = {
  readonly topic: string;
  readonly partition: number;
  /**
   * Every offset below this one, from the head's next offset on, is given up; with `compacted` every one that
   * is missing. Absent: up to where Kafka's log starts.
   */
  readonly to?: number;
  readonly reason: Exclude<GapReason, 'transaction'>;
  /** Who decided, and why: signed, and kept as long as the seals are. */
  readonly by: string;
  readonly why: string;
};

export type RecordedDecision = {
  readonly origin: string;
  /** Of the newest segment that carries it; null: another writer sealed all of it meanwhile. */
  readonly sequence: number | null;
  /** What was decided about: [from, to). */
  readonly from: number;
  readonly to: number;
  readonly segments: number;
  /** Gap lines that carry the decision's words, and the offsets in them. */
  readonly gaps: number;
  readonly givenUp: number;
  /** Records between the gaps. */
  readonly archived: number;
};

type DecisionTools = PositionTools & {
  /** Named in the manifest as who wrote it. */
  readonly writerId: string;
  readonly store: Store;
  readonly random: () => number;
};

/** What one decision is carried out with. */
type Work = {
  readonly tools: DecisionTools;
  readonly config: Config;
  readonly decision: Decision;
  readonly topic: TopicConfig;
  readonly route: PartitionRoute;
  readonly sealer: Sealer;
  readonly onTrouble: OnTrouble;
  readonly signal: AbortSignal;
};

/**
 * Seals the gap; of a compacted range all its gaps, and what is left between them. The running service sees
 * the new head within seconds and goes on after it.
 */
export async function sealDecision(
  tools: DecisionTools,
  config: Config,
  decision: Decision,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<RecordedDecision> {
  const { store, keyring, clock, random } = tools;
  const { topic, route } = topicRoute(config, checkTopic(config, decision), decision.partition);
  const sealer = new Sealer({
    ...{ store, clock, random, signal },
    signersOf: ({ manifest }) => keyring.signersOf(manifest.origin, manifest.keys),
    sha256: nodeSha256,
    sealRetention: config.retention.seals,
    memory: new MemoryLedger(),
  });
  const onTrouble: OnTrouble = (error) => {
    if (error !== null) onError(error);
  };
  const work: Work = { tools, config, decision, topic, route, sealer, onTrouble, signal };
  return decision.reason === 'compacted' ? sealRange(work) : sealGap(work);
}

async function sealGap(work: Work): Promise<RecordedDecision> {
  const { tools, config, decision, route, signal } = work;
  const { source } = tools;
  const recovered = await headOf(work);
  const from = recovered.head.nextOffset;
  const range = await source.logRange(route.partition);
  const to = decision.to ?? range.low;
  checkGap(from, to, range.high);
  if (range.low > from) await sameSource(source, route.partition, recovered.manifest);
  else await confirmPosition(tools, route, recovered, signal);
  await checkMissing(
    tools,
    route,
    { from: Math.max(from, range.low), to },
    config.limits.recordBytes,
    signal,
  );
  const builder = builderAt(work, from);
  builder.gap({ offset: from, last: to - 1, reason: decision.reason, by: decision.by, why: decision.why });
  const { kind, segment } = await seal(work, recovered, builder.finish());
  const { sequence } = segment.manifest;
  if (kind === 'fenced') throw fenced(sequence);
  const { chainOrigin: origin } = route.name;
  return { origin, sequence, from, to, segments: 1, gaps: 1, givenUp: to - from, archived: 0 };
}

/**
 * Segment by segment from the head, wherever that is: a command that was killed, and another writer that was
 * faster, leave a chain that is whole up to its head.
 */
async function sealRange(work: Work): Promise<RecordedDecision> {
  const { tools, config, decision, route, signal } = work;
  const { source } = tools;
  const { partition, name } = route;
  const total = { segments: 0, gaps: 0, givenUp: 0, archived: 0 };
  let sequence: number | null = null;
  for (let first: number | null = null; ; ) {
    const recovered = await headOf(work);
    const from = recovered.head.nextOffset;
    const { low, high } = await source.logRange(partition);
    const to = decision.to ?? low;
    if (first !== null && from >= to)
      return { origin: name.chainOrigin, sequence, from: first, to, ...total };
    if (low > from) throw beforeLog(partition, from, low);
    checkGap(from, to, high);
    first ??= from;
    const builder = builderAt(work, from);
    const { by, why } = decision;
    const limits = { ...config.segment, recordBytes: config.limits.recordBytes };
    const filled = await fillCompacted(builder, { source, partition, from, to, by, why, limits }, signal);
    // Asked last, so that what was read is of the log that the chain was sealed from.
    await confirmPosition(tools, route, recovered, signal);
    const body = builder.finish();
    if (body.lines === 0 && filled.stop !== null) throw filled.stop;
    const { kind, segment } = await seal(work, recovered, body);
    if (kind === 'fenced') continue;
    sequence = segment.manifest.sequence;
    total.segments++;
    total.gaps += filled.gaps;
    total.givenUp += filled.givenUp;
    total.archived += filled.records;
  }
}

/** The chain's newest seal. */
async function headOf({ tools, route: { name }, signal }: Work): Promise<Recovered> {
  const recovered = await recoverHead(tools, name, null, signal);
  if (recovered === null) {
    throw new LedgerstoneError('usage', `${name.chainOrigin} has no segment yet: there is nothing to resume`);
  }
  await tools.keyring.requireKeys(recovered.head, signal);
  return recovered;
}

const builderAt = ({ config }: Work, from: number): BodyBuilder =>
  new BodyBuilder(from, {
    sha256: nodeSha256,
    sha256Into: nodeSha256Into,
    encoding: 'zstd',
    compress: zstdCompressor(config.encoding.level),
  });

async function seal(work: Work, recovered: Recovered, body: SegmentBody): Promise<SealOutcome> {
  const { tools, config, topic, sealer, onTrouble } = work;
  const policy = config.retention[topic.retention] ?? config.retention.seals;
  await sealer.clockWrong(onTrouble);
  const nowMs = tools.clock.now();
  const segment = makeSegment(nodeSha256, recovered.head, body, {
    // As the chain was begun with: a broker may have learned of topic ids since, and a chain's source never
    // changes.
    source: recovered.manifest.source,
    continues: null,
    anchoredMs: nowMs,
    nowMs,
    retention: { mode: policy.mode, period: policy.period, policy: topic.retention },
    keys: tools.keyring.keysAfter(recovered.head),
    writer: { id: tools.writerId, version: VERSION },
  });
  return sealer.carry(segment, onTrouble);
}

/** The topic of the decision. Throws where the configuration has none of that name. */
export function checkTopic(config: Config, decision: Decision): TopicConfig {
  const topic = topicNamed(config.source, decision.topic);
  if (topic !== null) return topic;
  throw new LedgerstoneError('usage', `topic ${decision.topic} is not in the configuration`, {
    remedy: `It has: ${topicsText(config.source)}.`,
  });
}

function checkGap(from: number, to: number, high: number): void {
  if (to <= from) {
    throw new LedgerstoneError(
      'usage',
      `nothing to give up: the chain goes on at ${from}, and the gap would end at ${to}`,
      {
        remedy:
          '`ledgerstone status --config F` shows the gap of a halted partition; state its end with --to.',
      },
    );
  }
  if (to > high) {
    throw new LedgerstoneError(
      'usage',
      `the log ends at ${high}: a gap up to ${to} would cover records that do not exist yet`,
    );
  }
}

/**
 * Nothing that can be had is given up. Readable at the head: it was not what the partition halted at, and the
 * service has not sealed up to there yet. Readable further on: the gap is stated too wide, and would bury
 * good records; and so it may where a transaction is open, which hides what comes after its first record.
 */
async function checkMissing(
  tools: PositionTools,
  { partition }: PartitionRoute,
  gap: { readonly from: number; readonly to: number },
  recordBytes: number,
  signal: AbortSignal,
): Promise<void> {
  for (let at = gap.from; at < gap.to; ) {
    const { records, seen, undecodable } = await tools.source.readAt(partition, at, signal);
    const good = records.find(
      (record) => record.offset >= at && tooLarge(recordItem(record), recordBytes) === null,
    );
    const first = at === gap.from && seen[0]?.first === at ? at : good?.offset;
    if (first !== undefined && first < gap.to) throw readable(partition, first);
    const ends = [records.at(-1)?.offset, seen.at(-1)?.last, undecodable?.last ?? undecodable?.offset];
    const last = Math.max(...ends.map((end) => end ?? -1));
    if (last < at) throw undecided(partition, at);
    at = last + 1;
  }
}

function readable({ topic, partition }: TopicPartition, offset: number): LedgerstoneError {
  const what = `offset ${offset} of ${topic}/${partition} can be read`;
  const remedy = [
    `\`ledgerstone status\` shows where the gap of a halted partition begins and ends: it can't reach`,
    `past ${offset}. Until it shows one, let the archiver run.`,
  ].join(' ');
  return new LedgerstoneError('usage', `${what}: it is archived before anything is given up`, { remedy });
}

function undecided({ topic, partition }: TopicPartition, offset: number): LedgerstoneError {
  return new LedgerstoneError(
    'usage',
    `offset ${offset} of ${topic}/${partition} can't be judged yet: a transaction that has not ended may hold it`,
    { remedy: `State a gap that ends at ${offset} with --to, or wait for the transaction's end.` },
  );
}

function fenced(sequence: number): LedgerstoneError {
  return new LedgerstoneError(
    'fenced',
    `the chain went on while this was decided: sequence ${sequence} is taken`,
    { remedy: 'Look at `ledgerstone status` again; the decision may not be needed any more.' },
  );
}
