// Which Kafka cluster does a file of its own name, for what is no archiver's source?
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkYaml, readConfigFile } from './check.ts';
import { version } from './config-version.ts';
import { brokersOf, type SaslConfig, type TlsConfig, tlsOf } from './connections.ts';
import { cluster } from './connections-schema.ts';
import { some } from './fields.ts';

export type KafkaCluster = {
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: false | TlsConfig;
  readonly sasl?: SaslConfig;
};

const schema = z.strictObject({ version, ...cluster, clientId: some('a client id').default('ledgerstone') });

const RULES = { kind: 'kafka', schema, rules: () => [] } as const;

/** Throws ConfigError, or `config` when the file can't be read. */
export const loadKafkaFile = async (path: string, env: NodeJS.ProcessEnv): Promise<KafkaCluster> =>
  parseKafkaFile(await readConfigFile(path), path, env);

/** Paths in it are relative to it. Throws ConfigError. */
export function parseKafkaFile(text: string, path: string, env: NodeJS.ProcessEnv): KafkaCluster {
  const { brokers, clientId, tls, sasl } = checkYaml(text, path, env, RULES);
  return {
    ...{ brokers: brokersOf(brokers), clientId },
    tls: tlsOf(tls, (file) => resolve(dirname(path), file)),
    ...(sasl !== undefined && { sasl }),
  };
}

/** `host:port`, or several separated by commas. Null: it is not that. */
export function parseBrokers(text: string): readonly string[] | null {
  const { data } = cluster.brokers.safeParse(text);
  return data === undefined ? null : brokersOf(data);
}
