// What does the verifier's configuration say: which archive, whose keys, where it writes, what it checks?
import { dirname, resolve } from 'node:path';
import { nodeSha256 } from '../base/node/hash.ts';
import type { Period } from '../base/period.ts';
import { archiveOfKey } from '../format/chain.ts';
import { type CosignerKey, parseCosignerVkey } from '../format/cosignature.ts';
import { parseVkey, type VerifierKey } from '../format/vkey.ts';
import type { KafkaSourceConfig } from './archiver.ts';
import { type TimestampsConfig, timestampsOf, type WitnessesConfig, witnessesOf } from './attesting.ts';
import type { ReadConfig } from './changes.ts';
import { checkYaml, readConfigFile } from './check.ts';
import {
  brokersOf,
  type KmsSigningConfig,
  type LogLevel,
  type RetentionPolicy,
  type SigningConfig,
  type StoreConfig,
  signingOf,
  storeOf,
  tlsOf,
} from './connections.ts';
import { type FanOutConfig, fanOutConfigOf } from './fan-out.ts';
import { type HttpConfig, httpOf } from './http.ts';
import type { TopicPattern } from './topic.ts';
import { topicFieldsOf } from './topic-fields.ts';
import { periodOf } from './units.ts';
import { verifierRuleProblems } from './verifier-rules.ts';
import { type VerifierConfigOutput, verifierConfigSchema } from './verifier-schema.ts';

/** As the archiver's configuration has them: which chain a partition goes into. */
export type CompareTopic = {
  readonly name: string;
  readonly chain: string;
  readonly partitions: Readonly<Record<number, { readonly chain: string }>>;
};

export type ComparePattern = Pick<TopicPattern, 'pattern' | 'except'>;

/** Its principal needs DESCRIBE on the topics, and nothing else. */
type KafkaCompareConfig = Pick<KafkaSourceConfig, 'brokers' | 'clientId' | 'tls' | 'sasl'> & {
  readonly everyMs: number;
  readonly topics: readonly CompareTopic[];
  readonly patterns: readonly ComparePattern[];
};

/** What is watched for attempts, beside the buckets and keys that are named elsewhere. */
type AttemptsConfig = {
  /** Names of CloudTrail trails. */
  readonly trails: readonly string[];
  /** Beginnings of names. */
  readonly rules: readonly string[];
  readonly roles: readonly string[];
  /** Names of roles. */
  readonly breakGlass: readonly string[];
  /** ARNs of roles that carry decisions out. */
  readonly officers: readonly string[];
  /** Null: CloudTrail's files are not read. */
  readonly trailFiles: {
    readonly store: StoreConfig;
    readonly from: readonly { readonly account: string; readonly region: string }[];
  } | null;
};

