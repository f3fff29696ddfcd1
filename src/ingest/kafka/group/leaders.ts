// Did the cluster change below our partitions? Looks at every answer to a metadata request.
import type { TopicPartition } from '../../source.ts';
import { errorText } from '../protocol/error-codes.ts';
import type { ClusterMetadata } from '../protocol/metadata-api.ts';

type Seen = { readonly topicId: string | null; readonly leader: number; readonly leaderEpoch: number };

/**
 * Of these topics, those of which no partition can be read: missing, not shown, or failed in whatever way. A
 * group assigns nothing of them, and nobody would notice.
 */
export const absentTopics = ({ topicMetadata }: ClusterMetadata, topics: readonly string[]): string[] =>
  topicMetadata
    .filter(({ topicErrorCode, partitionMetadata }) => topicErrorCode !== 0 || partitionMetadata.length === 0)
    .map(({ topic }) => topic)
    .filter((topic) => topics.includes(topic))
    .sort();

/**
 * How many partitions each of these topics has, if it is there; `before`: of those that the answer does not
 * speak of. The same map if nothing changed.
 */
export function partitionCounts(
  { topicMetadata }: ClusterMetadata,
  topics: readonly string[],
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const counts = new Map(before);
  for (const { topic, topicErrorCode, partitionMetadata } of topicMetadata) {
    if (!topics.includes(topic)) continue;
    if (topicErrorCode === 0) counts.set(topic, partitionMetadata.length);
    else counts.delete(topic);
  }
  const isSame = counts.size === before.size && [...counts].every(([topic, n]) => before.get(topic) === n);
  return isSame ? before : counts;
}

export class Leaders {
  readonly #suspect: (reason: string) => void;
  readonly #partitions = new Map<string, Seen>();
  readonly #missing = new Set<string>();

  constructor(suspect: (reason: string) => void) {
    this.#suspect = suspect;
  }

  hasLeader(topic: string, partition: number): boolean {
    return (this.#partitions.get(`${partition}/${topic}`)?.leader ?? -1) >= 0;
  }

  leads(nodeId: number | null, { topic, partition }: TopicPartition): boolean {
    return nodeId !== null && this.#partitions.get(`${partition}/${topic}`)?.leader === nodeId;
  }

  /** Reports a topic that went or came back, a changed topic id, and a changed leader of a partition. */
  observe({ topicMetadata }: ClusterMetadata): void {
    for (const { topic, topicId = null, topicErrorCode, partitionMetadata } of topicMetadata) {
      this.#presence(topic, topicErrorCode);
      for (const { partitionId, leader, leaderEpoch = -1 } of partitionMetadata) {
        const key = `${partitionId}/${topic}`;
        const before = this.#partitions.get(key);
        // From a broker that is behind.
        if (before !== undefined && before.topicId === topicId && leaderEpoch < before.leaderEpoch) continue;
        this.#partitions.set(key, { topicId, leader, leaderEpoch });
        if (before === undefined) continue;
        const where = `${topic}/${partitionId}`;
        if (before.topicId !== topicId)
          this.#suspect(`${where}: topic id ${topicId}, it was ${before.topicId}`);
        else if (before.leader !== leader)
          this.#suspect(`${where}: led by ${leader}, it was ${before.leader}`);
        else if (before.leaderEpoch !== leaderEpoch) {
          this.#suspect(`${where}: leader epoch ${leaderEpoch}, it was ${before.leaderEpoch}`);
        }
      }
    }
  }

  #presence(topic: string, errorCode: number): void {
    if (errorCode === 0) {
      if (this.#missing.delete(topic)) this.#suspect(`topic ${topic} is there again`);
      return;
    }
    for (const [key, seen] of this.#partitions) {
      if (key.endsWith(`/${topic}`)) this.#partitions.set(key, { ...seen, leader: -1 });
    }
    if (this.#missing.has(topic)) return;
    this.#missing.add(topic);
    this.#suspect(`topic ${topic}: ${errorText(errorCode)}`);
  }
}
