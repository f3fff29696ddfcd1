// Which archive does the command line name, which keys does it trust, and how is it opened?
import { type Command, InvalidArgumentError } from 'commander';
import { LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { openForReading, openSigner, trustedKeys } from '../../clients/open.ts';
import { storeFromName } from '../../clients/store-from-name.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { ReadableStore } from '../../store/store.ts';
import { UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';

export type ArchiveOptions = {
  readonly config?: string;
  readonly key?: readonly string[];
  readonly region?: string;
  readonly endpoint?: string;
};

/** An opened archive. Close the store at the end. */
export type Archive = {
  readonly store: ReadableStore;
  readonly trusted: readonly VerifierKey[];
  /** Null if no configuration file named the archive. */
  readonly config: Config | null;
};

/** For options that may be given more than once. */
export const repeatable = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** `[archive]` and the options that say which archive is meant and who is trusted. */
/** `config`: what the file is and names. */
export function withArchive(
  command: Command,
  config = 'ledgerstone.yaml: names the archive and the trusted keys',
): Command {
  return command
    .argument('[archive]', 's3://bucket/prefix, or a directory')
    .option('--config <file>', config)
    .option('--key <key>', 'trusted verifier key, or a file of them; repeatable', repeatable)
    .option('--region <region>', 'of the bucket; default AWS_REGION')
    .option('--endpoint <url>', 'S3-compatible server; default AWS_ENDPOINT_URL_S3 or _URL');
}

/** Numbers on the command line: digits only, exact. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  }
  return value;
}

/** An offset that a record can have. */
export const offsetOption = (text: string): number => atMost(LIMITS.offsetMax - 1, 'offset', text);
/** A segment's number in its chain. */
export const sequenceOption = (text: string): number => atMost(LIMITS.sequenceMax, 'segment', text);

function atMost(most: number, what: string, text: string): number {
  const value = count(text);
  if (value <= most) return value;
  throw new InvalidArgumentError(`No ${what} can have it: the greatest is ${most}.`);
}

export async function openArchive(
  name: string | undefined,
  options: ArchiveOptions,
  env: NodeJS.ProcessEnv,
): Promise<Archive> {
  const given = await readTrustedKeys(options.key ?? []);
  if (options.config === undefined) {
    if (name === undefined) {
      throw new UsageError('no archive named', 'Give s3://bucket/prefix or a directory, or --config FILE.');
    }
    return { store: await openArchiveStore(storeFromName(name, options, env)), trusted: given, config: null };
  }
  if (name !== undefined) {
    throw new UsageError(`both ${name} and --config name an archive`, 'Give one of the two.');
  }
  const config = await loadConfig(options.config, env);
  const trusted = given.length > 0 ? given : await configuredKeys(config);
  return { store: await openArchiveStore(config.archive.store), trusted, config };
}

/** For reading. A directory that is not there was named wrongly. */
export async function openArchiveStore(config: StoreConfig): Promise<ReadableStore> {
  try {
    return await openForReading(config);
  } catch (error) {
    if (!(error instanceof LedgerstoneError) || error.code !== 'no-archive') throw error;
    throw new UsageError(error.message, 'Give s3://bucket/prefix or an existing directory.');
  }
}

/** The key that signs now, and the older ones that the configuration trusts. */
export async function configuredKeys(config: Config): Promise<VerifierKey[]> {
  return trustedKeys(config, [await openSigner(config.archive.signing)]);
}