export type VerifierConfig = {
  readonly archive: {
    readonly store: StoreConfig;
    readonly trusted: readonly VerifierKey[];
    /** Null: the log's key is not watched. */
    readonly logKey: KmsSigningConfig | null;
    /** Archives that chains of this one continue. */
    readonly older: readonly { readonly store: StoreConfig; readonly trusted: readonly VerifierKey[] }[];
  };
  readonly attestations: { readonly store: StoreConfig; readonly retention: RetentionPolicy };
  readonly cosigner: {
    readonly name: string;
    readonly signing: SigningConfig;
    /** Null: `signing` attests alone. */
    readonly postQuantum: SigningConfig | null;
    readonly earlier: readonly CosignerKey[];
  };
  /** Whose word on findings counts, beside officers of the charter. */
  readonly people: readonly CosignerKey[];
  /** Null: nobody else cosigns. */
  readonly witnesses: WitnessesConfig | null;
  /** Null: nothing is time-stamped. */
  readonly timestamps: TimestampsConfig | null;
  readonly chains: {
    /** A chain without a new seal for longer is stale. Null: no such check. */
    readonly freshnessMs: number | null;
    /** How often every chain is confirmed, even if no event came. */
    readonly confirmMs: number;
    /** Chains, or CHAIN/PARTITION, that get no seal any more. */
    readonly ended: readonly string[];
  };
  readonly sweep: {
    readonly everyMs: number;
    /** Every lock in the archive was at least this long when it was set. Null: no such check. */
    readonly leastLock: Period | null;
    /** None was longer. Null: no such check. */
    readonly greatestLock: Period | null;
  };
  readonly fullPass: { readonly everyMs: number; readonly bytesPerRun: number };
  /** Null: this process takes no part in a fanned-out pass. */
  readonly fanOut: FanOutConfig | null;
  /** Places that are indexed, by topic or chain. Null: no index is written. */
  readonly index: Readonly<Record<string, readonly string[]>> | null;
  /** What the settings of buckets are compared with. */
  readonly configuration: {
    readonly everyMs: number;
    readonly defaultDays: number | null;
    readonly denies: boolean;
    readonly minimumDays: number | null;
    readonly maximumDays: number | null;
  };
  readonly attempts: AttemptsConfig;
  /** Null: nothing is compared with the brokers. */
  readonly kafka: KafkaCompareConfig | null;
  readonly alarms: {
    /** ARN of a topic. */
    readonly sns: string | null;
    readonly webhook: string | null;
    readonly metricsNamespace: string;
  };
  /** For the plain process only. */
  readonly watch: HttpConfig & { readonly everyMs: number; readonly looksPerSecond: number };
  readonly log: { readonly level: LogLevel };
};

/** The keys of `archive.trusted` are of one archive. */
export const archiveOriginOf = ({ archive }: Pick<VerifierConfig, 'archive'>): string =>
  archiveOfKey(archive.trusted[0]?.name ?? '');

/** Holds the text of the configuration: a Lambda has no file of its own. */
export const CONFIG_VARIABLE = 'LEDGERSTONE_VERIFIER_CONFIG';

/**
 * Whether a file means to be verifier.yaml, right or wrong. False if it can't be read: the archiver's reading
 * of it says why.
 */
