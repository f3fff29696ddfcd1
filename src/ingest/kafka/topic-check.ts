// Are the cluster and its topics fit to be archived from? Asked before anything is consumed, changing
// nothing.

import { counted } from '../../base/counted.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { Client } from './client.ts';
import { kafkaError, NO_TOPIC_REMEDY } from './errors.ts';
import { unavailable } from './kafkajs/access.ts';
import { topicsOf } from './kafkajs/cluster.ts';
import type { KafkajsCluster, KafkajsLogger } from './kafkajs/kafkajs.ts';
import type { KafkaSourceOptions } from './options.ts';
import { errorText, METADATA_ERRORS } from './protocol/error-codes.ts';
import type { ClusterMetadata, TopicMetadata } from './protocol/metadata-api.ts';
import { SETTINGS_RETRY, topicSettings } from './topic-settings.ts';

/**
 * `bad`: can't be archived like this. `warning`: can, but look at it. `unknown`: hidden from this principal.
 */
export type KafkaCheck = {
  readonly name: string;
  readonly verdict: 'ok' | 'bad' | 'warning' | 'unknown';
  readonly found: string;
  readonly remedy: string | null;
};

const CONFIGS = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'max.message.bytes',
  'min.insync.replicas',
];
const DAY_MS = 86_400_000;
/** Less than this, and a long weekend's outage loses records that are not archived yet. */
const RETENTION_MS_WANTED = 3 * DAY_MS;

/** Never throws for what it finds. */
export async function checkKafka(options: KafkaSourceOptions): Promise<KafkaCheck[]> {
  const client = new Client(options);
  let cluster: KafkajsCluster | undefined;
  try {
    cluster = await client.openCluster(SETTINGS_RETRY, { onMetadata: () => {} }, null);
    await cluster.connect();
    await cluster.addMultipleTargetTopics(client.topics);
    const patterns = await takeTopics(client, cluster);
    if (patterns.length > 0) await cluster.addMultipleTargetTopics(client.topics);
    const metadata = cluster.brokerPool.metadata as ClusterMetadata;
    const brokers = Object.keys(cluster.brokerPool.brokers).length;
    return [
      ok('reachable', `${brokers} ${brokers === 1 ? 'broker' : 'brokers'}`),
      await checkGroup(cluster, options.groupId),
      ...patterns,
      ...(await checkTopics(cluster, await client.logger(), metadata, asTaken(client))),
    ];
  } catch (error) {
    const { message, remedy } = kafkaError('reach Kafka', error);
    return [{ name: 'reachable', verdict: 'bad', found: message, remedy: remedy ?? null }];
  } finally {
    await cluster?.disconnect().catch(() => {});
    client.cut();
  }
}

/**
 * Throws `topic-compacted` if Kafka compacts a topic that doesn't accept it. Returns why it could not be
 * learned; null: it was. The signal ends a wait for brokers that don't answer, which is a reason as well.
 */
export async function refuseCompacted(
  options: KafkaSourceOptions,
  signal?: AbortSignal,
): Promise<string | null> {
  const refusing = new Set(options.topics.flatMap(({ name, compacted }) => (compacted ? [] : [name])));
  if (refusing.size === 0) return null;
  const client = new Client(options);
  const cut = () => client.cut(new Error('stopped'));
  signal?.addEventListener('abort', cut);
  let cluster: KafkajsCluster | undefined;
  let compacted: string[];
  try {
    cluster = await client.openCluster(SETTINGS_RETRY, { onMetadata: () => {} }, null);
    await cluster.connect();
    await cluster.addMultipleTargetTopics([...refusing]);
    const { topicMetadata } = cluster.brokerPool.metadata as ClusterMetadata;
    const there = topicMetadata.filter(
      ({ topic, topicErrorCode }) => topicErrorCode === 0 && refusing.has(topic),
    );
    if (there.length === 0) return null;
    const names = there.map(({ topic }) => topic);
    const configs = await topicSettings(cluster, await client.logger(), names, CONFIGS);
    const hidden = there.find(({ topic }) => configs.get(topic)?.has('cleanup.policy') !== true);
    if (hidden !== undefined) return `the settings of ${hidden.topic} are not shown`;
    compacted = [...configs].flatMap(([topic, config]) => (isCompacted(config) ? [topic] : []));
  } catch (error) {
    return kafkaError('read the settings of the topics', error).message;
  } finally {
    signal?.removeEventListener('abort', cut);
    await cluster?.disconnect().catch(() => {});
    client.cut();
  }
  if (compacted.length > 0) throw topicsCompacted(compacted);
  return null;
}

