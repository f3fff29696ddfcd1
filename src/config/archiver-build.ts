// How does a checked file become the Config that the program works with?
import { dirname, resolve } from 'node:path';
import type {
  Config,
  ContinuesConfig,
  RetentionPolicy,
  SigningConfig,
  SourceConfig,
  StartFrom,
  StoreConfig,
  TlsConfig,
  TopicConfig,
} from './archiver.ts';
import type { ConfigOutput } from './archiver-schema.ts';
import { durationMs } from './units.ts';

/** An object without the members that are undefined: optional means absent. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const present = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;

/** Relative paths are meant from where the file stands, not from where the command was run. */
export function buildConfig(input: ConfigOutput, fileName: string): Config {
  const resolvePath = (path: string): string => resolve(dirname(fileName), path);
  const store = storeOf(input.archive.store, resolvePath);
  return {
    production: input.production,
    archive: {
      origin: input.archive.origin,
      store,
      signing: signingOf(input.archive.signing, store, resolvePath),
      trusted: input.archive.trusted,
    },
    source: sourceOf(input, resolvePath),
    retention: retentionOf(input),
    allowLongRetention: input.allowLongRetention,
    segment: {
      maxBytes: input.segment.maxBytes,
      maxRecords: input.segment.maxRecords,
      maxAgeMs: input.segment.maxAge,
      heartbeatMs: input.segment.heartbeat,
    },
    limits: {
      recordBytes: input.limits.recordBytes,
      memoryBytes: input.limits.memoryBytes,
      drainMs: input.limits.drain,
      anchorIntervalMs: input.limits.anchorInterval,
    },
    encoding: {
      codec: input.encoding.codec,
      // zstd 3 and gzip 6: what both tools take when nothing is said.
      // On blocks of a MiB zstd's level 3 is half as fast as 1 and no smaller (measured on CloudTrail events).
      level: input.encoding.level ?? (input.encoding.codec === 'zstd' ? 1 : 6),
    },
    server: input.server,
    log: input.log,
  };
}

export function storeOf(
  store: ConfigOutput['archive']['store'],
  resolvePath: (path: string) => string,
): StoreConfig {
  if (store.kind === 'directory') return { kind: 'directory', path: resolvePath(store.path) };
  const prefix = store.prefix === '' || store.prefix.endsWith('/') ? store.prefix : `${store.prefix}/`;
  return present({ ...store, prefix }) as StoreConfig;
}

export function signingOf(
  signing: ConfigOutput['archive']['signing'],
  store: StoreConfig,
  resolvePath: (path: string) => string,
): SigningConfig {
  if (signing.kind === 'local') return { kind: 'local', keyFile: resolvePath(signing.keyFile) };
  const fromArn = signing.keyId.startsWith('arn:') ? signing.keyId.split(':')[3] : undefined;
  const region = signing.region ?? fromArn ?? (store.kind === 's3' ? store.region : '');
  return present({ ...signing, region }) as SigningConfig;
}

type Topic = Extract<ConfigOutput['source'], { kind: 'kafka' }>['topics'][number];

function topicOf(topic: Topic): TopicConfig {
  const partitions: Record<number, { chain: string; continues?: ContinuesConfig }> = {};
  for (const [partition, override] of Object.entries(topic.partitions)) {
    partitions[Number(partition)] = present(override) as { chain: string; continues?: ContinuesConfig };
  }
  const startFrom: StartFrom =
    typeof topic.startFrom === 'string'
      ? topic.startFrom
      : { time: topic.startFrom.time, timeMs: Date.parse(topic.startFrom.time) };
  return present({ ...topic, chain: topic.chain ?? topic.name, partitions, startFrom }) as TopicConfig;
}

function sourceOf(input: ConfigOutput, resolvePath: (path: string) => string): SourceConfig {
  const source = input.source;
  if (source.kind === 'file') {
    const topic = topicOf({ ...source.topic, partitions: {}, startFrom: 'earliest' });
    return { kind: 'file', path: source.path === '-' ? '-' : resolvePath(source.path), topics: [topic] };
  }
  return present({
    ...source,
    brokers: brokersOf(source.brokers),
    tls: tlsOf(source.tls, resolvePath),
    topics: source.topics.map(topicOf),
  }) as SourceConfig;
}

export const brokersOf = (given: string | readonly string[]): readonly string[] =>
  typeof given === 'string' ? given.split(',') : given;

export function tlsOf(
  tls: Extract<ConfigOutput['source'], { kind: 'kafka' }>['tls'],
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

/** Without a `seals` policy of its own the longest of the others holds, in the strictest mode that any has. */
function retentionOf(input: ConfigOutput): Config['retention'] {
  const policies: Record<string, RetentionPolicy> = {};
  for (const [name, { mode, period }] of Object.entries(input.retention)) {
    policies[name] = { mode, periodMs: durationMs(period), text: period };
  }
  const all = Object.values(policies);
  const longest = all.reduce((a, b) => (b.periodMs > a.periodMs ? b : a));
  const mode = all.some((policy) => policy.mode === 'COMPLIANCE') ? 'COMPLIANCE' : 'GOVERNANCE';
  return { ...policies, seals: policies['seals'] ?? { ...longest, mode } };
}
