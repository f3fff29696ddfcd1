// Which chain does `--topic T --partition P` mean?
import type { Command } from 'commander';
import type { Config } from '../../config/archiver.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { UsageError } from './exit-code.ts';
import { type Archive, count } from './open-archive.ts';

export type ChainOptions = { readonly topic: string; readonly partition: number };

export const withChain = (command: Command): Command =>
  command
    .requiredOption('--topic <topic>', 'topic, or chain where that has another name')
    .requiredOption('--partition <number>', 'partition', count);

/**
 * A chain is named after its topic unless the configuration says otherwise. Without a configuration T is the
 * chain.
 */
function chainOf(config: Config | null, { topic, partition }: ChainOptions): string {
  const configured = config?.source.topics.find(({ name }) => name === topic);
  return configured?.partitions[partition]?.chain ?? configured?.chain ?? topic;
}

export function openChain(archive: Archive, options: ChainOptions, signal: AbortSignal): ChainReader {
  const chain = chainOf(archive.config, options);
  if (!isChainName(chain)) {
    throw new UsageError(
      `${JSON.stringify(options.topic)} is not a topic`,
      'Topics have 1 to 249 of A-Z a-z 0-9 . _ - and are not . or ..',
    );
  }
  if (!isPartition(options.partition)) {
    throw new UsageError(
      `${options.partition} is not a partition`,
      'Partitions are numbered from 0 to 2147483647.',
    );
  }
  const { store, trusted } = archive;
  return new ChainReader({ store, chain, partition: options.partition, trusted, signal });
}
