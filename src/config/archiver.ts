// What did the operator configure? One YAML file, checked completely before anything starts.
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { utf8Text } from '../base/bytes.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { buildConfig } from './archiver-build.ts';
import { ruleProblems } from './archiver-rules.ts';
import { configSchema } from './archiver-schema.ts';
import { problemsOf, type SchemaProblem } from './problems.ts';
import { type ConfigPath, readYaml } from './yaml.ts';

/** How one policy locks what it names. `text` is the period as written, for people (`1y` is 365 days). */
export type RetentionPolicy = {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly periodMs: number;
  readonly text: string;
};

export type S3StoreConfig = {
  readonly kind: 's3';
  readonly bucket: string;
  readonly region: string;
  /** '' or ends with '/'. */
  readonly prefix: string;
  /** For S3-compatible servers; addressing is then by path. */
  readonly endpoint?: string;
  /** 12 digits; every request then fails on a bucket of another account. */
  readonly expectedBucketOwner?: string;
};
type DirectoryStoreConfig = { readonly kind: 'directory' /** Absolute. */; readonly path: string };
export type StoreConfig = S3StoreConfig | DirectoryStoreConfig;

export type KmsSigningConfig = {
  readonly kind: 'kms';
  /** Key ARN or key id; never an alias, which can be pointed elsewhere. */
  readonly keyId: string;
  /** The ARN's Region, else the store's, unless stated. */
  readonly region: string;
  readonly endpoint?: string;
};
type LocalSigningConfig = {
  readonly kind: 'local' /** Absolute path of a PEM private key. */;
  readonly keyFile: string;
};
export type SigningConfig = KmsSigningConfig | LocalSigningConfig;

/** An operator's recorded handing over from an older chain of this archive that can't go on (FORMAT.md, `continues`). */
export type ContinuesConfig = {
  /** Name of the older chain, same partition. */
  readonly chain: string;
  readonly reason: string;
  readonly by: string;
  /** `next`: the older chain's next offset. Absent: `next` when the topic is the same one, else `earliest`. */
  readonly startFrom?: 'next' | 'earliest' | { readonly offset: number };
};

export type StartFrom =
  | 'earliest'
  | 'latest'
  | { /** RFC 3339. */ readonly time: string; readonly timeMs: number };

export type TopicConfig = {
  readonly name: string;
  /** The chain's name; the topic's unless stated. */
  readonly chain: string;
  /** Partitions that are archived in another chain than the topic's. */
  readonly partitions: Readonly<
    Record<number, { readonly chain: string; readonly continues?: ContinuesConfig }>
  >;
  /** Name of a policy in `retention`. */
  readonly retention: string;
  readonly startFrom: StartFrom;
  readonly continues?: ContinuesConfig;
};

export type TlsConfig = {
  /** Absolute paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
};

type SaslConfig =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'aws-msk-iam'; readonly region: string };

export type KafkaSourceConfig = {
  readonly kind: 'kafka';
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly groupId: string;
  readonly tls: false | TlsConfig;
  readonly sasl?: SaslConfig;
  readonly topics: readonly TopicConfig[];
};
/** One line is one record; `-` reads standard input. In the file it is written `topic: { name, retention }`. */
export type FileSourceConfig = {
  readonly kind: 'file';
  /** Absolute, or '-'. */
  readonly path: string;
  /** Exactly one; `startFrom` is always 'earliest' and the partition 0. */
  readonly topics: readonly [TopicConfig];
};
export type SourceConfig = KafkaSourceConfig | FileSourceConfig;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

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
  readonly retention: Readonly<Record<string, RetentionPolicy>> & { readonly seals: RetentionPolicy };
  readonly allowLongRetention: boolean;
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
  };
  readonly encoding: { readonly codec: 'zstd' | 'gzip'; readonly level: number };
  /** `port` 0: no server. */
  readonly server: { readonly host: string; readonly port: number };
  readonly log: { readonly level: LogLevel };
};

export type ConfigProblem = {
  /** `source.topics[0].retention`; '' for the file as a whole. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

/** Everything that is wrong with one configuration file. */
export class ConfigError extends LedgerstoneError {
  readonly problems: readonly ConfigProblem[];
  constructor(fileName: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ path, line, column, message }) => `  ${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
    );
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super('config', `${fileName}: ${count}\n${lines.join('\n')}`, {
      disposition: 'input',
      remedy: 'Correct the lines named above. docs/configuration.md explains every key.',
    });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** More than any configuration needs; a wrong file name must not fill the memory. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Reads and checks a configuration file. Throws ConfigError, or `config` when the file can't be read. */
export const loadConfig = async (path: string, env: NodeJS.ProcessEnv): Promise<Config> =>
  parseConfig(await readConfigFile(path), path, env);

/** Throws `config` when the file can't be read. */
export async function readConfigFile(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > FILE_BYTES_MAX) throw new Error('the file is larger than 1 MiB');
    return utf8Text(bytes);
  } catch (cause) {
    throw new LedgerstoneError('config', `can't read the configuration ${path}: ${messageOf(cause)}`, {
      disposition: 'input',
      remedy: 'Name an existing YAML file with --config.',
      cause,
    });
  }
}

/** `fileName` appears in messages, and relative paths in the text are meant from its directory. Throws ConfigError. */
export function parseConfig(text: string, fileName: string, env: NodeJS.ProcessEnv): Config {
  return buildConfig(checkYaml(text, fileName, env, configSchema, ruleProblems), fileName);
}

/** The values of a YAML text that fit the schema and the rules; else throws ConfigError with all that is wrong. */
export function checkYaml<T>(
  text: string,
  fileName: string,
  env: NodeJS.ProcessEnv,
  schema: z.ZodType<T>,
  rules: (root: unknown) => readonly SchemaProblem[],
): T {
  const { yaml, problems: yamlProblems } = readYaml(text.replace(/^\uFEFF/, ''), env);
  const problems: ConfigProblem[] = yamlProblems.map(({ path, position, message }) => ({
    path: pathText(path),
    ...position,
    message,
  }));
  const parsed = schema.safeParse(yaml.value);
  if (yaml.value !== undefined) {
    const substituted = new Set(problems.map(({ path }) => path));
    const found = [
      ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, yaml.value, schema)),
      ...rules(yaml.value),
    ];
    for (const { path, message } of found) {
      // A value that the environment did not give is one problem, not two.
      if (substituted.has(pathText(path))) continue;
      problems.push({ path: pathText(path), ...yaml.position(path), message });
    }
  }
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(
      fileName,
      problems.sort((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  return parsed.data;
}

const pathText = (path: ConfigPath): string =>
  path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${step}`,
    '',
  );
