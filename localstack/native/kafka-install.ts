// How do Apache Kafka's own jars get onto the machine, ready to start quickly?
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, cachedPath } from './cache.ts';
import { run } from './command.ts';
import { type BrokerNode, brokerProperties, JVM_FLAGS, newUuid } from './kafka-properties.ts';
import { freePorts } from './ports.ts';
import { signalIfAlive, untilEnded } from './process.ts';
import { serverEnv, startServerProcess, untilReady } from './server.ts';

/** Versions that the test suite has run against. */
export const KAFKA_VERSIONS = ['4.2.0', '4.1.2', '3.9.1'] as const;
export type KafkaVersion = (typeof KAFKA_VERSIONS)[number];
export const KAFKA_VERSION_DEFAULT: KafkaVersion = KAFKA_VERSIONS[0];

const MINUTES = 60_000;
const folderName = (version: KafkaVersion): string => `kafka-${version}`;

export const isKafkaCached = (version: KafkaVersion): boolean =>
  cachedPath(folderName(version)) !== undefined;

export type KafkaInstall = {
  readonly version: KafkaVersion;
  /** Working directory of every JVM. The class path is relative to it, as the archive of classes needs. */
  readonly dir: string;
  readonly classPath: string;
  /** Feature levels, as StorageTool writes them. They belong to a version, not to a cluster. */
  readonly bootstrapCheckpoint: string;
};

export async function kafkaInstall(
  version: KafkaVersion,
  log: (line: string) => void,
): Promise<KafkaInstall> {
  const dir = await cached(folderName(version), async (temporary) => {
    log(`fetching Apache Kafka ${version} through Maven (once per machine)`);
    await fetchJars(version, temporary);
    await prepareStart(version, temporary);
  });
  return describe(version, dir);
}

const describe = async (version: KafkaVersion, dir: string): Promise<KafkaInstall> => ({
  version,
  dir,
  classPath: (await readdir(path.join(dir, 'libs')))
    .sort()
    .map((jar) => `libs/${jar}`)
    .join(':'),
  bootstrapCheckpoint: path.join(dir, 'bootstrap.checkpoint'),
});

async function fetchJars(version: KafkaVersion, dir: string): Promise<void> {
  await writeFile(path.join(dir, 'pom.xml'), pom(version));
  const goal = [
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${path.join(dir, 'libs')}`,
  ];
  await run('fetching Kafka', 'mvn', ['-B', '-ntp', '-q', ...goal], {
    cwd: dir,
    timeoutMs: 10 * MINUTES,
    remedy: 'Maven must reach its repository: look at its settings with `mvn help:effective-settings`.',
  });
}

/** Leaves out Connect, which the tools don't need here, and a logger that would hide the broker's log. */
function pom(version: KafkaVersion): string {
  const artifact = (group: string, name: string, number: string, without: string[] = []) =>
    `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${number}</version><exclusions>${without
      .map((excluded) => excluded.split(':'))
      .map(([of, what]) => `<exclusion><groupId>${of}</groupId><artifactId>${what}</artifactId></exclusion>`)
      .join('')}</exclusions></dependency>`;
  const logger = 'org.slf4j:slf4j-reload4j';
  const connect = ['runtime', 'api', 'json', 'transforms'].map((part) => `org.apache.kafka:connect-${part}`);
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>ledgerstone</groupId><artifactId>local-kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${artifact('org.apache.kafka', 'kafka_2.13', version, [logger])}
${artifact('org.apache.kafka', 'kafka-tools', version, [logger, ...connect])}
${artifact('org.slf4j', 'slf4j-simple', '1.7.36')}
</dependencies>
</project>
`;
}

/**
 * Formats one temporary node and starts it once. Keeps StorageTool's checkpoint, which saves a JVM at each
 * later start, and an archive of the loaded classes (AppCDS), with which a broker is ready in half the time.
 */
async function prepareStart(version: KafkaVersion, dir: string): Promise<void> {
  const scratch = path.join(dir, 'scratch');
  const data = path.join(scratch, 'data');
  await mkdir(scratch);
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const node: BrokerNode = { id: 1, port, controllerPort };
  const properties = path.join(scratch, 'server.properties');
  await writeFile(properties, brokerProperties(node, [node], data));
  const { classPath, bootstrapCheckpoint } = await describe(version, dir);
  const java = [...JVM_FLAGS, '-XX:ArchiveClassesAtExit=classes.jsa', '-cp', classPath];
  const format = ['kafka.tools.StorageTool', 'format', '-t', newUuid(), '-c', properties];
  await run('formatting', 'java', [...JVM_FLAGS, '-cp', classPath, ...format], {
    cwd: dir,
    timeoutMs: 10 * MINUTES,
    remedy: 'Kafka needs a Java runtime of version 17 or later.',
  });
  await copyFile(path.join(data, 'bootstrap.checkpoint'), bootstrapCheckpoint);

  const logFile = path.join(scratch, 'log');
  const broker = {
    name: 'kafka',
    command: 'java',
    args: [...java, 'kafka.Kafka', properties],
    cwd: dir,
    logFile,
    env: serverEnv(scratch),
  };
  const pid = startServerProcess(dir, broker);
  await untilReady(broker, pid, 6 * MINUTES, async () => (await readFile(logFile, 'utf8')).includes(STARTED));
  signalIfAlive(pid, 'SIGTERM'); // an orderly end writes the archive
  await untilEnded(dir, 5 * MINUTES);
  await rm(scratch, { recursive: true });
}

/** The line that a broker logs when it serves. */
const STARTED = 'Kafka Server started';
