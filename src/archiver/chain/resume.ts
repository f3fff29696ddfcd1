// How does an operator's decision become part of the chain? As one signed gap line, sealed like any other.
import { LedgerstoneError } from '../../base/error.ts';
import { zstdCompressor } from '../../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import type { Config, TopicConfig } from '../../config/archiver.ts';
import { chainOrigin } from '../../format/chain.ts';
import type { GapReason } from '../../format/record.ts';
import { encodeVkey, verifierKey } from '../../format/vkey.ts';
import type { TopicPartition } from '../../ingest/source.ts';
import { BodyBuilder } from '../../segment/body.ts';
import { makeSegment, type Segment } from '../../segment/segment.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Store } from '../../store/store.ts';
import { tooLarge } from '../continuity.ts';
import { MemoryLedger } from '../memory.ts';
import { type OnTrouble, Sealer } from '../sealer.ts';
import { recoverHead, requireOwnKey } from './head.ts';
import { confirmPosition, type PartitionRoute, type PositionTools, sameSource } from './position.ts';

export type Decision = {
  readonly topic: string;
  readonly partition: number;
  /**
   * Every offset below this one, from the head's next offset on, is given up. Absent: up to where Kafka's log
   * starts.
   */
  readonly to?: number;
  readonly reason: Exclude<GapReason, 'transaction'>;
  /** Who decided, and why: signed, and kept as long as the seals are. */
  readonly by: string;
  readonly why: string;
};

export type RecordedDecision = {
  readonly origin: string;
  readonly sequence: number;
  /** The gap that was sealed: [from, to). */
  readonly from: number;
  readonly to: number;
};

type DecisionTools = PositionTools & {
  /** Named in the manifest as who wrote it. */
  readonly writerId: string;
  readonly signer: Signer;
  readonly store: Store;
  readonly random: () => number;
};

/** Seals the gap. The running service sees the new head within seconds and goes on after it. */
export async function sealDecision(
  tools: DecisionTools,
  config: Config,
  decision: Decision,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<RecordedDecision> {
  const { source, store, signer, clock, random } = tools;
  const { topic, route } = routeOf(config, decision);
  const { name } = route;
  const recovered = await recoverHead(tools, name, null, signal);
  if (recovered === null) {
    throw new LedgerstoneError('usage', `${name.chainOrigin} has no segment yet: there is nothing to resume`);
  }
  const keys = [encodeVkey(verifierKey(name.chainOrigin, signer.publicKey, nodeSha256))];
  requireOwnKey(recovered, keys);
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
  const builder = new BodyBuilder(from, {
    sha256: nodeSha256,
    sha256Into: nodeSha256Into,
    encoding: 'zstd',
    compress: zstdCompressor(config.encoding.level),
  });
  builder.gap({ offset: from, last: to - 1, reason: decision.reason, by: decision.by, why: decision.why });
  const policy = config.retention[topic.retention] ?? config.retention.seals;
  const sealer = new Sealer({
    ...{ store, clock, random, signal },
    signers: [signer],
    sha256: nodeSha256,
    sealRetention: config.retention.seals,
    memory: new MemoryLedger(),
  });
  const onTrouble: OnTrouble = (error) => {
    if (error !== null) onError(error);
  };
  await sealer.clockWrong(onTrouble);
  const nowMs = clock.now();
  const segment = makeSegment(nodeSha256, recovered.head, builder.finish(), {
    // As the chain was begun with: a broker may have learned of topic ids since, and a chain's source never
    // changes.
    source: recovered.manifest.source,
    continues: null,
    anchoredMs: nowMs,
    nowMs,
    retention: { mode: policy.mode, period: policy.period, policy: topic.retention },
    keys,
    writer: { id: tools.writerId, version: VERSION },
  });
  await seal(sealer, segment, onTrouble);
  return { origin: name.chainOrigin, sequence: segment.manifest.sequence, from, to };
}

/** The topic of the decision. Throws where the configuration has none of that name. */
export function checkTopic(config: Config, decision: Decision): TopicConfig {
  const topic = config.source.topics.find(({ name }) => name === decision.topic);
  if (topic !== undefined) return topic;
  throw new LedgerstoneError('usage', `topic ${decision.topic} is not in the configuration`, {
    remedy: `It has: ${config.source.topics.map(({ name }) => name).join(', ')}.`,
  });
}

function routeOf(
  config: Config,
  decision: Decision,
): { readonly topic: TopicConfig; readonly route: PartitionRoute } {
  const topic = checkTopic(config, decision);
  const { partition } = decision;
  const chain = topic.partitions[partition]?.chain ?? topic.chain;
  const origin = chainOrigin({ archiveOrigin: config.archive.origin, chain, partition });
  return {
    topic,
    route: { partition: { topic: topic.name, partition }, name: { chainOrigin: origin, chain, partition } },
  };
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
    const good = records.find((record) => record.offset >= at && tooLarge(record, recordBytes) === null);
    const first = at === gap.from && seen[0]?.first === at ? at : good?.offset;
    if (first !== undefined && first < gap.to) throw readable(partition, first);
    const ends = [records.at(-1)?.offset, seen.at(-1)?.last, undecodable?.last ?? undecodable?.offset];
    const last = Math.max(...ends.map((end) => end ?? -1));
    if (last < at) throw undecided(partition, at);
    at = last + 1;
  }
}

function readable({ topic, partition }: TopicPartition, offset: number): LedgerstoneError {
  return new LedgerstoneError(
    'usage',
    `offset ${offset} of ${topic}/${partition} can be read: it is archived before anything is given up`,
    {
      remedy: `\`ledgerstone status\` shows where the gap of a halted partition begins and ends: it can't reach past ${offset}. Until it shows one, let the archiver run.`,
    },
  );
}

function undecided({ topic, partition }: TopicPartition, offset: number): LedgerstoneError {
  return new LedgerstoneError(
    'usage',
    `offset ${offset} of ${topic}/${partition} can't be judged yet: a transaction that has not ended may hold it`,
    { remedy: `State a gap that ends at ${offset} with --to, or wait for the transaction's end.` },
  );
}

async function seal(sealer: Sealer, segment: Segment, onTrouble: OnTrouble): Promise<void> {
  const outcome = await sealer.carry(segment, onTrouble);
  if (outcome.kind === 'fenced') {
    throw new LedgerstoneError(
      'fenced',
      `the chain went on while this was decided: sequence ${segment.manifest.sequence} is taken`,
      {
        remedy: 'Look at `ledgerstone status` again; the decision may not be needed any more.',
      },
    );
  }
}
