// How is one Kafka node of the local stack configured?
import { randomBytes } from 'node:crypto';
import { HOST } from './ports.ts';

export type BrokerNode = {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** A second listener on `port`. Clients are sent to `advertisedPort`, where a proxy must lead to `port`. */
  readonly proxied?: { readonly port: number; readonly advertisedPort: number };
  readonly secured?: Secured & { readonly port: number };
};

/** A listener with TLS where clients have to log in, by PLAIN or by SCRAM. */
export type Secured = {
  /** PEM: the server's private key and behind it its certificate. */
  readonly keyFile: string;
  /** Who may log in by PLAIN. SCRAM has users that are made by Kafka's own tool. */
  readonly user: { readonly name: string; readonly password: string };
};

/** For a small JVM that starts quickly: about 150 MB resident, ready in 1–2 s. */
export const JVM_FLAGS = [
  '-Xms64m',
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-XX:-UsePerfData',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn',
] as const;

/** A UUID in Kafka's form: 22 characters of base64url that do not start with a dash. */
export function newUuid(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes.toString('base64url');
}

/** meta.properties of a node, as StorageTool writes it. bootstrap.checkpoint has the feature levels. */
export const metaProperties = (clusterId: string, nodeId: number): string =>
  `version=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\ndirectory.id=${newUuid()}\n`;

/** server.properties of a combined KRaft node (broker and controller). */
export function brokerProperties(node: BrokerNode, all: readonly BrokerNode[], dataDir: string): string {
  const copies = Math.min(3, all.length);
  const { proxied, secured } = node;
  const first = `PLAINTEXT://${HOST}:${node.port}`;
  const second = (port: number | undefined) => (port === undefined ? '' : `,PROXIED://${HOST}:${port}`);
  const third = secured === undefined ? '' : `,SECURED://${HOST}:${secured.port}`;
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': all
      .map(({ id, controllerPort }) => `${id}@${HOST}:${controllerPort}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SECURED:SASL_SSL',
    listeners: `${first},CONTROLLER://${HOST}:${node.controllerPort}${second(proxied?.port)}${third}`,
    'advertised.listeners': `${first}${second(proxied?.advertisedPort)}${third}`,
    ...(secured && securedProperties(secured)),
    'log.dirs': dataDir,
    'auto.create.topics.enable': false,
    'unclean.leader.election.enable': false,
    'default.replication.factor': copies,
    'min.insync.replicas': Math.min(2, copies),
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 2,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': Math.min(2, copies),
    'transaction.state.log.num.partitions': 2,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': Math.min(2, copies),
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    // Audit samples have old timestamps: retention by time would delete them within minutes.
    'log.retention.ms': -1,
    // The archiver takes records up to 32 MiB, and tests need such records.
    'message.max.bytes': 40 * 1024 * 1024,
    'replica.fetch.max.bytes': 40 * 1024 * 1024,
    'log.cleaner.dedupe.buffer.size': 2 * 1024 * 1024,
    // A dead leader is replaced within 3–5 s instead of 9–13.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'controller.quorum.election.timeout.ms': 300,
    'controller.quorum.fetch.timeout.ms': 1_000,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const LOGIN = 'org.apache.kafka.common.security';

function securedProperties({ keyFile, user }: Secured): Record<string, string> {
  const of = (name: string) => `listener.name.secured.${name}`;
  return {
    [of('ssl.keystore.type')]: 'PEM',
    [of('ssl.keystore.location')]: keyFile,
    [of('sasl.enabled.mechanisms')]: 'PLAIN,SCRAM-SHA-512',
    [of('plain.sasl.jaas.config')]:
      `${LOGIN}.plain.PlainLoginModule required user_${user.name}="${user.password}";`,
    [of('scram-sha-512.sasl.jaas.config')]: `${LOGIN}.scram.ScramLoginModule required;`,
  };
}
