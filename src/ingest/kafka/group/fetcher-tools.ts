// What does a fetcher need of the group, the cluster and the pipeline?
import type { SourceListener } from '../../source.ts';
import type { Decoder } from '../decoder.ts';
import type { KafkajsBroker } from '../kafkajs/kafkajs.ts';
import type { FetchAnswer, FetchPartition } from '../protocol/fetch-api.ts';
import type { DecodeLimits } from '../protocol/record-set.ts';
import type { Assignment } from './assignment.ts';

export type FetcherTools = {
  readonly assignment: () => Assignment | null;
  readonly listener: SourceListener;
  readonly waitMs: number;
  readonly decoder: Decoder;
  readonly limits: DecodeLimits;
  readonly now: () => number;
  /** `shares`: how many full shares of a partition an answer may hold. Null: as many as ever. */
  readonly fetch: (
    broker: KafkajsBroker,
    partitions: readonly FetchPartition[],
    shares: number | null,
  ) => Promise<FetchAnswer>;
  /** −1: unknown. */
  readonly leaderEpoch: (topicId: string | null, partition: number) => number;
  readonly refreshMetadata: () => Promise<void>;
  /**
   * Keeps the membership alive while an answer is handed over. False: the group waits for us, so return soon.
   */
  readonly keepalive: () => boolean;
  readonly suspect: (reason: string) => void;
  readonly fatal: (error: unknown) => void;
};
