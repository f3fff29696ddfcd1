// Which chain does the configuration give to a partition of a topic?
import type { Config, TopicConfig } from '../../config/archiver.ts';
import { chainOrigin } from '../../format/chain.ts';
import type { PartitionRoute } from './position.ts';

export type TopicRoute = { readonly topic: TopicConfig; readonly route: PartitionRoute };

export function topicRoute({ archive }: Config, topic: TopicConfig, partition: number): TopicRoute {
  const chain = topic.partitions[partition]?.chain ?? topic.chain;
  const origin = chainOrigin({ archiveOrigin: archive.origin, chain, partition });
  return {
    topic,
    route: {
      partition: { topic: topic.name, partition },
      name: { chainOrigin: origin, chain, partition },
      acceptsCompaction: topic.compacted === 'accept',
    },
  };
}
