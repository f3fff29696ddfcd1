// What does `ledgerstone demo --stack` use of the running stack? A new topic, and the events in it.
import path from 'node:path';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { LedgerstoneError } from '../src/base/error.ts';
import { ensureTopic } from './kafka-admin.ts';
import { CREDENTIALS, REGION } from './provisioning.ts';
import { readyStack } from './stack.ts';
import type { StackState } from './state.ts';

export type DemoStack = {
  readonly topic: string;
  readonly partitions: number;
  readonly bucket: string;
  /** Prefix of this run's archive in the bucket. It ends with '/'. */
  readonly prefix: string;
  readonly region: string;
  readonly s3Endpoint: string;
  readonly kmsEndpoint: string;
  readonly keyId: string;
  readonly bootstrap: readonly string[];
  readonly kafkaVersion: string;
  readonly credentials: typeof CREDENTIALS;
  /**
   * Writes each event as the value of one record, to the partitions in turn. Resolves when all are
   * acknowledged.
   */
  produce(events: readonly Uint8Array[]): Promise<void>;
};

const PARTITIONS = 4;
/** Bytes of values in one request: with headers it stays below the broker's 1 MiB. */
const REQUEST_BYTES_MAX = 512 * 1024;

/** Each run has a new topic and prefix: the archive of an earlier run stays there, locked. */
export async function openDemoStack(env: NodeJS.ProcessEnv): Promise<DemoStack> {
  const dir = env['LEDGERSTONE_STACK_DIR'] || path.join(import.meta.dirname, '..', '.stack');
  const stack = await readyStack(dir);
  if (stack === undefined) {
    throw new LedgerstoneError('no-stack', 'the local stack does not run', {
      remedy: 'Start it with `npm run stack`, and run the demo again.',
    });
  }
  const { kafka, s3, kms } = partsOf(stack.state);
  const run = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const topic = `audit.demo-${run}`;
  await ensureTopic(kafka.bootstrap, { topic, partitions: PARTITIONS });
  return {
    topic,
    partitions: PARTITIONS,
    bucket: s3.bucket,
    prefix: `demo-${run}/`,
    region: REGION,
    s3Endpoint: s3.endpoint,
    kmsEndpoint: kms.endpoint,
    keyId: kms.keyId,
    bootstrap: kafka.bootstrap,
    kafkaVersion: kafka.version,
    credentials: CREDENTIALS,
    produce: (events) => produce(kafka.bootstrap, topic, events),
  };
}

function partsOf({ kafka, s3, kms }: StackState) {
  if (kafka === undefined || s3 === undefined || kms === undefined) {
    throw new LedgerstoneError('no-stack', 'the local stack runs without Kafka, S3 or KMS', {
      remedy: 'Stop it and start a whole one: npm run stack -- stop; npm run stack',
    });
  }
  return { kafka, s3, kms };
}

/** Writes values as records to the partitions of a topic, in turn. */
export async function produce(
  bootstrap: readonly string[],
  topic: string,
  events: readonly Uint8Array[],
  partitions: number = PARTITIONS,
): Promise<void> {
  const kafka = new Kafka({ clientId: 'demo', brokers: [...bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    for (let partition = 0; partition < partitions; partition++) {
      let messages: Message[] = [];
      let bytes = 0;
      const send = async () => {
        if (messages.length > 0) await producer.send({ topic, messages, acks: -1 });
        messages = [];
        bytes = 0;
      };
      for (let index = partition; index < events.length; index += partitions) {
        const value = Buffer.from(events[index] as Uint8Array);
        if (bytes + value.length > REQUEST_BYTES_MAX) await send();
        messages.push({ partition, value, headers: { demo: String(index) } });
        bytes += value.length;
      }
      await send();
    }
  } finally {
    await producer.disconnect();
  }
}