export async function isVerifierFile(path: string): Promise<boolean> {
  const text = await readConfigFile(path).catch(() => '');
  return /^["']?(?:cosigner|attestations)["']?\s*:/m.test(text) || /^\s*\{.*"cosigner"\s*:/s.test(text);
}

/** Throws ConfigError with everything that is wrong, or `config` when the file can't be read. */
export const loadVerifierConfig = async (path: string, env: NodeJS.ProcessEnv): Promise<VerifierConfig> =>
  (await readVerifierConfig(path, env)).config;

/** The same, and what it was read from. */
export async function readVerifierConfig(
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<ReadConfig<VerifierConfig>> {
  const members = checkYaml(await readConfigFile(path), path, env, RULES);
  return { config: buildVerifierConfig(members, path), members };
}

const RULES = { kind: 'verifier', schema: verifierConfigSchema, rules: verifierRuleProblems } as const;

/** `fileName` appears in messages, and relative paths are relative to its directory. Throws ConfigError. */
export function parseVerifierConfig(text: string, fileName: string, env: NodeJS.ProcessEnv): VerifierConfig {
  return buildVerifierConfig(checkYaml(text, fileName, env, RULES), fileName);
}

function buildVerifierConfig(input: VerifierConfigOutput, fileName: string): VerifierConfig {
  const resolvePath = (path: string): string => resolve(dirname(fileName), path);
  const archive = storeOf(input.archive.store, resolvePath);
  const attestations = storeOf(input.attestations.store, resolvePath);
  const { logKey } = input.archive;
  const { every, defaultDays, denies, minimumDays, maximumDays } = input.configuration;
  const { mode, period } = input.attestations.retention;
  return {
    archive: {
      store: archive,
      trusted: input.archive.trusted.map((vkey) => parseVkey(vkey, nodeSha256)),
      logKey:
        logKey === undefined
          ? null
          : (signingOf({ ...logKey, kind: 'kms' }, archive, resolvePath) as KmsSigningConfig),
      older: input.archive.older.map(({ store, trusted }) => ({
        store: storeOf(store, resolvePath),
        trusted: trusted.map((vkey) => parseVkey(vkey, nodeSha256)),
      })),
    },
    attestations: { store: attestations, retention: { mode, period: periodOf(period), text: period } },
    cosigner: {
      name: input.cosigner.name,
      signing: signingOf(input.cosigner.signing, attestations, resolvePath),
      postQuantum:
        input.cosigner.postQuantum === undefined
          ? null
          : signingOf(input.cosigner.postQuantum, attestations, resolvePath),
      earlier: input.cosigner.earlier.map((vkey) => parseCosignerVkey(vkey, nodeSha256)),
    },
    people: input.people.map((vkey) => parseCosignerVkey(vkey, nodeSha256)),
    witnesses: witnessesOf(input.witnesses),
    timestamps: timestampsOf(input.timestamps, resolvePath),
    chains: {
      freshnessMs: input.chains.freshness ?? null,
      confirmMs: input.chains.confirm,
      ended: input.chains.ended,
    },
    sweep: sweepOf(input.sweep),
    fullPass: { everyMs: input.fullPass.every, bytesPerRun: input.fullPass.bytesPerRun },
    fanOut: fanOutConfigOf(input.fanOut, resolvePath),
    index: indexOf(input.index),
    configuration: {
      ...{ everyMs: every, denies },
      defaultDays: defaultDays ?? null,
      minimumDays: minimumDays ?? null,
      maximumDays: maximumDays ?? null,
    },
    attempts: attemptsOf(input.attempts, resolvePath),
    kafka: kafkaOf(input.kafka, resolvePath),
    alarms: {
      sns: input.alarms.sns ?? null,
      webhook: input.alarms.webhook ?? null,
      metricsNamespace: input.alarms.metricsNamespace,
    },
    watch: {
      everyMs: input.watch.every,
      looksPerSecond: input.watch.looksPerSecond,
      ...httpOf(input.watch, resolvePath),
    },
    log: input.log,
  };
}

/** Each place once, in the order of the configuration. */
function indexOf(index: VerifierConfigOutput['index']): VerifierConfig['index'] {
  if (index === undefined) return null;
  const placesOf = (fields: Parameters<typeof topicFieldsOf>[0]): string[] => [
    ...new Set(Object.values(topicFieldsOf(fields)).flat()),
  ];
  return Object.fromEntries(Object.entries(index.fields).map(([topic, fields]) => [topic, placesOf(fields)]));
}

const sweepOf = ({
  every,
  leastLock,
  greatestLock,
}: VerifierConfigOutput['sweep']): VerifierConfig['sweep'] => ({
  everyMs: every,
  leastLock: leastLock === undefined ? null : periodOf(leastLock),
  greatestLock: greatestLock === undefined ? null : periodOf(greatestLock),
});

function attemptsOf(
  { trailFiles, ...names }: VerifierConfigOutput['attempts'],
  resolvePath: (path: string) => string,
): AttemptsConfig {
  if (trailFiles === undefined) return { ...names, trailFiles: null };
  const from = trailFiles.from.map((home) => {
    const [account = '', region = ''] = home.split('/');
    return { account, region };
  });
  return { ...names, trailFiles: { store: storeOf(trailFiles.store, resolvePath), from } };
}

function kafkaOf(
  kafka: VerifierConfigOutput['kafka'],
  resolvePath: (path: string) => string,
): VerifierConfig['kafka'] {
  if (kafka === undefined) return null;
  const { every, brokers, clientId, tls, sasl, topics } = kafka;
  return {
    ...{ everyMs: every, brokers: brokersOf(brokers), clientId, tls: tlsOf(tls, resolvePath) },
    ...(sasl !== undefined && { sasl }),
    topics: topics.flatMap(({ name, chain = name, partitions }) =>
      name === undefined || chain === undefined ? [] : [{ name, chain, partitions }],
    ),
    patterns: topics.flatMap(({ pattern, except = [] }) =>
      pattern === undefined ? [] : [{ pattern, except: [except].flat() }],
    ),
  };
}
