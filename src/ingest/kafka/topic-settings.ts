// How are topics configured, as far as this principal may know?
import { createRequire } from 'node:module';
import { changed, type KafkajsCluster, type KafkajsLogger } from './kafkajs/kafkajs.ts';

type Entries = readonly { readonly configName: string; readonly configValue: string | null }[];
type Admin = {
  describeConfigs(request: {
    readonly resources: readonly {
      readonly type: number;
      readonly name: string;
      readonly configNames: readonly string[];
    }[];
    readonly includeSynonyms: boolean;
  }): Promise<{
    readonly resources: readonly { readonly resourceName: string; readonly configEntries: Entries }[];
  }>;
};

const TOPIC = 2;
/** Two tries: the person who asked waits for the answer. */
export const SETTINGS_RETRY = { retries: 1, initialRetryTime: 200, maxRetryTime: 500 };

/** By topic, by the name of the setting. Throws what kafkajs throws, such as where it is not permitted. */
export async function topicSettings(
  cluster: KafkajsCluster,
  logger: KafkajsLogger,
  topics: readonly string[],
  configNames: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string | null>>> {
  const createAdmin: unknown = createRequire(import.meta.url)('kafkajs/src/admin');
  if (typeof createAdmin !== 'function') throw changed('kafkajs/src/admin is no function');
  const admin = createAdmin({ logger, retry: SETTINGS_RETRY, cluster }) as Admin;
  const resources = topics.map((name) => ({ type: TOPIC, name, configNames }));
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
  return new Map(
    answer.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}
