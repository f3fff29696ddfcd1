// Which leader epoch is the newest that any broker named? A broker with an older one was deposed or is
// behind.
import type { ClusterMetadata } from '../protocol/metadata-api.ts';

export class LeaderEpochs {
  readonly #newest = new Map<string, number>();

  observe({ topicMetadata }: ClusterMetadata): void {
    for (const { topicId = null, partitionMetadata } of topicMetadata) {
      // By name alone, the leaders of a recreated topic would all look as if they were behind.
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
