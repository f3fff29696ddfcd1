// How is a topic archived, as the configuration says?
import type { TopicFields } from './topic-fields.ts';

/** An operator's recorded handover from an older chain that can't go on (FORMAT.md, `continues`). */
export type ContinuesConfig = {
  /** Name of the older chain, same partition. */
  readonly chain: string;
  readonly reason: string;
  readonly by: string;
  /** `next`: the older chain's next offset. Absent: `next` if the topic is the same one, else `earliest`. */
  readonly startFrom?: 'next' | 'earliest' | { readonly offset: number };
};

export type StartFrom =
  | 'earliest'
  | 'latest'
  | { /** RFC 3339. */ readonly time: string; readonly timeMs: number };

export type TopicConfig = {
  readonly name: string;
  /** The chain's name; the topic's unless stated. */
  readonly chain: string;
  /** Partitions that are archived in another chain than the topic's. */
  readonly partitions: Readonly<
    Record<number, { readonly chain: string; readonly continues?: ContinuesConfig }>
  >;
  /** Name of a policy in `retention`. */
  readonly retention: string;
  readonly startFrom: StartFrom;
  readonly continues?: ContinuesConfig;
  /** The topic may be one that Kafka compacts. */
  readonly compacted?: 'accept';
  /** Places in its events by short name. */
  readonly fields?: TopicFields;
};

/** All topics that a pattern matches and that no entry names. */
export type TopicPattern = Pick<TopicConfig, 'retention' | 'startFrom' | 'compacted' | 'fields'> & {
  /** A regular expression that begins with ^. Names have at most 249 characters, which bounds its work. */
  readonly pattern: string;
  readonly except: readonly string[];
};
