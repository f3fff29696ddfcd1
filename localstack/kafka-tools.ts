// How do tests and benchmarks fill a topic with Kafka's own producers, which report the true offsets?
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { LedgerstoneError } from '../src/base/error.ts';
import type { ToolProcess } from './backend.ts';
import type { RunningStack } from './running.ts';

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** One record that the cluster acknowledged, as the producer reports it. */
export type Acknowledged = {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
};

export type VerifiableProducer = {
  /** Grows while it runs. */
  readonly acknowledged: readonly Acknowledged[];
  /** Values whose send failed. Such a record may have been written nevertheless. */
  readonly failed: readonly string[];
  /** Resolves when all messages are sent, or after `stop`. */
  readonly done: Promise<void>;
  /** Asks it to end. Records in flight are still acknowledged. */
  stop(): Promise<void>;
};

/** Exit codes of an orderly end, and of a JVM that was asked to end. */
const END_CODES = [0, 143];

/**
 * Kafka's VerifiableProducer: values 0, 1, 2 …, acks=all, keys that repeat, so that every partition gets
 * records from the first second on, and one line of JSON per acknowledged record. The oracle of the
 * end-to-end tests.
 */
export async function verifiableProducer(
  stack: RunningStack,
  wanted: {
    readonly topic: string;
    /** −1: until `stop`. */
    readonly messages: number;
    /** Records per second; −1 (default): as fast as it goes. */
    readonly throughput?: number;
    readonly codec?: Codec;
    /** Put before each value, with a dot. */
    readonly prefix?: string;
  },
): Promise<VerifiableProducer> {
  const { topic, messages, throughput = -1, codec = 'none', prefix } = wanted;
  const child = await stack.kafka.startTool({
    name: `verifiable-producer-${topic}`,
    mainClass: 'org.apache.kafka.tools.VerifiableProducer',
    config: `compression.type=${codec}\n`,
    args: ({ bootstrap, config }) => [
      ...['--bootstrap-server', bootstrap, '--producer.config', config, '--topic', topic, '--acks', '-1'],
      ...['--max-messages', String(messages), '--throughput', String(throughput), '--repeating-keys', '64'],
      ...(prefix === undefined ? [] : ['--value-prefix', prefix]),
    ],
  });
  const acknowledged: Acknowledged[] = [];
  const failed: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as Acknowledged & { name: string };
    const { partition, offset, key, value } = event;
    if (event.name === 'producer_send_success') acknowledged.push({ partition, offset, key, value });
    if (event.name === 'producer_send_error') failed.push(value);
  });
  const done = Promise.all([once(lines, 'close'), ended(child, END_CODES)]).then(() => {});
  done.catch(() => {}); // the caller who awaits it gets the error; until then it must not count as unhandled
  const stop = async () => {
    child.kill('SIGTERM');
    await done;
  };
  return { acknowledged, failed, done, stop };
}

/** A user of the brokers' secured listeners, who may log in by SCRAM-SHA-512. */
export async function createScramUser(
  stack: RunningStack,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  const child = await stack.kafka.startTool({
    name: `scram-user-${name}`,
    mainClass: 'kafka.admin.ConfigCommand',
    config: '',
    args: ({ bootstrap }) => [
      ...['--bootstrap-server', bootstrap, '--alter', '--entity-type', 'users', '--entity-name', name],
      ...['--add-config', `SCRAM-SHA-512=[iterations=4096,password=${password}]`],
    ],
  });
  child.stdout.resume();
  await ended(child, [0]);
}

/**
 * Kafka's ProducerPerformance: fills a topic quickly (some 300,000 records/s) with lines picked from the file
 * at random, without keys. For benchmarks.
 */
export async function fillTopic(
  stack: RunningStack,
  wanted: {
    readonly topic: string;
    readonly records: number;
    /** One payload per line. */
    readonly payloadFile: string;
    readonly codec?: Codec;
    /** Further producer settings, for example `batch.size`. */
    readonly config?: Readonly<Record<string, string | number>>;
  },
): Promise<void> {
  const { topic, records, payloadFile, codec = 'none', config = {} } = wanted;
  if (stack.state.backend === 'docker') {
    throw new LedgerstoneError(
      'stack',
      'fillTopic reads a file of this machine, which a container does not see',
      {
        remedy: "Use startStack({ backend: 'native' }).",
      },
    );
  }
  const settings = {
    'compression.type': codec,
    acks: 'all',
    'batch.size': 262_144,
    'linger.ms': 20,
    ...config,
  };
  const child = await stack.kafka.startTool({
    name: `producer-performance-${topic}`,
    mainClass: 'org.apache.kafka.tools.ProducerPerformance',
    config: '',
    args: ({ bootstrap }) => [
      ...[
        '--topic',
        topic,
        '--num-records',
        String(records),
        '--throughput',
        '-1',
        '--payload-file',
        payloadFile,
      ],
      ...['--producer-props', `bootstrap.servers=${bootstrap}`],
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    ],
  });
  child.stdout.resume();
  await ended(child, [0]);
}

/**
 * Kafka's console producer: exactly these values, in this order per partition, in one of Kafka's own codecs.
 * Values and keys must not hold tabs or line ends; without keys the producer chooses the partitions.
 */
export async function produceLines(
  stack: RunningStack,
  wanted: {
    readonly topic: string;
    readonly records: readonly { readonly key?: string; readonly value: string }[];
    readonly codec?: Codec;
  },
): Promise<void> {
  const { topic, records, codec = 'none' } = wanted;
  const keyed = records.some(({ key }) => key !== undefined);
  const lines = records.map(({ key, value }) => (keyed ? `${key ?? ''}\t${value}` : value));
  if (lines.some((line) => /[\r\n]/.test(line) || line.split('\t').length > (keyed ? 2 : 1))) {
    throw new LedgerstoneError('stack', 'produceLines cannot carry tabs or line ends');
  }
  const child = await stack.kafka.startTool({
    name: `console-producer-${topic}`,
    mainClass: 'org.apache.kafka.tools.ConsoleProducer',
    config: '',
    args: ({ bootstrap }) => [
      ...['--bootstrap-server', bootstrap, '--topic', topic, '--compression-codec', codec],
      ...['--producer-property', 'acks=all', '--property', `parse.key=${keyed}`],
    ],
  });
  child.stdout.resume();
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  await Promise.all([finished(child.stdin), ended(child, [0])]);
}

/** Resolves when the tool has ended well. Otherwise fails with the end of its output. */
async function ended(child: ToolProcess, wellCodes: readonly number[]): Promise<void> {
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-2_000);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === null || !wellCodes.includes(code)) {
    throw new LedgerstoneError('stack', `a producer of Kafka ended with ${code ?? signal}:\n${said}`);
  }
}
