// Which leader epoch did any broker name last? One whose own is older lost its office, or has not heard the news.
import type { ClusterMetadata } from '../protocol/metadata-api.ts';

export class LeaderEpochs {
  readonly #newest = new Map<string, number>();

  observe({ topicMetadata }: ClusterMetadata): void {
    for (const { topicId = null, partitionMetadata } of topicMetadata) {
      // By a name alone, a topic that was created again would be taken for one whose leaders are all behind.
      if (topicId === null) continue;
      for (const { partitionId, leaderEpoch = -1 } of partitionMetadata) {
        const newest = Math.max(leaderEpoch, this.of(topicId, partitionId));
        this.#newest.set(`${partitionId}/${topicId}`, newest);
      }
    }
  }

  /** −1: unknown. */
  of(topicId: string | null, partition: number): number {
    return this.#newest.get(`${partition}/${topicId}`) ?? -1;
  }
}
