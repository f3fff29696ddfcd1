// What did the operator configure? One YAML file, checked completely before anything starts.
import { dirname, resolve } from 'node:path';
import { isAtLeast, type Period } from '../base/period.ts';
import { ruleProblems } from './archiver-rules.ts';
import { type ConfigOutput, configSchema } from './archiver-schema.ts';
import type { ReadConfig } from './changes.ts';
import { checkYaml, readConfigFile } from './check.ts';
import {
  brokersOf,
  type LogLevel,
  type PolicyReasons,
  present,
  type RetentionPolicy,
  type SaslConfig,
  type SigningConfig,
  type StoreConfig,
  signingOf,
  storeOf,
  type TlsConfig,
  tlsOf,
} from './connections.ts';
import { type HttpConfig, httpOf } from './http.ts';
import type { ContinuesConfig, StartFrom, TopicConfig, TopicPattern } from './topic.ts';
import { type TopicFields, topicFieldsOf } from './topic-fields.ts';
import { topicNamed } from './topic-names.ts';
import { periodOf } from './units.ts';

export type { ContinuesConfig, StartFrom, TopicConfig } from './topic.ts';

export type KafkaSourceConfig = {
  readonly kind: 'kafka';
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly groupId: string;
  readonly tls: false | TlsConfig;
  readonly sasl?: SaslConfig;
  /** Those that have an entry by name. `topicNamed` looks at the patterns too. */
  readonly topics: readonly TopicConfig[];
  readonly patterns: readonly TopicPattern[];
};
/** One line is one record. The configuration file has one `topic`, not a list. */
export type FileSourceConfig = {
  readonly kind: 'file';
  /** Absolute, or '-'. */
  readonly path: string;
  readonly lastLine: 'with-lf' | 'any';
  /** Exactly one; `startFrom` is always 'earliest' and the partition 0. */
  readonly topics: readonly [TopicConfig];
  readonly patterns: readonly [];
};
type SourceConfig = KafkaSourceConfig | FileSourceConfig;

type ConfiguredPolicy = RetentionPolicy & PolicyReasons;

export type Config = {
  readonly production: boolean;
  readonly archive: {
    readonly origin: string;
    readonly store: StoreConfig;
    readonly signing: SigningConfig;
    /** Further vkeys, named with the archive's origin, that recovery and verify trust: older log keys. */
    readonly trusted: readonly string[];
  };
  readonly source: SourceConfig;
  /** Always has `seals`, which is never shorter or weaker than any other. */
  readonly retention: Readonly<Record<string, ConfiguredPolicy>> & { readonly seals: ConfiguredPolicy };
  /** No lock is set further ahead. No policy is longer. */
  readonly greatestLock: Period;
  readonly segment: {
    /** Content bytes of one segment, before compression. */
    readonly maxBytes: number;
    readonly maxRecords: number;
    readonly maxAgeMs: number;
    /** An idle partition seals a segment without lines this often; 0: never. */
    readonly heartbeatMs: number;
  };
  readonly limits: {
    /** Key, headers and value of one record. */
    readonly recordBytes: number;
    /** Bytes buffered over all partitions. */
    readonly memoryBytes: number;
    /** How long a stopping service may take to seal what it holds. */
    readonly drainMs: number;
    readonly anchorIntervalMs: number;
    /** Threads that decode and encode. */
    readonly lanes: number;
  };
  readonly encoding: { readonly codec: 'zstd' | 'gzip'; readonly level: number };
  readonly server: HttpConfig;
  readonly receipts: { readonly serve: 'no' | 'loopback' | 'any-host'; readonly perSecond: number };
  readonly log: { readonly level: LogLevel };
};

/** Reads and checks a configuration file. Throws ConfigError, or `config` when the file can't be read. */
export const loadConfig = async (path: string, env: NodeJS.ProcessEnv): Promise<Config> =>
  (await readConfig(path, env)).config;

/** The same, and what it was read from. */
export async function readConfig(path: string, env: NodeJS.ProcessEnv): Promise<ReadConfig<Config>> {
  const members = checkYaml(await readConfigFile(path), path, env, RULES);
  return { config: buildConfig(members, path), members };
}

const RULES = { kind: 'ledgerstone', schema: configSchema, rules: ruleProblems } as const;

/** `fileName` appears in messages, and relative paths are relative to its directory. Throws ConfigError. */
export function parseConfig(text: string, fileName: string, env: NodeJS.ProcessEnv): Config {
  return buildConfig(checkYaml(text, fileName, env, RULES), fileName);
}

