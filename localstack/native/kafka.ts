// How does a KRaft cluster of one to three brokers run as plain processes?
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MoreListeners } from '../backend.ts';
import { servesAs } from '../kafka-admin.ts';
import type { KafkaState } from '../state.ts';
import { stackPaths } from '../state.ts';
import { type KafkaInstall, type KafkaVersion, kafkaInstall } from './kafka-install.ts';
import { type BrokerNode, brokerProperties, JVM_FLAGS, metaProperties, newUuid } from './kafka-properties.ts';
import { freePorts, HOST } from './ports.ts';
import { serverEnv, startPart, startPartAgain, untilReady } from './server.ts';

const READY_WITHIN_MS = 300_000;

/** Starts the cluster on free ports. Returns when every broker lists itself as alive. */
export async function startKafka(
  dir: string,
  version: KafkaVersion,
  count: number,
  log: (line: string) => void,
  { advertisedPorts = [], secured }: MoreListeners = {},
): Promise<KafkaState> {
  const install = await kafkaInstall(version, log);
  const ports = await freePorts(4 * count);
  const nodes: BrokerNode[] = Array.from({ length: count }, (_, index) => {
    const [port, controllerPort, second, third] = ports.slice(4 * index) as [number, number, number, number];
    const advertisedPort = advertisedPorts[index];
    const proxied = advertisedPort === undefined ? {} : { proxied: { port: second, advertisedPort } };
    return {
      ...{ id: index + 1, port, controllerPort, ...proxied },
      ...(secured && { secured: { ...secured, port: third } }),
    };
  });
  const clusterId = newUuid();
  await Promise.all(nodes.map((node) => formatNode(dir, install, clusterId, node, nodes)));
  await Promise.all(nodes.map((node) => startNode(dir, install, node)));
  return {
    version,
    bootstrap: nodes.map(addressOf),
    brokers: nodes.map(({ id }) => ({ id, name: brokerName(id) })),
    behindProxies: nodes.flatMap(({ proxied }) => (proxied ? [`${HOST}:${proxied.port}`] : [])),
    secured: nodes.flatMap(({ secured }) => (secured ? [`${HOST}:${secured.port}`] : [])),
  };
}

/** Starts an ended broker again on its ports and data. Returns when it serves. */
export async function restartBroker(dir: string, name: string, id: number, address: string): Promise<void> {
  const { pid, server } = startPartAgain(dir, name);
  await untilReady(server, pid, READY_WITHIN_MS, servesAs(id, address));
}

const brokerName = (id: number): string => `kafka-${id}`;

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
  node: BrokerNode,
  all: readonly BrokerNode[],
): Promise<void> {
  const { records, properties } = nodePaths(dir, node.id);
  await mkdir(records, { recursive: true });
  await writeFile(path.join(records, 'meta.properties'), metaProperties(clusterId, node.id));
  await copyFile(install.bootstrapCheckpoint, path.join(records, 'bootstrap.checkpoint'));
  await writeFile(properties, brokerProperties(node, all, records));
}

async function startNode(dir: string, install: KafkaInstall, node: BrokerNode): Promise<void> {
  const { home, properties, logFile } = nodePaths(dir, node.id);
  // If the archive is missing or does not fit, the JVM ignores it, and the start takes a second longer.
  const java = [...JVM_FLAGS, '-XX:SharedArchiveFile=classes.jsa', '-cp', install.classPath];
  const args = [...java, 'kafka.Kafka', properties];
  const name = brokerName(node.id);
  const server = { name, command: 'java', args, cwd: install.dir, logFile, env: serverEnv(home) };
  await untilReady(server, startPart(dir, server), READY_WITHIN_MS, servesAs(node.id, addressOf(node)));
}

const addressOf = ({ port }: BrokerNode): string => `${HOST}:${port}`;
