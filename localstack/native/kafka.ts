// How does a KRaft cluster of one to three brokers run as plain processes?
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brokerIds } from '../kafka-admin.ts';
import type { KafkaPlace } from '../state.ts';
import { stackPaths } from '../state.ts';
import { type KafkaInstall, type KafkaVersion, kafkaInstall } from './kafka-install.ts';
import {
  type BrokerPlace,
  brokerProperties,
  JVM_FLAGS,
  metaProperties,
  newUuid,
} from './kafka-properties.ts';
import { freePorts, HOST } from './ports.ts';
import { serverEnv, startServer, untilReady } from './process.ts';

const READY_WITHIN_MS = 90_000;

/** Starts the cluster on fresh ports and returns when every broker is in the metadata of the others. */
export async function startKafka(
  dir: string,
  version: KafkaVersion,
  count: number,
  log: (line: string) => void,
): Promise<KafkaPlace> {
  const install = await kafkaInstall(version, log);
  const ports = await freePorts(2 * count);
  const nodes: BrokerPlace[] = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: ports[2 * index] as number,
    controllerPort: ports[2 * index + 1] as number,
  }));
  const clusterId = newUuid();
  const place: KafkaPlace = {
    version,
    bootstrap: nodes.map(({ port }) => `${HOST}:${port}`),
    brokers: nodes.map(({ id }) => ({ id, name: brokerName(id) })),
  };
  await Promise.all(nodes.map((node) => formatNode(dir, install, clusterId, node, nodes)));
  const pids = nodes.map(({ id }) => startNode(dir, install, id));
  await Promise.all(nodes.map(({ id }, index) => untilNodeServes(dir, place, id, pids[index] as number)));
  return place;
}

/** Starts a broker again that was killed: same ports, same data. */
export async function restartBroker(dir: string, place: KafkaPlace, id: number): Promise<void> {
  const install = await kafkaInstall(place.version as KafkaVersion, () => {});
  await untilNodeServes(dir, place, id, startNode(dir, install, id));
}

export const brokerName = (id: number): string => `kafka-${id}`;

const nodePaths = (dir: string, id: number) => {
  const { data, logs } = stackPaths(dir);
  const home = path.join(data, brokerName(id));
  return {
    home,
    records: path.join(home, 'records'),
    properties: path.join(home, 'server.properties'),
    logFile: path.join(logs, `${brokerName(id)}.log`),
  };
};

async function formatNode(
  dir: string,
  install: KafkaInstall,
  clusterId: string,
  node: BrokerPlace,
  all: readonly BrokerPlace[],
): Promise<void> {
  const { records, properties } = nodePaths(dir, node.id);
  await mkdir(records, { recursive: true });
  await writeFile(path.join(records, 'meta.properties'), metaProperties(clusterId, node.id));
  await copyFile(install.bootstrapCheckpoint, path.join(records, 'bootstrap.checkpoint'));
  await writeFile(properties, brokerProperties(node, all, records));
}

function startNode(dir: string, install: KafkaInstall, id: number): number {
  const { home, properties, logFile } = nodePaths(dir, id);
  // A missing or unfitting archive is ignored by the JVM: then the start takes a second longer.
  const java = [...JVM_FLAGS, '-XX:SharedArchiveFile=classes.jsa', '-cp', install.classPath];
  const args = [...java, 'kafka.Kafka', properties];
  return startServer(dir, {
    name: brokerName(id),
    command: 'java',
    args,
    cwd: install.dir,
    logFile,
    env: serverEnv(home),
  });
}

const untilNodeServes = (dir: string, place: KafkaPlace, id: number, pid: number): Promise<void> =>
  untilReady({ name: brokerName(id), logFile: nodePaths(dir, id).logFile }, pid, READY_WITHIN_MS, async () =>
    (
      await brokerIds(place.bootstrap[place.brokers.findIndex((broker) => broker.id === id)] as string)
    ).includes(id),
  );
