// What is counted and logged of the pipeline's work?
import type { Batch } from '../../archiver/batch.ts';
import type { ArchiverMetrics } from '../../archiver/metrics.ts';
import type { PartitionView } from '../../archiver/partition-view.ts';
import { codeOf } from '../../archiver/status.ts';
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/archiver.ts';
import { type Manifest, parseTime } from '../../format/manifest.ts';
import type { Reloads } from '../reload.ts';

type SealedSegment = {
  readonly topic: string;
  readonly partition: number;
  readonly sequence: number;
  readonly records: number;
  readonly nextOffset: number;
  readonly storedBytes: number;
  readonly seconds: number;
};

export type RunOptions = {
  /** Asks for a drain: what is held is sealed, then it ends. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Left out: the configuration is read at the start alone. */
  readonly reloads?: Reloads<Config>;
  /** Starts with other retention policies than people put in force. For trials. */
  readonly acceptsAnyPolicy?: boolean;
  /**
   * Records accepted so far, over all partitions; those that a fence or a rebalance drops are counted again.
   */
  readonly onAccepted?: (records: number) => void;
  readonly onSealed?: (segment: SealedSegment) => void;
};

export function observerOf(
  metrics: ArchiverMetrics,
  totals: { records: number; segments: number },
  options: RunOptions,
  clock: Pick<Clock, 'now'>,
) {
  const labelsOf = (actor: PartitionView) => ({
    topic: actor.route.partition.topic,
    partition: String(actor.route.partition.partition),
  });
  let accepted = 0;
  return {
    accepted(_actor: PartitionView, records: number) {
      accepted += records;
      options.onAccepted?.(accepted);
    },
    sealed(actor: PartitionView, batch: Batch, { data, time }: Manifest, seconds: number) {
      const labels = labelsOf(actor);
      const storedBytes = data?.bytes ?? 0;
      metrics.records.inc(labels, batch.records);
      metrics.lines.inc(labels, batch.lines);
      metrics.storedBytes.inc(labels, storedBytes);
      metrics.segments.inc(labels);
      observeSegment(metrics, labels.topic, batch, { data, time }, seconds, clock.now());
      totals.records += batch.records;
      totals.segments += 1;
      const { topic, partition } = actor.route.partition;
      const sequence = (actor.head?.size ?? 0) - 1;
      const { records, nextOffset } = batch;
      options.onSealed?.({ topic, partition, sequence, records, nextOffset, storedBytes, seconds });
      options.log.info({ topic, partition, sequence, records, nextOffset, storedBytes }, 'sealed');
    },
    fenced: (actor: PartitionView) => metrics.fenced.inc(labelsOf(actor)),
    trouble(actor: PartitionView, error: unknown) {
      metrics.troubles.inc({ code: codeOf(error) });
      const remedy = error instanceof LedgerstoneError ? error.remedy : undefined;
      options.log.warn(
        { ...actor.route.partition, code: codeOf(error), remedy },
        `trying again: ${messageOf(error)}`,
      );
    },
  };
}

function observeSegment(
  { sealSeconds, segmentBytes, segmentRecords, ageSeconds }: ArchiverMetrics,
  topic: string,
  { records }: Batch,
  { data, time }: Pick<Manifest, 'data' | 'time'>,
  seconds: number,
  nowMs: number,
): void {
  sealSeconds.observe({ topic }, seconds);
  if (data !== null) segmentBytes.observe({ topic }, data.bytes);
  if (data !== null) segmentRecords.observe({ topic }, records);
  if (time.first !== null) ageSeconds.observe({ topic }, Math.max(0, nowMs - parseTime(time.first)) / 1000);
}
