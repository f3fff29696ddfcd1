// What must a source of records do? The port of Kafka, of files and of the tests' in-memory broker.
import type { KafkaRecord } from '../format/record.ts';
import type { Records } from './item.ts';

export type TopicPartition = { readonly topic: string; readonly partition: number };

/**
 * Offsets *seen* in the raw response without a committed record: the only evidence for a `transaction` gap.
 */
export type SeenOffsets = {
  readonly first: number;
  readonly last: number;
  readonly kind: 'control' | 'aborted';
};

/** One partition's share of one fetch. Continuity isn't checked yet: the gate does that. */
export type Fetched = TopicPartition & {
  /** In offset order. */
  readonly records: readonly KafkaRecord[];
  /** In offset order, disjoint from the records. */
  readonly seen: readonly SeenOffsets[];
  /**
   * The broker's high watermark, one past the last replicated offset, at some time before it read the
   * records: it may lie below them.
   */
  readonly highWatermark: number;
  /**
   * The first offset after these that the source holds but can't carry (a line beyond the limit, an offset
   * beyond 2^53 − 2). This fetch ends before it, and no more comes until a seek past it, which needs an
   * operator's decision.
   * `last`: end of the range that can't be carried, when a whole batch can't be opened. Absent: only
   * `offset`. `tooLarge`: it is a record of so many bytes, as the source counts them, or headers. `remedy`:
   * what makes the source carry it, where that is better than a decision.
   */
  readonly undecodable?: {
    readonly offset: number;
    readonly last?: number;
    readonly reason: string;
    readonly tooLarge?: { readonly bytes: number } | { readonly headers: number };
    readonly remedy?: string;
  };
};

/** The same, as the archiver gets it: a decoder may keep the records themselves on a thread of its own. */
export type Delivered = Omit<Fetched, 'records'> & { readonly records: Records };

export type LogRange = { readonly low: number; readonly high: number };

/** All that a source reports on its own account. Nothing else calls from a source into the archiver. */
export interface SourceListener {
  /**
   * A generation begins: these are *all* partitions owned now, each paused until `resume`. Returns before any
   * record of the generation is delivered.
   */
  onAssign(owned: readonly TopicPartition[]): void;
  /** The generation ended (rebalance, stop, crash, disconnect): nothing is ours until the next onAssign. */
  onRevoke(): void;
  /**
   * A fetch brought this. Returns within milliseconds, never throws. One late call may follow a `pause`. What
   * is wanted of records that a decoder keeps has to be asked for before it returns.
   */
  onFetched(fetched: Delivered): void;
  /**
   * Asked before a fetch is delivered. Null: deliver now. A promise: deliver once it resolves (within 250
   * ms), because what was delivered before is still being worked off. Unlike `pause` this drops nothing: one
   * answer waits, and no further one is requested.
   */
  ready?(): Promise<void> | null;
  /** An error that can't be cured here: the process must end so that its supervisor starts it again. */
  onFatal(error: Error): void;
  /** Metadata or a leader changed or failed: revalidate the log anchors before anything more is signed. */
  onSuspect(reason: string): void;
  /**
   * The log doesn't hold the offset to read next: it expired, or the log was truncated or replaced. The
   * partition stands still until a seek; find its position again by `logRange`.
   */
  onOutOfRange?(partition: TopicPartition, offset: number): void;
  /** Requested topics that don't exist or are hidden from this principal: the whole list, at each change. */
  onMissing?(topics: readonly string[]): void;
  /**
   * Topics that no configuration names and that are read from now on, since the source's options want them.
   * Called once before the first `onAssign`, perhaps with none, and then whenever there are more.
   */
  onTaken?(topics: readonly string[]): void;
  /** How many partitions each topic that is there has: all of them, at each change. */
  onTopics?(partitions: ReadonlyMap<string, number>): void;
  /** File sources: this partition is complete; `nextOffset` is one past its last record. */
  onEnd(partition: TopicPartition, nextOffset: number): void;
}

export type CommitHint = { readonly nextOffset: number; readonly metadata: string };

export interface Source {
  readonly kind: 'kafka' | 'file';
  start(listener: SourceListener): Promise<void>;
  /** The identity that goes into manifests. Throws retriable when the broker doesn't report it. */
  describe(partition: TopicPartition): Promise<{ readonly cluster: string; readonly topicId: string | null }>;
  /** All partitions of the topic now, whichever member owns them. Throws retriable. */
  partitions(topic: string): Promise<readonly number[]>;
  /** The next record delivered after `resume` is the first at or after `offset`. Literal offsets only. */
  seek(partition: TopicPartition, offset: number): void;
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** Low and high marks of the log, from the partition's leader. Throws retriable. */
  logRange(partition: TopicPartition): Promise<LogRange>;
  /**
   * Records from `offset` on, at least one if any lies below the high mark. Apart from the group's fetches;
   * for log anchors.
   */
  readAt(partition: TopicPartition, offset: number, signal?: AbortSignal): Promise<Fetched>;
  /** First offset with a timestamp at or after `timestampMs`; null: none. */
  offsetAtTime(partition: TopicPartition, timestampMs: number): Promise<number | null>;
  committed(partition: TopicPartition): Promise<CommitHint | null>;
  /** Only a hint: the caller logs a failure and goes on. False: the group refused it. */
  commitHint(partition: TopicPartition, hint: CommitHint): Promise<boolean>;
  /** Stops fetching, leaves the group and never calls the listener again. Bounded in time. */
  close(): Promise<void>;
}