/** Relative paths are relative to the file, not to where the command was run. */
function buildConfig(input: ConfigOutput, fileName: string): Config {
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
    greatestLock: periodOf(input.greatestLock),
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
      lanes: input.limits.lanes,
    },
    encoding: {
      codec: input.encoding.codec,
      // The tools' own defaults are zstd 3 and gzip 6. On blocks of 1 MiB, zstd 3 is half as fast as zstd 1
      // and the result is no smaller (measured on CloudTrail events).
      level: input.encoding.level ?? (input.encoding.codec === 'zstd' ? 1 : 6),
    },
    server: httpOf(input.server, resolvePath),
    receipts: input.receipts,
    log: input.log,
  };
}

type Topic = Extract<ConfigOutput['source'], { kind: 'kafka' }>['topics'][number];

const fieldsOf = ({ fields }: Pick<Topic, 'fields'>): TopicFields | undefined =>
  fields === undefined ? undefined : topicFieldsOf(fields);

const startOf = ({ startFrom }: Pick<Topic, 'startFrom'>): StartFrom =>
  typeof startFrom === 'string' ? startFrom : { time: startFrom.time, timeMs: Date.parse(startFrom.time) };

function topicOf({ pattern: _, except: __, ...topic }: Topic & { readonly name: string }): TopicConfig {
  const partitions: Record<number, { chain: string; continues?: ContinuesConfig }> = {};
  for (const [partition, override] of Object.entries(topic.partitions)) {
    partitions[Number(partition)] = present(override) as { chain: string; continues?: ContinuesConfig };
  }
  const chain = topic.chain ?? topic.name;
  const [startFrom, fields] = [startOf(topic), fieldsOf(topic)];
  return present({ ...topic, chain, partitions, startFrom, fields }) as TopicConfig;
}

const patternOf = (topic: Topic & { readonly pattern: string }): TopicPattern => {
  const { pattern, except = [], retention, compacted } = topic;
  const [startFrom, fields] = [startOf(topic), fieldsOf(topic)];
  return present({
    pattern,
    except: [except].flat(),
    retention,
    startFrom,
    compacted,
    fields,
  }) as TopicPattern;
};

const hasName = (topic: Topic): topic is Topic & { name: string } => topic.name !== undefined;
const hasPattern = (topic: Topic): topic is Topic & { pattern: string } => topic.pattern !== undefined;

function sourceOf(input: ConfigOutput, resolvePath: (path: string) => string): SourceConfig {
  const source = input.source;
  if (source.kind === 'file') {
    const topic = topicOf({ ...source.topic, partitions: {}, startFrom: 'earliest' });
    const path = source.path === '-' ? '-' : resolvePath(source.path);
    return { kind: 'file', path, lastLine: source.lastLine, topics: [topic], patterns: [] };
  }
  return present({
    ...source,
    brokers: brokersOf(source.brokers),
    tls: tlsOf(source.tls, resolvePath),
    topics: source.topics.flatMap((topic) => (hasName(topic) ? [topicOf(topic)] : [])),
    patterns: source.topics.flatMap((topic) => (hasPattern(topic) ? [patternOf(topic)] : [])),
  }) as SourceConfig;
}

/** Without a `seals` policy, seals get the longest period and the strictest mode of the others. */
function retentionOf(input: ConfigOutput): Config['retention'] {
  const policies: Record<string, ConfiguredPolicy> = {};
  for (const [name, { mode, period, ...reasons }] of Object.entries(input.retention)) {
    policies[name] = present({
      mode,
      period: periodOf(period),
      text: period,
      ...reasons,
    }) as ConfiguredPolicy;
  }
  const all = Object.values(policies);
  const longest = all.reduce((a, b) => (isAtLeast(a.period, b.period) ? a : b));
  const mode = all.some((policy) => policy.mode === 'COMPLIANCE') ? 'COMPLIANCE' : 'GOVERNANCE';
  const { period, text } = longest;
  return { ...policies, seals: policies['seals'] ?? { period, text, mode } };
}

/**
 * By the name of which policy each chain is archived. `known`: chains that are there or that people decided
 * about, since a pattern names none; those that it takes are among the answers.
 */
export const policyOfChains = (
  { source }: Pick<Config, 'source'>,
  known: Iterable<string> = [],
): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...[...known].flatMap((name): [string, string][] => {
      const topic = source.topics.some((one) => one.name === name) ? null : topicNamed(source, name);
      return topic === null ? [] : [[name, topic.retention]];
    }),
    ...source.topics.flatMap(({ chain, partitions, retention }) =>
      [chain, ...Object.values(partitions).map((one) => one.chain)].map((name) => [name, retention]),
    ),
  ]);
