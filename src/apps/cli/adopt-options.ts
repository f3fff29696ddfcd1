// What may be asked of `ledgerstone adopt`?
import type { AdoptionWords } from '../../archiver/chain/adopt.ts';
import type { Config } from '../../config/archiver.ts';
import { topicNamed, topicsText } from '../../config/topic-names.ts';
import { isWord } from '../../format/scalar.ts';
import { UsageError } from './exit-code.ts';
import type { OlderOptions } from './older-option.ts';

export type AdoptOptions = OlderOptions & {
  readonly key?: readonly string[];
  readonly config: string;
  readonly by: string;
  readonly reason: string;
  readonly topic?: readonly string[];
  readonly olderChain?: string;
  readonly startFrom?: NonNullable<AdoptionWords['startFrom']>;
  readonly region?: string;
  readonly endpoint?: string;
  readonly asItIs?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

const REASON_BYTES_MAX = 512;

/** Throws UsageError. */
export function requireOptions(
  config: Config,
  { topic = [], olderChain, reason, key = [] }: AdoptOptions,
): void {
  for (const one of topic)
    if (topicNamed(config.source, one) === null)
      throw new UsageError(`the configuration has no topic ${one}`, `It has ${topicsText(config.source)}.`);
  if (olderChain !== undefined && topic.length !== 1)
    throw new UsageError('--older-chain is the name of one chain', 'Give one --topic with it.');
  if (!isWord(reason, REASON_BYTES_MAX))
    throw new UsageError(
      `--reason must be 1 to ${REASON_BYTES_MAX} bytes of text without control characters`,
    );
  if (key.length === 0)
    throw new UsageError('the older archive has no key', 'Give --key: what its owner pinned for it.');
}