const isCompacted = (config: ReadonlyMap<string, string | null>): boolean =>
  (config.get('cleanup.policy') ?? '').split(',').some((policy) => policy.trim() === 'compact');

const topicsCompacted = (topics: readonly string[]) =>
  new LedgerstoneError(
    'topic-compacted',
    `Kafka compacts ${topics.join(', ')}: it removes records, and a partition halts at each gap that it finds`,
    {
      remedy:
        'Set cleanup.policy=delete on the topic, or `compacted: accept` at the topic in the configuration.',
    },
  );

/** Of all topics that are named or taken and shown; or why that is not known. */
export async function countPartitions(
  options: KafkaSourceOptions,
): Promise<number | { readonly why: string }> {
  const client = new Client(options);
  let cluster: KafkajsCluster | undefined;
  try {
    cluster = await client.openCluster(SETTINGS_RETRY, { onMetadata: () => {} }, null);
    await cluster.connect();
    await cluster.addMultipleTargetTopics(client.topics);
    await takeTopics(client, cluster);
    await cluster.addMultipleTargetTopics(client.topics);
    const { topicMetadata } = cluster.brokerPool.metadata as ClusterMetadata;
    const absent = topicMetadata.filter(({ topicErrorCode }) => topicErrorCode !== 0);
    if (absent.length > 0) return { why: `${absent.map(({ topic }) => topic).join(', ')} is not shown` };
    return topicMetadata.reduce((sum, { partitionMetadata }) => sum + partitionMetadata.length, 0);
  } catch (error) {
    return { why: kafkaError('reach Kafka', error).message };
  } finally {
    await cluster?.disconnect().catch(() => {});
    client.cut();
  }
}

/** What patterns match is looked at too. */
async function takeTopics(client: Client, cluster: KafkajsCluster): Promise<KafkaCheck[]> {
  const { takes } = client.options;
  if (takes === undefined) return [];
  const [nodeId] = cluster.getNodeIds();
  if (nodeId === undefined) throw unavailable('no broker is known');
  const shown = await topicsOf(await client.kafkajs(), await cluster.findBroker({ nodeId }));
  const taken = client.take(shown.filter((topic) => takes(topic) !== null).sort());
  const name = 'patterns';
  if (taken.length > 0)
    return [ok(name, `${counted(taken.length, 'topic')} without a name here: ${someOf(taken)}`)];
  const found = `none of the ${counted(shown.length, 'topic')} that this principal is shown matches a pattern`;
  const remedy = 'Correct source.topics, create a topic, or grant DESCRIBE on those topics.';
  return [{ name, verdict: 'bad', found, remedy }];
}

const SHOWN_MAX = 10;
const someOf = (topics: readonly string[]): string =>
  `${topics.slice(0, SHOWN_MAX).join(', ')}${topics.length > SHOWN_MAX ? ', …' : ''}`;

/** As if all of them had been named. */
const asTaken = ({ options, topics }: Client): KafkaSourceOptions => ({
  ...options,
  topics: topics.map(
    (name) => options.topics.find((one) => one.name === name) ?? { ...options.takes?.(name), name },
  ),
});

async function checkGroup(cluster: KafkajsCluster, groupId: string): Promise<KafkaCheck> {
  try {
    await cluster.findGroupCoordinator({ groupId });
    return ok('group', `${groupId} has a coordinator`);
  } catch (error) {
    const { message, remedy } = kafkaError(`find the coordinator of group ${groupId}`, error);
    return { name: 'group', verdict: 'bad', found: message, remedy: remedy ?? null };
  }
}

