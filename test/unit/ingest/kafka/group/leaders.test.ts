// Which changes of the cluster make anchors suspect?
import { describe, expect, it } from 'vitest';
import { absentTopics, Leaders, partitionCounts } from '../../../../../src/ingest/kafka/group/leaders.ts';
import type { ClusterMetadata } from '../../../../../src/ingest/kafka/protocol/metadata-api.ts';

type Change = {
  topicId?: string | null;
  leader?: number;
  leaderEpoch?: number;
  topicErrorCode?: number;
  partitions?: number;
};

function metadata({
  topicId = 'A',
  leader = 1,
  leaderEpoch = 5,
  topicErrorCode = 0,
  partitions = 1,
}: Change): ClusterMetadata {
  const partition = (partitionId: number) => ({
    partitionErrorCode: 0,
    partitionId,
    leader,
    leaderEpoch,
    replicas: [],
    isr: [],
    offlineReplicas: [],
  });
  const partitionMetadata =
    topicErrorCode === 0 ? Array.from({ length: partitions }, (_, i) => partition(i)) : [];
  return {
    clientSideThrottleTime: 0,
    brokers: [],
    clusterId: 'c',
    controllerId: 1,
    topicMetadata: [{ topicErrorCode, topic: 't', topicId, isInternal: false, partitionMetadata }],
  };
}

function suspicionsOf(...changes: Change[]): string[] {
  const suspicions: string[] = [];
  const leaders = new Leaders((reason) => suspicions.push(reason));
  for (const change of changes) leaders.observe(metadata(change));
  return suspicions;
}

describe('Leaders', () => {
  it.each([
    ['the first sight', [{}], []],
    ['nothing', [{}, {}, {}], []],
    [
      'another leader',
      [{}, { leader: 2, leaderEpoch: 6 }, { leader: 2, leaderEpoch: 6 }],
      ['t/0: led by 2, it was 1'],
    ],
    ['no leader', [{}, { leader: -1 }], ['t/0: led by -1, it was 1']],
    ['elected again', [{}, { leaderEpoch: 6 }], ['t/0: leader epoch 6, it was 5']],
    ['old news', [{}, { leader: 3, leaderEpoch: 4 }], []],
    ['another topic of this name', [{}, { topicId: 'B', leaderEpoch: 0 }], ['t/0: topic id B, it was A']],
    ['a new partition', [{}, { partitions: 2 }], []],
  ] as const)('%s', (_, changes, suspicions) => expect(suspicionsOf(...changes)).toEqual(suspicions));

  it('a topic that goes and comes back', () => {
    const gone = { topicErrorCode: 3 };
    expect(suspicionsOf({}, gone, gone, { topicId: 'B', leaderEpoch: 0 })).toEqual([
      expect.stringContaining('topic t: the broker has no such partition'),
      'topic t is there again',
      't/0: topic id B, it was A',
    ]);
  });

  it('knows which partition has a leader', () => {
    const leaders = new Leaders(() => {});
    expect(leaders.hasLeader('t', 0)).toBe(false);
    leaders.observe(metadata({}));
    expect([leaders.hasLeader('t', 0), leaders.hasLeader('t', 1)]).toEqual([true, false]);
    leaders.observe(metadata({ topicErrorCode: 3 }));
    expect(leaders.hasLeader('t', 0)).toBe(false);
    leaders.observe(metadata({ leader: -1 }));
    expect(leaders.hasLeader('t', 0)).toBe(false);
  });
});

describe('a topic is absent', () => {
  // The group assigns nothing of it, so nothing else of the archiver ever speaks of it.
  it.each([3, 29, -1, 5, 100, 999])('by error %i, known or not', (topicErrorCode) => {
    expect(absentTopics(metadata({ topicErrorCode }), ['t'])).toEqual(['t']);
    expect(absentTopics(metadata({ topicErrorCode }), ['other'])).toEqual([]);
  });

  it('without a partition, and not with one', () => {
    expect(absentTopics(metadata({ partitions: 0 }), ['t'])).toEqual(['t']);
    expect(absentTopics(metadata({}), ['t'])).toEqual([]);
  });
});

describe('how many partitions the topics have', () => {
  const none = new Map<string, number>();

  it('is known of topics that are there and asked for', () => {
    expect(partitionCounts(metadata({ partitions: 6 }), ['t'], none)).toEqual(new Map([['t', 6]]));
    expect(partitionCounts(metadata({ partitions: 6 }), ['other'], none)).toBe(none);
    const before = new Map([['t', 6]]);
    expect(partitionCounts(metadata({ partitions: 6 }), ['t'], before)).toBe(before);
    expect(partitionCounts(metadata({ partitions: 7 }), ['t'], before)).toEqual(new Map([['t', 7]]));
  });

  it('stays known of a topic that an answer does not speak of, and not of one that is gone', () => {
    const before = new Map([
      ['t', 6],
      ['u', 2],
    ]);
    expect(partitionCounts(metadata({ topicErrorCode: 3 }), ['t', 'u'], before)).toEqual(new Map([['u', 2]]));
  });
});
