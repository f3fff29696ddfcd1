// `npm run stack -- [start|status|stop]`: how does a person start, inspect and stop the local stack?
import path from 'node:path';
import { parseArgs } from 'node:util';
import { demoEvents, linesOfText } from '../src/apps/cli/demo/events.ts';
import { LedgerstoneError, messageOf } from '../src/base/error.ts';
import type { Backend } from './backend.ts';
import { produce } from './demo.ts';
import { ensureTopic, partitionCount } from './kafka-admin.ts';
import { KAFKA_VERSION_DEFAULT, KAFKA_VERSIONS, type KafkaVersion } from './native/kafka-install.ts';
import { dockerAnswers, nativePrerequisites } from './prerequisites.ts';
import { CREDENTIALS, REGION, SECOND_S3_CREDENTIALS, TOPIC } from './provisioning.ts';
import type { RunningStack } from './running.ts';
import { readyStack, startStack, stopStack } from './stack.ts';
import { stackPaths } from './state.ts';

const HELP = `The local stack: Apache Kafka, S3 with Object Lock and KMS on this machine, on 127.0.0.1 only.

  npm run stack                                  start it in the background, or show where it runs
  npm run stack -- start --kafka 3.9.1 --brokers 3
  npm run stack -- produce 500                   write that many real audit events to the topic
  npm run stack -- produce 500 --topic NAME      the same to a topic that is there, to all its partitions
  npm run stack -- topic NAME --partitions 3     create another topic (default: 1 partition)
  npm run stack -- status
  npm run stack -- stop                          end all its processes and remove all its data

  --kafka VERSION    ${KAFKA_VERSIONS.join(', ')} (default ${KAFKA_VERSION_DEFAULT})
  --brokers N        1 (default), 2 or 3
  --second-s3        also an S3 server with Object Lock by another maker
  --docker           in containers (localstack/compose.yaml), even if plain processes would work
  --help

Its state is in .stack, or in the directory that LEDGERSTONE_STACK_DIR names.`;

const stateDir = (): string =>
  process.env['LEDGERSTONE_STACK_DIR'] || path.join(import.meta.dirname, '..', '.stack');

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      kafka: { type: 'string' },
      brokers: { type: 'string' },
      partitions: { type: 'string' },
      topic: { type: 'string' },
      docker: { type: 'boolean' },
      'second-s3': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command = 'start', ...rest] = positionals;
  if (values.help === true) return say(HELP, 0);
  if (command === 'produce') return produceEvents(rest, values.topic ?? TOPIC.topic);
  if (values.topic !== undefined) throw usage(`${command} takes no --topic`);
  if (command === 'topic') return createTopic(rest, values.partitions ?? '1');
  if (rest.length > 0) throw usage(`unexpected ${rest[0]}`);
  switch (command) {
    case 'start':
      return start({
        docker: values.docker ?? false,
        secondS3: values['second-s3'] ?? false,
        ...(values.kafka === undefined ? {} : { version: kafkaVersion(values.kafka) }),
        ...(values.brokers === undefined ? {} : { brokers: brokerCount(values.brokers) }),
      });
    case 'status':
      return status();
    case 'stop':
      return stop();
    default:
      throw usage(`unknown command ${command}`);
  }
}

type Wanted = {
  readonly version?: KafkaVersion;
  readonly brokers?: number;
  readonly docker: boolean;
  readonly secondS3: boolean;
};

async function start(wanted: Wanted): Promise<number> {
  const dir = stateDir();
  const ready = await readyStack(dir);
  if (ready !== undefined) {
    refuseOther(ready, wanted);
    if (wanted.secondS3 && ready.state.secondS3 === undefined)
      say(`It runs without a second S3. To start it with one, stop it first: ${stopCommand()}`, 0);
    return say(`The stack already runs.\n${description(ready)}`, 0);
  }
  const { version = KAFKA_VERSION_DEFAULT, brokers = 1 } = wanted;
  const backend = wanted.docker ? 'docker' : await usableBackend(version);
  const cluster = brokers > 1 ? ` with ${brokers} brokers` : '';
  say(`Starting Kafka ${version}${cluster}, S3 and KMS ${backend === 'docker' ? 'in containers ' : ''}…`, 0);
  const log = (line: string) => say(`  ${line}`, 0);
  const stack = await startStack({
    dir,
    backend,
    kafka: { version, brokers },
    ed25519Kms: true,
    secondS3: wanted.secondS3,
    log,
  });
  return say(`Ready after ${stack.state.startedInSeconds} s.\n${description(stack)}`, 0);
}

/** Plain processes if they can run, otherwise containers. */
async function usableBackend(version: KafkaVersion): Promise<Backend['name']> {
  const { kafka, s3 } = await nativePrerequisites(version);
  if (kafka === true && s3 === true) return 'native';
  if (await dockerAnswers()) return 'docker';
  const missing = [kafka, s3].filter((reason) => reason !== true).join('; ');
  throw new LedgerstoneError('stack', `cannot run the stack here: ${missing}; and no Docker daemon answers`);
}

function refuseOther({ state }: RunningStack, wanted: Wanted): void {
  const runs = { version: state.kafka?.version, brokers: state.kafka?.brokers.length };
  const { version = runs.version, brokers = runs.brokers } = wanted;
  if (version === runs.version && brokers === runs.brokers) return;
  throw new LedgerstoneError(
    'stack',
    `a stack with Kafka ${runs.version} and ${runs.brokers} broker(s) runs already`,
    {
      remedy: `Stop it first: ${stopCommand()}`,
    },
  );
}

