// The reference: how many records a second does a bare kafkajs consumer read with the archiver's settings?

import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';

// kafkajs's loop of timers makes Node warn (#1751, TimeoutNegativeWarning). The loop is measured too. Only
// the printing of the warnings is removed.
process.removeAllListeners('warning');

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const [brokers = '', topic = '', count = '0', groupId = ''] = process.argv.slice(2);
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
  decompress: (buffer: Buffer) => decompress(buffer),
});

const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 250, maxBytesPerPartition: 1024 * 1024 });
let startedMs = 0;
let seen = 0;
consumer.on(consumer.events.GROUP_JOIN, () => {
  startedMs = performance.now();
});
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
const done = new Promise<void>((resolve) => {
  void consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: true,
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch }) => {
      seen += batch.messages.length;
      if (seen >= Number(count)) resolve();
    },
  });
});
await done;
const seconds = (performance.now() - startedMs) / 1000;
console.log(
  JSON.stringify({ eventsPerSecond: seen / seconds, rssMib: process.memoryUsage().rss / 1024 / 1024 }),
);
await consumer.disconnect();
