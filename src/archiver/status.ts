// How are the partitions? For /status, /readyz, /metrics and the log, from one reading of the actors.
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import type { Store } from '../store/store.ts';
import type { Halt } from './chain/halt.ts';
import type { ArchiverMetrics } from './metrics.ts';
import type { PartitionState, PartitionView } from './partition-view.ts';
import type { Pipeline } from './pipeline.ts';
import type { TopicShare } from './topics.ts';

export type PartitionStatus = {
  readonly topic: string;
  readonly partition: number;
  readonly chain: string;
  readonly origin: string;
  readonly state: PartitionState['kind'];
  readonly head: { readonly sequence: number; readonly nextOffset: number; readonly sealedAt: string } | null;
  /** The offset after everything that was accepted, sealed or not. */
  readonly acceptedOffset: number | null;
  /**
   * Offsets that the log is known to have and that are not sealed; null before the first fetch. The high
   * watermark of a fetch may lie below its own records, so what was accepted counts too.
   */
  readonly lag: number | null;
  readonly oldestUnsealedSeconds: number | null;
  /** Why it is halted. */
  readonly halt: Halt | null;
  /** What fails at the moment and is tried again. */
  readonly trouble: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string | null;
    readonly since: string;
  } | null;
};

export type ServiceStatus = {
  readonly instance: string;
  readonly version: string;
  readonly origin: string;
  readonly startedAt: string;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reasons: readonly string[];
  readonly bufferedBytes: number;
  readonly pausedForMemory: boolean;
  /** Of each configured topic. That an instance owns few or none of them is no reason against readiness. */
  readonly topics: readonly TopicShare[];
  readonly partitions: readonly PartitionStatus[];
  /** Of the key that people decided on. Absent: of an earlier version. */
  readonly keys?: {
    /** Chains of this instance that it does not sign alone yet. */
    readonly waiting: readonly string[];
    /** Why a decision about keys is not followed yet. */
    readonly problem: string | null;
  };
};

type Trouble = PartitionView['trouble'];

/** A step may fail for so long before the service calls itself not ready. */
const TROUBLE_MS_MAX = 15_000;

export function partitionStatus(actor: PartitionView, clock: Clock): PartitionStatus {
  const { head, trouble, acceptedOffset, oldestUnsealedMs } = actor;
  const { partition, name } = actor.route;
  return {
    topic: partition.topic,
    partition: partition.partition,
    chain: name.chain,
    origin: name.chainOrigin,
    state: actor.state,
    head:
      head === null
        ? null
        : {
            sequence: head.size - 1,
            nextOffset: head.nextOffset,
            sealedAt: new Date(head.sealedMs).toISOString(),
          },
    acceptedOffset,
    lag: head === null ? null : lagOf(head.nextOffset, actor),
    oldestUnsealedSeconds: oldestUnsealedMs === null ? null : (clock.monotonic() - oldestUnsealedMs) / 1000,
    halt: actor.halt,
    trouble:
      trouble === null
        ? null
        : {
            code: codeOf(trouble.error),
            message: messageOf(trouble.error),
            remedy: trouble.error instanceof LedgerstoneError ? (trouble.error.remedy ?? null) : null,
            since: new Date(trouble.sinceMs).toISOString(),
          },
  };
}

function lagOf(sealedTo: number, { highWatermark, acceptedOffset }: PartitionView): number | null {
  if (highWatermark === null) return null;
  return Math.max(highWatermark, acceptedOffset ?? 0, sealedTo) - sealedTo;
}

export const codeOf = (error: unknown): string =>
  error instanceof LedgerstoneError ? error.code : 'unexpected';

/**
 * A halted partition waits for a person and does not make the service unready; a lasting trouble does. What
 * was in trouble before it halted, or looks whether it may go on, is no reason either. `files`: what keeps
 * `keys/` and FORMAT from being locked as long as the newest seals.
 */
export function notReadyReasons(pipeline: Pipeline, clock: Clock, files: Trouble = null): string[] {
  const reasons: string[] = [];
  const lasts = (trouble: Trouble) => trouble !== null && clock.now() - trouble.sinceMs > TROUBLE_MS_MAX;
  if (files !== null && lasts(files)) reasons.push(`keys/ and FORMAT: ${messageOf(files.error)}`);
  if (!pipeline.assigned) reasons.push('no partitions are assigned yet');
  for (const pattern of pipeline.topics.unmatched) reasons.push(`no topic that is shown matches ${pattern}`);
  for (const topic of pipeline.topics.missing) reasons.push(`topic ${topic} is not there, or not shown`);
  for (const actor of pipeline.actors) {
    const { partition, topic } = actor.route.partition;
    if (actor.settledHalt !== null || (actor.halt !== null && actor.state === 'recovering')) continue;
    if (actor.trouble !== null && lasts(actor.trouble)) {
      reasons.push(`${topic}/${partition}: ${messageOf(actor.trouble.error)}`);
    } else if (actor.state === 'recovering') {
      reasons.push(`${topic}/${partition} is finding its position`);
    }
  }
  return reasons;
}

/** Sets the gauges; counters are counted where things happen. */
export function observeGauges(
  metrics: ArchiverMetrics,
  pipeline: Pipeline,
  store: Store,
  clock: Clock,
  files: Trouble = null,
): void {
  for (const gauge of [
    metrics.topicMissing,
    metrics.topicPartitions,
    metrics.lastSeal,
    metrics.halted,
    metrics.streaming,
    metrics.nextOffset,
    metrics.lag,
    metrics.unsealedSeconds,
  ]) {
    gauge.reset();
  }
  const missing = new Set([...pipeline.topics.missing, ...pipeline.topics.unmatched]);
  for (const { topic, partitions, owned } of pipeline.shares) {
    metrics.ownedPartitions.set({ topic }, owned);
    if (partitions !== null) metrics.topicPartitions.set({ topic }, partitions);
  }
  metrics.topicsTaken.set(pipeline.topics.taken.length);
  for (const topic of new Set([...pipeline.topics.names, ...missing]))
    metrics.topicMissing.set({ topic }, missing.has(topic) ? 1 : 0);
  for (const actor of pipeline.actors) {
    const status = partitionStatus(actor, clock);
    const labels = { topic: status.topic, partition: String(status.partition) };
    const isThere = !missing.has(status.topic);
    metrics.streaming.set(labels, isThere && status.state === 'streaming' ? 1 : 0);
    if (actor.head !== null) metrics.lastSeal.set(labels, actor.head.sealedMs / 1000);
    if (status.halt !== null) metrics.halted.set({ ...labels, code: status.halt.code }, 1);
    if (status.head !== null) metrics.nextOffset.set(labels, status.head.nextOffset);
    // What a topic holds that is not shown to us is not known.
    if (status.lag !== null && isThere) metrics.lag.set(labels, status.lag);
    metrics.unsealedSeconds.set(labels, status.oldestUnsealedSeconds ?? 0);
  }
  metrics.ready.set(notReadyReasons(pipeline, clock, files).length === 0 ? 1 : 0);
  const { maxAgeMs, heartbeatMs } = pipeline.segmentLimits;
  metrics.maxAgeSeconds.set(maxAgeMs / 1000);
  metrics.heartbeatSeconds.set(heartbeatMs / 1000);
  metrics.bufferedBytes.set(pipeline.bufferedBytes());
  metrics.paused.set(pipeline.pausedForMemory ? 1 : 0);
  const offset = store.clockOffset();
  if (offset !== null) metrics.clockOffsetSeconds.set(offset.offsetMs / 1000);
}
