// Do the file source and the in-memory broker keep the promises of a source?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileSource } from '../../src/ingest/file.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryBroker, type MemoryBrokerOptions } from '../support/memory-broker.ts';
import type { NewRecord } from '../support/memory-log.ts';
import { memorySource } from '../support/memory-source.ts';
import { type SourceContract, sourceContract, type WrittenRecord } from './source-suite.ts';

const notForFiles = (): never => {
  throw new Error('a file can not do this');
};

sourceContract('a file', {
  kind: 'file',
  open: async (records) => {
    const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-source-'));
    const path = join(directory, 'lines');
    writeFileSync(path, records.map(({ value }) => `${value}\n`).join(''));
    return {
      topic: 'lines',
      source: () => fileSource({ path, topic: 'lines' }),
      // Nothing in a file waits for time to pass.
      pass: (ms) => sleep(Math.min(ms, 50)),
      close: async () => rmSync(directory, { recursive: true }),
      append: notForFiles,
      transaction: notForFiles,
      expire: notForFiles,
    };
  },
});

const newRecord = ({ value, key, headers, timestampMs }: WrittenRecord): NewRecord => ({
  value,
  ...(key === undefined ? {} : { key }),
  ...(headers === undefined ? {} : { headers }),
  ...(timestampMs === undefined ? {} : { timestamp: BigInt(timestampMs) }),
});

const onMemory = (options: Partial<MemoryBrokerOptions>): SourceContract => ({
  kind: 'kafka',
  open: async (records, partitions) => {
    const clock = new FakeClock({ auto: true });
    const broker = new MemoryBroker({ clock, ...options });
    const topic = 'orders';
    broker.createTopic(topic, partitions);
    broker.produce(topic, 0, ...records.map(newRecord));
    let members = 0;
    return {
      topic,
      source: () => memorySource(broker, 'group', `member-${++members}`, [topic]),
      pass: (ms) => clock.sleep(ms),
      close: async () => clock.stop(),
      append: async (partition, more) => broker.produce(topic, partition, ...more.map(newRecord)),
      transaction: async (values) => {
        const transaction = broker.log(topic).begin();
        for (const value of values) transaction.append({ value });
        return { commit: async () => transaction.commit(), abort: async () => transaction.abort() };
      },
      expire: async (low) => broker.log(topic).expire(low),
    };
  },
});

sourceContract('the in-memory broker', onMemory({}));
sourceContract(
  'the in-memory broker that jumps, delivers late and little at a time, and tells of records late',
  onMemory({ outOfRange: 'jump', lateAfterPause: true, watermarkBehind: true, fetchOffsetsMax: 3 }),
);
