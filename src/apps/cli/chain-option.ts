// Which chain does `--topic T --partition P` mean?
import type { Command } from 'commander';
import type { Config } from '../../config/archiver.ts';
import { topicNamed } from '../../config/topic-names.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { UsageError } from './exit-code.ts';
import { type Archive, count } from './open-archive.ts';

export type ChainOptions = { readonly topic: string; readonly partition: number };

const TOPIC = 'topic, or chain where that has another name';

export const withChain = (command: Command): Command =>
  command.requiredOption('--topic <topic>', TOPIC).requiredOption('--partition <number>', 'partition', count);

export type MaybeChainOptions = { readonly topic?: string; readonly partition?: number };

/** For commands that read every chain unless one is named. */
export const withMaybeChain = (command: Command): Command =>
  command
    .option('--topic <topic>', `only this chain, with --partition: ${TOPIC}`)
    .option('--partition <number>', 'its partition', count);

/** Null: no chain was named. Throws UsageError for half of a name. */
export function namedChain({ topic, partition }: MaybeChainOptions): ChainOptions | null {
  if (topic === undefined && partition === undefined) return null;
  if (topic !== undefined && partition !== undefined) return { topic, partition };
  const [given, missing] = topic === undefined ? ['--partition', '--topic'] : ['--topic', '--partition'];
  throw new UsageError(`${given} without ${missing}`, 'Give both for one chain, or neither for all of them.');
}

/**
 * A chain is named after its topic unless the configuration says otherwise. Without a configuration T is the
 * chain.
 */
export function chainOf(config: Config | null, { topic, partition }: ChainOptions): string {
  const configured = config === null ? null : topicNamed(config.source, topic);
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
