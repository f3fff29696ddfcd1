// What is measured by idle.ts: a consumer of an empty topic, our own or plain kafkajs, until it is killed.
import kafkajs from 'kafkajs';
import { kafkaSource } from '../src/ingest/kafka/source.ts';
import type { SourceListener } from '../src/ingest/source.ts';

const [kind = '', brokers = '', topic = '', groupId = ''] = process.argv.slice(2);
const nothing = () => {};

if (kind === 'ours') {
  const source = kafkaSource({
    brokers: brokers.split(','),
    clientId: 'bench',
    groupId,
    tls: false,
    topics: [{ name: topic }],
    recordBytesMax: 10 * 1024 * 1024,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  const listener: SourceListener = {
    onAssign(owned) {
      for (const partition of owned) {
        source.seek(partition, 0);
        source.resume(partition);
      }
      console.log('ready');
    },
    onRevoke: nothing,
    onFetched: nothing,
    onSuspect: nothing,
    onEnd: nothing,
    onFatal(error) {
      throw error;
    },
  };
  await source.start(listener);
} else {
  const { Kafka, logLevel } = kafkajs;
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  // The settings of ours, so that only the client differs.
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 250,
    heartbeatInterval: 500,
    sessionTimeout: 10_000,
  });
  consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'));
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatch: async () => {} });
}
