// Which leader of a partition is the newest that any broker named?
import { describe, expect, it } from 'vitest';
import { LeaderEpochs } from '../../../../../src/ingest/kafka/group/epochs.ts';
import type { ClusterMetadata } from '../../../../../src/ingest/kafka/protocol/metadata-api.ts';

const metadata = (topicId: string | null, ...epochs: (number | undefined)[]): ClusterMetadata => ({
  clientSideThrottleTime: 0,
  brokers: [],
  clusterId: 'c',
  controllerId: 1,
  topicMetadata: [
    {
      ...{ topicErrorCode: 0, topic: 't', topicId, isInternal: false },
      partitionMetadata: epochs.map((leaderEpoch, partitionId) => ({
        ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [], isr: [], offlineReplicas: [] },
        ...(leaderEpoch === undefined ? {} : { leaderEpoch }),
      })),
    },
  ],
});

describe('LeaderEpochs', () => {
  it('knows the newest of each partition, whatever an older broker says later', () => {
    const epochs = new LeaderEpochs();
    expect(epochs.of('A', 0)).toBe(-1);
    epochs.observe(metadata('A', 5, 9));
    epochs.observe(metadata('A', 6, 8));
    expect([epochs.of('A', 0), epochs.of('A', 1), epochs.of('A', 2)]).toEqual([6, 9, -1]);
  });

  it('begins anew with another topic of this name', () => {
    const epochs = new LeaderEpochs();
    epochs.observe(metadata('A', 5));
    epochs.observe(metadata('B', 0));
    expect([epochs.of('A', 0), epochs.of('B', 0)]).toEqual([5, 0]);
  });

  it('knows nothing where a broker tells no ids or no epochs', () => {
    const epochs = new LeaderEpochs();
    epochs.observe(metadata(null, 5));
    epochs.observe(metadata('A', undefined));
    expect([epochs.of(null, 0), epochs.of('A', 0)]).toEqual([-1, -1]);
  });
});
