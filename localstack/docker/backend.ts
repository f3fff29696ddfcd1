// How does the stack run in containers?
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerComposeEnvironment, Wait } from 'testcontainers';
import { LedgerstoneError, messageOf } from '../../src/base/error.ts';
import type { Backend, KafkaTool, ToolProcess } from '../backend.ts';
import { servesAs } from '../kafka-admin.ts';
import { run } from '../native/command.ts';
import { freePorts, HOST } from '../native/ports.ts';
import { answersOk } from '../native/server.ts';

/** A first start pulls the images. */
const READY_WITHIN_MS = 10 * 60_000;
const COMMAND_MS = 60_000;

/** One compose project for each part: parts start at once, and two `up` of one project disturb each other. */
const project = (dir: string, part: string): string => `${projectPrefix(dir)}${part}`;
const projectPrefix = (dir: string): string =>
  `ledgerstone-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}-`;

const docker = (what: string, ...args: string[]): Promise<string> =>
  run(what, 'docker', args, { timeoutMs: COMMAND_MS });

/**
 * Without automatic clean-up: testcontainers would remove the containers when this process ends. A stack can
 * outlive the process that started it. It is found by its project's name, and `end` ends it.
 */
async function up(
  dir: string,
  part: string,
  services: string[],
  environment: Record<string, string>,
): Promise<void> {
  const composed = new DockerComposeEnvironment(path.join(import.meta.dirname, '..'), 'compose.yaml')
    .withProjectName(project(dir, part))
    .withAutoCleanup(false)
    .withEnvironment(environment)
    .withDefaultWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(READY_WITHIN_MS);
  try {
    await composed.up(services);
  } catch (cause) {
    const message = `containers ${services.join(', ')} did not become ready: ${messageOf(cause)}`;
    throw new LedgerstoneError('stack', message, {
      cause,
      remedy: 'DEBUG=testcontainers* shows what they log.',
    });
  }
}

type Container = { readonly id: string; readonly name: string };

/** Containers of this stack; `name` is the service's name in compose.yaml. */
async function containers(dir: string, all: boolean): Promise<Container[]> {
  const columns = '{{.ID}} {{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.service"}}';
  const listing = await docker(
    'listing containers',
    'ps',
    ...(all ? ['--all'] : []),
    '--no-trunc',
    '--format',
    columns,
  );
  return listing.split('\n').flatMap((line) => {
    const [id = '', of = '', name = ''] = line.split(' ');
    return of.startsWith(projectPrefix(dir)) ? [{ id, name }] : [];
  });
}

async function idOf(dir: string, name: string): Promise<string> {
  const found = (await containers(dir, true)).find((container) => container.name === name);
  if (found === undefined)
    throw new LedgerstoneError('stack', `the stack in ${dir} has no container ${name}`);
  return found.id;
}

async function startService(dir: string, service: string, portVariable: string) {
  const [port] = (await freePorts(1)) as [number];
  await up(dir, service, [service], { [portVariable]: String(port) });
  return { endpoint: `http://${HOST}:${port}`, process: service };
}

async function again(dir: string, name: string, probe: () => Promise<boolean>): Promise<void> {
  await docker(`starting ${name}`, 'start', await idOf(dir, name));
  await untilAnswers(name, probe);
}

async function untilAnswers(name: string, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + COMMAND_MS;
  while (!(await probe().catch(() => false))) {
    if (performance.now() > deadline) {
      throw new LedgerstoneError(
        'stack',
        `container ${name} does not answer within ${COMMAND_MS / 1000} s of its start`,
      );
    }
    await sleep(100);
  }
}

/** Runs the tool in the first broker's container, on the inner listener. */
async function startTool(dir: string, tool: KafkaTool): Promise<ToolProcess> {
  const config = `/tmp/${tool.name}.properties`;
  const script = 'printf %s "$0" > "$1"; shift; exec /opt/kafka/bin/kafka-run-class.sh "$@"';
  const args = tool.args({ bootstrap: 'kafka-1:19092', config });
  const command = ['sh', '-c', script, tool.config, config, tool.mainClass, ...args];
  return spawn('docker', ['exec', '--interactive', await idOf(dir, 'kafka-1'), ...command]);
}

export const dockerBackend: Backend = {
  name: 'docker',
  startKafka: async (dir, version, count, _log, { advertisedPorts = [], secured } = {}) => {
    if (advertisedPorts.length > 0 || secured !== undefined) {
      throw new LedgerstoneError('stack', 'containers advertise their own ports only', {
        remedy: "Use startStack({ backend: 'native' }).",
      });
    }
    const ports = await freePorts(count);
    const names = ports.map((_, index) => `kafka-${index + 1}`);
    await up(dir, 'kafka', names, {
      KAFKA_VERSION: version,
      KAFKA_VOTERS: names.map((name, index) => `${index + 1}@${name}:9093`).join(','),
      KAFKA_COPIES: String(count),
      KAFKA_IN_SYNC: String(Math.min(2, count)),
      ...Object.fromEntries(ports.map((port, index) => [`KAFKA_PORT_${index + 1}`, String(port)])),
    });
    const bootstrap = ports.map((port) => `${HOST}:${port}`);
    await Promise.all(
      bootstrap.map((address, index) => untilAnswers(`kafka-${index + 1}`, servesAs(index + 1, address))),
    );
    return {
      version,
      bootstrap,
      brokers: names.map((name, index) => ({ id: index + 1, name })),
      behindProxies: [],
      secured: [],
    };
  },
  startS3Kms: (dir) => startService(dir, 's3-kms', 'S3_PORT'),
  startEd25519Kms: (dir) => startService(dir, 'ed25519-kms', 'ED25519_KMS_PORT'),
  startSecondS3: (dir) => startService(dir, 'second-s3', 'SECOND_S3_PORT'),
  alive: async (dir) => new Set((await containers(dir, false)).map(({ name }) => name)),
  pid: () => undefined,
  signal: async (dir, name, signal) => {
    await docker(`signalling ${name}`, 'kill', '--signal', signal, await idOf(dir, name));
  },
  kill: async (dir, name) => {
    const running = (await containers(dir, false)).find((container) => container.name === name);
    if (running !== undefined) await docker(`killing ${name}`, 'kill', running.id);
  },
  restartBroker: (dir, name, id, address) => again(dir, name, servesAs(id, address)),
  restartSecondS3: (dir, { endpoint, process }) => again(dir, process, answersOk(`${endpoint}/healthz`)),
  startTool: (dir, _kafka, tool) => startTool(dir, tool),
  end: async (dir) => {
    const all = await containers(dir, true);
    if (all.length > 0)
      await docker('removing containers', 'rm', '--force', '--volumes', ...all.map(({ id }) => id));
    const networks = await docker('listing networks', 'network', 'ls', '--format', '{{.Name}}');
    const own = networks.split('\n').filter((name) => name.startsWith(projectPrefix(dir)));
    if (own.length > 0) await docker('removing networks', 'network', 'rm', ...own);
    return all.length;
  },
};
