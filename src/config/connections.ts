// Where are the store, the key and the brokers that a configuration names? Both files have them.
import type { z } from 'zod';
import type { Period } from '../base/period.ts';
import type { cluster, signing, store } from './connections-schema.ts';

/** How objects are locked. `text` is the period as written, for people. */
export type RetentionPolicy = {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly period: Period;
  readonly text: string;
};

/** What is said of a policy beside what is enforced. */
export type PolicyReasons = {
  /** A duty that it has to keep: at least so many calendar months. */
  readonly requires?: { readonly months: number; readonly duty: string };
  readonly owner?: string;
  readonly basis?: string;
};

export type S3StoreConfig = {
  readonly kind: 's3';
  readonly bucket: string;
  readonly region: string;
  /** '' or ends with '/'. */
  readonly prefix: string;
  /** For S3-compatible servers. Buckets are then addressed by path. */
  readonly endpoint?: string;
  /** Default: true with an endpoint, else false. */
  readonly forcePathStyle?: boolean;
  /** Absolute path of a PEM file: the authorities to trust, in place of Node's. */
  readonly caFile?: string;
  /** 12 digits. Requests fail if another account owns the bucket. */
  readonly expectedBucketOwner?: string;
  /** Whose credentials, by the SDK's configuration files. Only the command line names one. */
  readonly profile?: string;
};
type DirectoryStoreConfig = { readonly kind: 'directory' /** Absolute. */; readonly path: string };
export type StoreConfig = S3StoreConfig | DirectoryStoreConfig;

export type KmsSigningConfig = {
  readonly kind: 'kms';
  /** Key ARN or key id; never an alias, which can be pointed elsewhere. */
  readonly keyId: string;
  /** If it is not configured: the ARN's Region, else the store's. */
  readonly region: string;
  readonly endpoint?: string;
};
type LocalSigningConfig = {
  readonly kind: 'local' /** Absolute path of a PEM private key. */;
  readonly keyFile: string;
};
export type SigningConfig = KmsSigningConfig | LocalSigningConfig;

export type TlsConfig = {
  /** Absolute paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
};

export type SaslConfig =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'aws-msk-iam'; readonly region: string };

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** The object without members that are undefined: an optional member is absent. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };
export const present = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;

export function storeOf(given: z.output<typeof store>, resolvePath: (path: string) => string): StoreConfig {
  if (given.kind === 'directory') return { kind: 'directory', path: resolvePath(given.path) };
  const prefix = given.prefix === '' || given.prefix.endsWith('/') ? given.prefix : `${given.prefix}/`;
  const { pathStyle: forcePathStyle, caFile, ...same } = given;
  const file = caFile === undefined ? undefined : resolvePath(caFile);
  return present({ ...same, prefix, forcePathStyle, caFile: file }) as StoreConfig;
}

export function signingOf(
  given: z.output<typeof signing>,
  store: StoreConfig,
  resolvePath: (path: string) => string,
): SigningConfig {
  if (given.kind === 'local') return { kind: 'local', keyFile: resolvePath(given.keyFile) };
  const fromArn = given.keyId.startsWith('arn:') ? given.keyId.split(':')[3] : undefined;
  const region = given.region ?? fromArn ?? (store.kind === 's3' ? store.region : '');
  return present({ ...given, region }) as SigningConfig;
}

export const brokersOf = (given: string | readonly string[]): readonly string[] =>
  typeof given === 'string' ? given.split(',') : given;

export function tlsOf(
  tls: z.output<typeof cluster.tls>,
  resolvePath: (path: string) => string,
): false | TlsConfig {
  if (typeof tls === 'boolean') return tls ? {} : false;
  const file = (path: string | undefined) => (path === undefined ? undefined : resolvePath(path));
  return present({
    caFile: file(tls.caFile),
    certFile: file(tls.certFile),
    keyFile: file(tls.keyFile),
    serverName: tls.serverName,
  }) as TlsConfig;
}