async function status(): Promise<number> {
  const ready = await readyStack(stateDir());
  return ready === undefined
    ? say('No stack runs here. Start it: npm run stack', 1)
    : say(description(ready), 0);
}

async function produceEvents([wanted = '500', ...rest]: string[], topic: string): Promise<number> {
  if (!/^[1-9][0-9]{0,6}$/.test(wanted) || rest.length > 0) {
    throw usage(`${[wanted, ...rest].join(' ')} is no number of events from 1 to 9999999`);
  }
  const bootstrap = (await readyStack(stateDir()))?.state.kafka?.bootstrap;
  if (bootstrap === undefined) return say('No Kafka runs here. Start it: npm run stack', 1);
  const partitions = await partitionCount(bootstrap, topic);
  if (partitions === null)
    return say(`No topic ${topic} is there. Create it: npm run stack -- topic NAME --partitions N`, 1);
  const lines = [...linesOfText(await demoEvents())];
  const events = Array.from(
    { length: Number(wanted) },
    (_, index) => lines[index % lines.length] as Uint8Array,
  );
  await produce(bootstrap, topic, events, partitions);
  return say(`${wanted} events written to ${topic}.`, 0);
}

async function createTopic([topic = '', ...rest]: string[], partitions: string): Promise<number> {
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/.test(topic) || rest.length > 0) {
    throw usage(`${[topic, ...rest].join(' ') || 'nothing'} is no name of a topic`);
  }
  if (!/^[1-9][0-9]{0,2}$/.test(partitions)) {
    throw usage(`${partitions} is no number of partitions from 1 to 999`);
  }
  const bootstrap = (await readyStack(stateDir()))?.state.kafka?.bootstrap;
  if (bootstrap === undefined) return say('No Kafka runs here. Start it: npm run stack', 1);
  await ensureTopic(bootstrap, { topic, partitions: Number(partitions) });
  return say(`Topic ${topic} is there. One that was there before keeps the partitions that it had.`, 0);
}

async function stop(): Promise<number> {
  const ended = await stopStack(stateDir());
  return say(ended === 0 ? 'No stack ran here.' : `Stopped: ${ended} servers ended, all data removed.`, 0);
}

function description({
  dir,
  state: { backend, kafka, s3, kms, kmsEd25519, secondS3 },
}: RunningStack): string {
  const { config, verifier, env, logs } = stackPaths(dir);
  const rows: [string, string][] = [];
  if (kafka) {
    const { topic, partitions } = TOPIC;
    rows.push([
      `Kafka ${kafka.version}`,
      `${kafka.bootstrap.join(',')}  topic ${topic}, ${partitions} partitions`,
    ]);
  }
  if (s3) rows.push(['S3', `${s3.endpoint}  bucket ${s3.bucket}, Object Lock, by default 1 day COMPLIANCE`]);
  if (kms) rows.push(['KMS', `${kms.endpoint}  P-256 key ${kms.keyId}`]);
  if (secondS3) {
    const { accessKeyId, secretAccessKey } = SECOND_S3_CREDENTIALS;
    rows.push([
      'second S3',
      `${secondS3.endpoint}  the same bucket, access key ${accessKeyId}, secret ${secretAccessKey}`,
    ]);
  }
  if (kmsEd25519) rows.push(['KMS, Ed25519', `${kmsEd25519.endpoint}  key ${kmsEd25519.keyId}`]);
  rows.push([
    'AWS login',
    `region ${REGION}, access key ${CREDENTIALS.accessKeyId}, secret ${CREDENTIALS.secretAccessKey}`,
  ]);
  rows.push(
    ['logs', backend === 'native' ? logs : 'docker logs NAME, with a name of docker ps'],
    ['config', `${config}, ${verifier}`],
  );
  const table = rows.map(([what, where]) => `  ${what.padEnd(13)}${where}`).join('\n');
  return `${table}
Use it:   . ${env}
          npx ledgerstone init --config ${config} --vkey archive.vkey
          npx ledgerstone archive --config ${config}
Stop it:  ${stopCommand()}`;
}

const stopCommand = (): string => {
  const given = process.env['LEDGERSTONE_STACK_DIR'];
  return `${given ? `LEDGERSTONE_STACK_DIR=${given} ` : ''}npm run stack -- stop`;
};

function kafkaVersion(given: string): KafkaVersion {
  const version = KAFKA_VERSIONS.find((known) => known === given);
  if (version === undefined) throw usage(`no Kafka version ${given} here, but ${KAFKA_VERSIONS.join(', ')}`);
  return version;
}

function brokerCount(given: string): number {
  if (!/^[123]$/.test(given)) throw usage(`a cluster has 1, 2 or 3 brokers, not ${given}`);
  return Number(given);
}

const usage = (problem: string) =>
  new LedgerstoneError('usage', problem, { remedy: 'npm run stack -- --help' });

function say(text: string, exitCode: number): number {
  console.log(text);
  return exitCode;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof LedgerstoneError ? error.code === 'usage' : error instanceof TypeError;
  console.error(`stack: ${messageOf(error)}`);
  if (error instanceof LedgerstoneError && error.remedy !== undefined) console.error(error.remedy);
  process.exitCode = isUsage ? 2 : 1;
}
