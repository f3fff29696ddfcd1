// Which store, signer and source does the configuration name?
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../base/log.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { Config, SigningConfig, StoreConfig } from '../config/archiver.ts';
import { parseVkey, type VerifierKey, verifierKey } from '../format/vkey.ts';
import type { Source } from '../ingest/source.ts';
import type { Signer } from '../sign/signer.ts';
import type { Store } from '../store/store.ts';

// The clients are loaded when they are named: a command on a directory starts without the S3 client's half second.

export async function openStore(config: StoreConfig): Promise<Store> {
  if (config.kind === 's3') return (await import('../store/s3.ts')).s3Store(config);
  return (await import('../store/directory.ts')).directoryStore({ path: config.path, create: true });
}

/** Refuses a bucket in which nothing would be locked, before anything is written to it. */
export async function requireFitStore(config: StoreConfig, signal?: AbortSignal): Promise<void> {
  if (config.kind === 's3') await (await import('../store/preflight.ts')).requireFitBucket(config, signal);
}

export async function openSigner(config: SigningConfig, log?: Logger): Promise<Signer> {
  if (config.kind === 'kms') return (await import('../sign/kms.ts')).kmsSigner(config);
  const { localSigner } = await import('../sign/local.ts');
  const onWarning = (message: string) => log?.warn({}, message);
  return localSigner({ keyFile: config.keyFile, ...(log === undefined ? {} : { onWarning }) });
}

/** The archive's own keys and those that the configuration trusts beside them, all named with the archive's origin. */
export const trustedKeys = (config: Config, signers: readonly Signer[]): VerifierKey[] => [
  ...signers.map((signer) => verifierKey(config.archive.origin, signer.publicKey, nodeSha256)),
  ...config.archive.trusted.map((text) => parseVkey(text, nodeSha256)),
];

export async function openSource(config: Config, log: Logger): Promise<Source> {
  const { archive, source, limits } = config;
  if (source.kind === 'kafka') {
    const { kafkaSource } = await import('../ingest/kafka/source.ts');
    return kafkaSource({ ...source, archive: archive.origin, recordBytesMax: limits.recordBytes, log });
  }
  const { fileSource } = await import('../ingest/file.ts');
  return fileSource({ path: source.path, topic: source.topics[0].name, recordBytesMax: limits.recordBytes });
}

/** Tells apart the processes that wrote an archive; nothing is decided by it. */
export const newInstanceId = (): string => `${hostname().slice(0, 40)}-${randomBytes(3).toString('hex')}`;