async function checkTopics(
  cluster: KafkajsCluster,
  logger: KafkajsLogger,
  metadata: ClusterMetadata,
  options: KafkaSourceOptions,
): Promise<KafkaCheck[]> {
  const checks: KafkaCheck[] = [];
  const there: TopicMetadata[] = [];
  for (const { name } of options.topics) {
    const topic = metadata.topicMetadata.find((one) => one.topic === name);
    if (topic === undefined || topic.topicErrorCode !== 0) {
      const code = topic?.topicErrorCode ?? METADATA_ERRORS.unknownTopic;
      const found = `there is no topic ${name} for this principal: ${errorText(code)}`;
      checks.push({ name: 'topic', verdict: 'bad', found, remedy: NO_TOPIC_REMEDY });
    } else there.push(topic);
  }
  if (there.length === 0) return checks;
  const names = there.map(({ topic }) => topic);
  const configs = await topicSettings(cluster, logger, names, CONFIGS).catch((error: unknown) =>
    messageOf(error),
  );
  for (const topic of there) {
    checks.push(...topicChecks(topic));
    if (typeof configs === 'string') {
      const remedy = 'Grant DESCRIBE_CONFIGS on the topic, or look yourself.';
      checks.push({
        name: 'topic-settings',
        verdict: 'unknown',
        found: `${topic.topic}: ${configs}`,
        remedy,
      });
    } else checks.push(...settingChecks(topic, configs.get(topic.topic) ?? new Map(), options));
  }
  return checks;
}

function topicChecks({ topic, partitionMetadata }: TopicMetadata): KafkaCheck[] {
  const replicas = Math.min(...partitionMetadata.map((partition) => partition.replicas.length));
  const size = `${topic}: ${counted(partitionMetadata.length, 'partition')}, ${counted(replicas, 'replica')}`;
  if (replicas >= 3) return [ok('topic', size)];
  const remedy = 'Use a replication factor of 3: what Kafka loses before it is sealed, nobody can archive.';
  return [{ name: 'topic', verdict: 'warning', found: size, remedy }];
}

function settingChecks(
  { topic, partitionMetadata }: TopicMetadata,
  config: ReadonlyMap<string, string | null>,
  { recordBytesMax, topics }: KafkaSourceOptions,
): KafkaCheck[] {
  const policy = config.get('cleanup.policy') ?? 'unknown';
  const isAccepted = topics.some(({ name, compacted }) => name === topic && compacted === 'accept');
  const checks: KafkaCheck[] = [
    policy === 'delete'
      ? ok('cleanup.policy', `${topic}: delete`)
      : {
          name: 'cleanup.policy',
          verdict: isAccepted ? 'warning' : 'bad',
          found: `${topic}: ${policy}: compaction removes records, and a partition halts where they are missing`,
          remedy: isAccepted
            ? [
                'Set min.compaction.lag.ms well above your longest outage: what is removed before it is',
                'sealed is missing.',
              ].join(' ')
            : 'Set cleanup.policy=delete on the topic, or `compacted: accept` at the topic in the configuration.',
        },
    retentionCheck(topic, Number(config.get('retention.ms'))),
  ];
  const bytes = Number(config.get('retention.bytes') ?? -1);
  if (bytes >= 0) {
    const remedy = 'Set retention.bytes=-1: a burst must not push out what is not archived yet.';
    checks.push({ name: 'retention.bytes', verdict: 'warning', found: `${topic}: ${bytes}`, remedy });
  }
  const message = Number(config.get('max.message.bytes'));
  if (message > recordBytesMax) {
    const found = `${topic}: records of up to ${message} bytes may come, limits.recordBytes is ${recordBytesMax}`;
    const remedy = 'Raise limits.recordBytes: a larger record halts its partition.';
    checks.push({ name: 'max.message.bytes', verdict: 'warning', found, remedy });
  }
  const replicas = Math.min(...partitionMetadata.map((partition) => partition.replicas.length));
  const inSync = Number(config.get('min.insync.replicas'));
  if (replicas > 1 && inSync < 2) {
    const remedy = 'Set min.insync.replicas=2, and let producers ask for acks=all.';
    checks.push({ name: 'min.insync', verdict: 'warning', found: `${topic}: ${inSync}`, remedy });
  }
  return checks;
}

function retentionCheck(topic: string, retentionMs: number): KafkaCheck {
  if (retentionMs < 0) return ok('retention.ms', `${topic}: unlimited`);
  const days = `${topic}: ${(retentionMs / DAY_MS).toFixed(1)} days`;
  if (retentionMs >= RETENTION_MS_WANTED) return ok('retention.ms', days);
  const remedy =
    'Raise retention.ms well above your longest outage: what expires before it is sealed is lost.';
  return { name: 'retention.ms', verdict: 'warning', found: days, remedy };
}

const ok = (name: string, found: string): KafkaCheck => ({ name, verdict: 'ok', found, remedy: null });
