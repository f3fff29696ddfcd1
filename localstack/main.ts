// How does a person start, look at and stop the local stack? `npm run stack -- [start|status|stop] [options]`
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LedgerstoneError, messageOf } from '../src/base/error.ts';
import { TOPIC } from './contents.ts';
import { nativeMeans } from './means.ts';
import { KAFKA_VERSION_DEFAULT, KAFKA_VERSIONS, type KafkaVersion } from './native/kafka-install.ts';
import type { RunningStack } from './running.ts';
import { sampleConfig, sampleEnv } from './sample-config.ts';
import { readyStack, startStack, stopStack } from './stack.ts';
import { stackPaths } from './state.ts';

const HELP = `The local stack: Apache Kafka, S3 with Object Lock and KMS on this machine, on 127.0.0.1 only.

  npm run stack                                  start it in the background; a second start says where it is
  npm run stack -- start --kafka 3.9.1 --brokers 3
  npm run stack -- status
  npm run stack -- stop                          end all its processes and remove all its data

  --kafka VERSION    ${KAFKA_VERSIONS.join(', ')} (default ${KAFKA_VERSION_DEFAULT})
  --brokers N        1 (default), 2 or 3
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
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command = 'start', ...rest] = positionals;
  if (values.help === true) return say(HELP, 0);
  if (rest.length > 0) throw usage(`unexpected ${rest[0]}`);
  switch (command) {
    case 'start':
      return start(kafkaVersion(values.kafka), Number(values.brokers ?? 1));
    case 'status':
      return status();
    case 'stop':
      return stop();
    default:
      throw usage(`unknown command ${command}`);
  }
}

async function start(version: KafkaVersion, brokers: number): Promise<number> {
  const dir = stateDir();
  const ready = await readyStack(dir);
  if (ready !== undefined) return say(`The stack already runs.\n${describe(ready)}`, 0);
  const means = await nativeMeans(version);
  for (const reason of [means.kafka, means.s3]) {
    if (reason !== true) throw new LedgerstoneError('stack', `cannot run the stack here: ${reason}`);
  }
  say(`Starting Kafka ${version}${brokers > 1 ? ` with ${brokers} brokers` : ''}, S3 and KMS …`, 0);
  const stack = await startStack({
    dir,
    kafka: { version, brokers },
    ed25519Kms: true,
    log: (line) => say(`  ${line}`, 0),
  });
  const paths = stackPaths(stack.dir);
  const config = sampleConfig(stack.state);
  if (config !== undefined) await writeFile(paths.config, config);
  await writeFile(paths.env, sampleEnv());
  return say(`Ready after ${stack.state.startedInSeconds} s.\n${describe(stack)}`, 0);
}

async function status(): Promise<number> {
  const ready = await readyStack(stateDir());
  return ready === undefined
    ? say('No stack runs here. Start it: npm run stack', 1)
    : say(describe(ready), 0);
}

async function stop(): Promise<number> {
  const ended = await stopStack(stateDir());
  return say(ended === 0 ? 'No stack ran here.' : `Stopped: ${ended} processes ended, all data removed.`, 0);
}

function describe({ dir, kafka, s3, kms, kmsEd25519 }: RunningStack): string {
  const paths = stackPaths(dir);
  const rows = [
    [
      `Kafka ${kafka.version}`,
      kafka.bootstrap.join(','),
      `topic ${TOPIC.topic}, ${TOPIC.partitions} partitions`,
    ],
    ['S3', s3.endpoint, `bucket ${s3.bucket}, Object Lock, 1 day COMPLIANCE by default`],
    ['KMS', kms.endpoint, `P-256 key ${kms.keyId}`],
    ['KMS (Ed25519)', kmsEd25519.endpoint, `key ${kmsEd25519.keyId}`],
    [
      'region, login',
      s3.region,
      `access key ${s3.credentials.accessKeyId}, secret ${s3.credentials.secretAccessKey}`,
    ],
    ['config', paths.config, ''],
    ['logs', paths.logs, ''],
  ];
  const table = rows.map(
    ([what = '', where = '', more = '']) => `  ${what.padEnd(14)} ${where}${more && `  ${more}`}`,
  );
  return `${table.join('\n')}
Use it:   . ${paths.env} && npm run ledgerstone -- archive --config ${paths.config}
Stop it:  npm run stack -- stop`;
}

function kafkaVersion(given: string = KAFKA_VERSION_DEFAULT): KafkaVersion {
  const version = KAFKA_VERSIONS.find((known) => known === given);
  if (version === undefined) throw usage(`no Kafka version ${given} here, but ${KAFKA_VERSIONS.join(', ')}`);
  return version;
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
