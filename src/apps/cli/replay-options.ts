// What is to be replayed where, and may it be? All that the command line and the configuration say.
import { systemClock } from '../../base/clock.ts';
import { MIB } from '../../base/limits.ts';
import { silentLogger } from '../../base/log.ts';
import type { Config } from '../../config/archiver.ts';
import { type KafkaCluster, loadKafkaFile, parseBrokers } from '../../config/kafka-file.ts';
import { isChainName } from '../../format/chain.ts';
import type { SendCodec } from '../../ingest/kafka/produce/batch.ts';
import { TransactionalProducer } from '../../ingest/kafka/produce/producer.ts';
import type { OffsetRange } from '../../read/line-range.ts';
import { Pace } from '../../replay/pace.ts';
import { replayId, type TimeWindow } from '../../replay/plan.ts';
import type { PortionLimits } from '../../replay/portions.ts';
import { UsageError } from './exit-code.ts';
import { requireNoFile } from './new-files.ts';
import type { ArchiveOptions } from './open-archive.ts';
import { momentFromText, requireZone } from './time-option.ts';

export type ReplayOptions = ArchiveOptions & {
  readonly topic: string;
  readonly partition?: number;
  readonly from?: number;
  readonly to?: number;
  readonly sinceTime?: string;
  readonly untilTime?: string;
  readonly tz: string;
  readonly toTopic: string;
  readonly brokers?: string;
  readonly kafka?: string;
  readonly intoArchivedTopic?: boolean;
  readonly append?: boolean;
  readonly compression: SendCodec;
  readonly recordsPerSecond?: number;
  readonly bytesPerSecond?: number;
  readonly receipt?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

/** Throws UsageError. */
export async function checkReplay(options: ReplayOptions): Promise<void> {
  const { from = 0, to = Number.MAX_SAFE_INTEGER, toTopic, brokers, kafka, receipt, dryRun } = options;
  if (from > to) throw new UsageError(`--from ${from} lies after --to ${to}`);
  if (!isChainName(toTopic))
    throw new UsageError(
      `${JSON.stringify(toTopic)} is not a topic`,
      'Topics have 1 to 249 of A-Z a-z 0-9 . _ - and are not . or ..',
    );
  if (brokers !== undefined && kafka !== undefined)
    throw new UsageError('both --brokers and --kafka name a cluster', 'Give one of the two.');
  if (receipt !== undefined && dryRun !== true) await requireNoFile(receipt, '--receipt');
}

export const rangeOf = ({ from, to }: ReplayOptions): OffsetRange => ({
  from: from ?? 0,
  to: (to ?? Number.MAX_SAFE_INTEGER - 1) + 1,
});

/** Null without an option of time. Throws UsageError. */
export function timesOf({ sinceTime, untilTime, tz }: ReplayOptions): TimeWindow | null {
  requireZone(tz);
  if (sinceTime === undefined && untilTime === undefined) return null;
  const sinceMs = Math.max(0, sinceTime === undefined ? 0 : momentFromText(sinceTime, tz));
  const untilMs = untilTime === undefined ? Number.POSITIVE_INFINITY : momentFromText(untilTime, tz);
  if (sinceMs < untilMs) return { sinceMs, untilMs };
  throw new UsageError(`--since-time ${sinceTime} is not before --until-time ${untilTime}`);
}

/** Throws UsageError, or ConfigError of the file. */
async function clusterOf(
  { brokers, kafka }: ReplayOptions,
  config: Config | null,
  env: NodeJS.ProcessEnv,
): Promise<KafkaCluster> {
  if (kafka !== undefined) return loadKafkaFile(kafka, env);
  if (brokers !== undefined) {
    const list = parseBrokers(brokers);
    if (list !== null) return { brokers: list, clientId: 'ledgerstone', tls: false };
    throw new UsageError(`--brokers ${JSON.stringify(brokers)} is not host:port, or several with commas`);
  }
  if (config?.source.kind === 'kafka') return config.source;
  throw new UsageError(
    'no Kafka cluster is named',
    'Give --brokers, --kafka FILE, or --config of an archiver that reads from Kafka.',
  );
}

export async function openTarget(
  options: ReplayOptions,
  config: Config | null,
  plan: string,
  env: NodeJS.ProcessEnv,
): Promise<TransactionalProducer> {
  const { brokers, clientId, tls, sasl } = await clusterOf(options, config, env);
  return TransactionalProducer.open({
    ...{ brokers, clientId, tls, log: silentLogger },
    ...(sasl !== undefined && { sasl }),
    ...{ topic: options.toTopic, id: replayId(plan), codec: options.compression },
  });
}

const PORTION_BYTES = 8 * MIB;
const PORTION_RECORDS = 50_000;
const BATCH_BYTES = MIB / 2;
/** Header of a batch. */
const BATCH_OVERHEAD = 100;

/**
 * No more in one transaction than may go out in a second. `batchMax`: what the topic takes; null: not known.
 */
export function limitsOf(options: ReplayOptions, batchMax: number | null): PortionLimits {
  const { recordsPerSecond = PORTION_RECORDS, bytesPerSecond = PORTION_BYTES } = options;
  return {
    records: Math.min(PORTION_RECORDS, recordsPerSecond),
    bytes: Math.min(PORTION_BYTES, bytesPerSecond),
    batchBytes: Math.min(BATCH_BYTES, (batchMax ?? Number.POSITIVE_INFINITY) - BATCH_OVERHEAD),
  };
}

export const paceOf = ({ recordsPerSecond, bytesPerSecond }: ReplayOptions): Pace =>
  new Pace(
    { recordsPerSecond: recordsPerSecond ?? null, bytesPerSecond: bytesPerSecond ?? null },
    systemClock,
  );
