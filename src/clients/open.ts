// Which store, signer and source does the configuration name?
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemClock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { OnRequest } from '../base/node/requests.ts';
import type { Period } from '../base/period.ts';
import type { Config, KafkaSourceConfig } from '../config/archiver.ts';
import type { SigningConfig, StoreConfig } from '../config/connections.ts';
import { topicNamed } from '../config/topic-names.ts';
import { parseVkey, type VerifierKey, verifierKey } from '../format/vkey.ts';
import type { Decoder } from '../ingest/kafka/decoder.ts';
import type { KafkaSourceOptions } from '../ingest/kafka/options.ts';
import type { Source } from '../ingest/source.ts';
import type { MlDsaSigner, Signer } from '../sign/signer.ts';
import { boundedStore, readerOf } from '../store/bounded.ts';
import type { HoldWriter, ReadableStore, Store } from '../store/store.ts';

// Each client is loaded when it is needed. The S3 client takes half a second, and a directory needs none.

/**
 * Makes a directory that is not there. For the writer of an archive, which sets no lock beyond
 * `greatestLock`, and for the verifier's own store, where all locks have one period (null).
 */
export async function openForWriting(
  config: StoreConfig,
  greatestLock: Period | null,
  onRequest?: OnRequest,
): Promise<Store> {
  const { setHold: _, ...store } = await openStore(config, true, onRequest);
  return greatestLock === null ? store : boundedStore(store, greatestLock, systemClock);
}

/** For officers' commands: with legal holds, and an archive that is there already. */
export async function openForDeciding(config: StoreConfig): Promise<Store & HoldWriter> {
  if (config.kind === 'directory') await requireDirectory(config.path);
  return openStore(config, false);
}

/**
 * For a copy of an archive: a directory is made, legal holds can be put on, and no lock is set beyond
 * `greatestLock`.
 */
export async function openForCopy(config: StoreConfig, greatestLock: Period): Promise<Store & HoldWriter> {
  const store = await openStore(config, true);
  return { ...boundedStore(store, greatestLock, systemClock), setHold: store.setHold };
}

/** Makes nothing: a directory that does not exist is an error. What is returned has no method that writes. */
export async function openForReading(config: StoreConfig, onRequest?: OnRequest): Promise<ReadableStore> {
  if (config.kind === 'directory') await requireDirectory(config.path);
  return readerOf(await openStore(config, false, onRequest));
}

async function openStore(
  config: StoreConfig,
  create: boolean,
  onRequest?: OnRequest,
): Promise<Store & HoldWriter> {
  if (config.kind === 's3') return (await import('../store/s3.ts')).s3Store({ ...config, onRequest });
  return (await import('../store/directory.ts')).directoryStore({ path: config.path, create });
}

async function requireDirectory(path: string): Promise<void> {
  if ((await stat(path).catch(() => null))?.isDirectory() === true) return;
  throw new LedgerstoneError('no-archive', `there is no directory ${path}`, {
    disposition: 'input',
    remedy: 'Correct the path. A command that reads does not create the directory.',
  });
}

/** Refuses a bucket in which nothing would be locked, before anything is written to it. */
export async function requireFitStore(config: StoreConfig, signal?: AbortSignal): Promise<void> {
  if (config.kind === 's3') await (await import('../store/preflight.ts')).requireFitBucket(config, signal);
}

export async function openSigner(
  config: SigningConfig,
  log?: Logger,
  onRequest?: OnRequest,
): Promise<Signer> {
  if (config.kind === 'kms') return (await import('../sign/kms.ts')).kmsSigner({ ...config, onRequest });
  const { localSigner } = await import('../sign/local.ts');
  const onWarning = (message: string) => log?.warn({}, message);
  return localSigner({ keyFile: config.keyFile, ...(log === undefined ? {} : { onWarning }) });
}

/** The same of a verifier's second key, ML-DSA-44. */
export async function openMlDsaSigner(config: SigningConfig, onRequest?: OnRequest): Promise<MlDsaSigner> {
  if (config.kind === 'kms') return (await import('../sign/kms.ts')).kmsMlDsaSigner({ ...config, onRequest });
  return (await import('../sign/local.ts')).localMlDsaSigner({ keyFile: config.keyFile });
}

/** The archive's own keys, and the others that the configuration trusts. All are named with its origin. */
export const trustedKeys = (config: Config, signers: readonly Signer[]): VerifierKey[] => [
  ...signers.map((signer) => verifierKey(config.archive.origin, signer.publicKey, nodeSha256)),
  ...config.archive.trusted.map((text) => parseVkey(text, nodeSha256)),
];

/** What a Kafka source takes by the patterns of the configuration. */
export const takingOf = (source: KafkaSourceConfig): Pick<KafkaSourceOptions, 'takes'> =>
  source.patterns.length === 0 ? {} : { takes: (name) => topicNamed(source, name) };

/** `decoder`: of what is fetched from Kafka; by default the calling thread. */
export async function openSource(config: Config, log: Logger, decoder?: Decoder): Promise<Source> {
  const { archive, source, limits } = config;
  if (source.kind === 'kafka') {
    const { kafkaSource } = await import('../ingest/kafka/source.ts');
    const own = { archive: archive.origin, recordBytesMax: limits.recordBytes, log };
    return kafkaSource({
      ...source,
      ...own,
      ...takingOf(source),
      ...(decoder === undefined ? {} : { decoder }),
    });
  }
  const { fileSource } = await import('../ingest/file.ts');
  const { path, lastLine, topics } = source;
  return fileSource({ path, lastLine, topic: topics[0].name, recordBytesMax: limits.recordBytes });
}

/** Tells apart the processes that wrote an archive; nothing is decided by it. */
export const newInstanceId = (): string => `${hostname().slice(0, 40)}-${randomBytes(3).toString('hex')}`;
