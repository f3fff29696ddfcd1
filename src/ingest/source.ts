// What must a source of records be able to do? The narrow port above kafkajs, a file and the in-memory broker.
import type { KafkaRecord } from '../format/record.ts';

export type TopicPartition = { readonly topic: string; readonly partition: number };

/** Offsets that were *seen* in the raw response and carry no record for us: the only evidence for a `transaction` gap. */
export type SeenOffsets = {
  readonly first: number;
  readonly last: number;
  readonly kind: 'control' | 'aborted';
};

/** What one fetch brought for one partition. Nothing in it was checked for continuity: that is the gate's work. */
export type Fetched = TopicPartition & {
  /** In offset order. */
  readonly records: readonly KafkaRecord[];
  /** In offset order, disjoint from the records. */
  readonly seen: readonly SeenOffsets[];
  /** The broker's high watermark: one past the last replicated offset. */
  readonly highWatermark: number;
  /**
   * The offset after these that the source holds but can't carry (a line beyond the limit, an offset beyond 2^53 − 2).
   * Nothing of this fetch lies beyond it, and nothing more comes until a seek past it: that takes an operator's word.
   * `last`: the offsets up to here share its fate, for they lie in one batch that can't be opened. Absent: only `offset`.
   */
  readonly undecodable?: { readonly offset: number; readonly last?: number; readonly reason: string };
};

export type LogRange = { readonly low: number; readonly high: number };

/**
 * Called by the source. `onAssign` and `onRevoke` are synchronous and run before any record of the new generation is
 * delivered; every partition of `onAssign` is paused until `resume`. `onAssign` lists *all* partitions owned now.
 * `onFetched` returns within milliseconds and never throws; after `pause` one more late call may still come.
 */
export interface SourceListener {
  onAssign(owned: readonly TopicPartition[]): void;
  /** The assignment ended (rebalance, stop, crash, disconnect): nothing that arrives until the next onAssign is ours. */
  onRevoke(): void;
  onFetched(fetched: Fetched): void;
  /**
   * Asked before what a fetch brought is delivered: null, or a promise that resolves, within 250 ms, once what was delivered
   * before has been worked off. Nothing is dropped meanwhile, as it is by `pause`; so one answer waits, and the next is not
   * asked for.
   */
  ready?(): Promise<void> | null;
  /** Something that can't be cured here: the process must end so that its supervisor starts it again. */
  onFatal(error: Error): void;
  /** A metadata or leader error happened: anchors must be confirmed again before anything more is signed. */
  onDoubt(reason: string): void;
  /**
   * The log does not hold the offset that would be read next: it expired, or the log was cut off or replaced. Nothing moves
   * and nothing more comes until a seek: the partition has to find its place again, by `logRange`.
   */
  onOutOfRange?(partition: TopicPartition, offset: number): void;
  /** Topics that were asked for and that the brokers do not have, or do not show to this principal: all of them, at each change. */
  onMissing?(topics: readonly string[]): void;
  /** File sources: nothing more will ever come for this partition; `nextOffset` is one past its last record. */
  onEnd(partition: TopicPartition, nextOffset: number): void;
}

export type CommitHint = { readonly nextOffset: number; readonly metadata: string };

export interface Source {
  readonly kind: 'kafka' | 'file';
  start(listener: SourceListener): Promise<void>;
  /** The identity that goes into manifests. Throws retriable when the broker can't say. */
  describe(partition: TopicPartition): Promise<{ readonly cluster: string; readonly topicId: string | null }>;
  /** All partitions that the topic has now, owned by whomever. Throws retriable. */
  partitions(topic: string): Promise<readonly number[]>;
  /** Positions the partition: the next record delivered after `resume` is the first at or after `offset`. Literal offsets only. */
  seek(partition: TopicPartition, offset: number): void;
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** Low and high marks of the log, from the partition's leader. Throws retriable. */
  logRange(partition: TopicPartition): Promise<LogRange>;
  /** The records from `offset` on, at least one if there is any below the high mark; a read apart from the consumer's own. For anchors. */
  readAt(partition: TopicPartition, offset: number, signal?: AbortSignal): Promise<Fetched>;
  /** First offset whose timestamp is at or after `timestampMs`; null when none. */
  offsetAtTime(partition: TopicPartition, timestampMs: number): Promise<number | null>;
  committed(partition: TopicPartition): Promise<CommitHint | null>;
  /** Only ever a hint; failures are logged by the caller and forgotten. Resolves false when the group would not take it. */
  commitHint(partition: TopicPartition, hint: CommitHint): Promise<boolean>;
  /** Stops fetching and leaves the group; later calls of the listener don't come. Bounded in time. */
  close(): Promise<void>;
}
