// Does the Kafka source go on once the network does, whatever became of the connections that it had?
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, HOST } from '../../localstack/native/ports.ts';
import type { RunningStack } from '../../localstack/running.ts';
import { startStack } from '../../localstack/stack.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { describeWithMeans } from '../support/stack/global.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { KafkaWorld } from './ingest-kafka-world.ts';

const START_MS = 30 * 60_000;
/** Neither of these ends a wait in the place of what is tested. */
const NEVER = { requestTimeoutMs: 4 * PATIENCE_MS, stallMs: 4 * PATIENCE_MS };

describeWithMeans('the Kafka source behind a bad network', { kafka: true, native: true }, () => {
  let stack: RunningStack;
  let proxy: TcpProxy;
  beforeAll(async () => {
    const advertisedPorts = await freePorts(1);
    stack = await startStack({ s3: false, backend: 'native', kafka: { advertisedPorts } });
    const port = Number(stack.kafka.behindProxies[0]?.split(':')[1]);
    proxy = await tcpProxy({ host: HOST, port }, advertisedPorts[0]);
  }, START_MS);
  afterAll(async () => {
    await proxy?.close();
    await stack?.stop();
  });

  // kafkajs puts what it had of an answer before the first answer of the next connection, and understands nothing more.
  it('begins anew where an answer was cut off in the middle', async () => {
    const straight = new KafkaWorld(stack.kafka.bootstrap);
    const world = new KafkaWorld([`${HOST}:${proxy.port}`]);
    try {
      const topic = await straight.topic();
      const values: string[] = [];
      const { recorder } = await world.reader([topic], {
        tuning: NEVER,
        onFetched: ({ records }) =>
          values.push(...records.map(({ value }) => Buffer.from(value ?? []).toString())),
      });
      for (const value of ['one', 'two', 'three']) {
        let cut = 0;
        proxy.set({ kind: 'answers', fate: () => (cut++ < 4 ? 'half' : 'pass') });
        await straight.send(topic, [value]);
        await recorder.until(`record ${value}`, () => values.includes(value));
        expect(cut).toBeGreaterThan(3);
      }
      expect(recorder.of('fatal')).toEqual([]);
    } finally {
      proxy.set({ kind: 'pass' });
      await world.close();
      await straight.close();
    }
  });

  // A firewall that forgot its connections lets them stay open and passes nothing: kafkajs would wait for the watchdog.
  it('opens another connection where one was not answered in time', async () => {
    const straight = new KafkaWorld(stack.kafka.bootstrap);
    const world = new KafkaWorld([`${HOST}:${proxy.port}`]);
    try {
      const topic = await straight.topic();
      const values: string[] = [];
      const { source, recorder } = await world.reader([topic], {
        tuning: { ...NEVER, requestTimeoutMs: 1_000 },
        onFetched: ({ records }) =>
          values.push(...records.map(({ value }) => Buffer.from(value ?? []).toString())),
      });
      await straight.send(topic, ['before']);
      await recorder.until('a record', () => values.includes('before'));
      proxy.set({ kind: 'black-hole' });
      await sleep(1_500); // each connection has sent something into it: a fetch, a heartbeat, a question
      proxy.set({ kind: 'pass' });
      await straight.send(topic, ['after']);
      await recorder.until('the next record', () => values.includes('after'));
      expect(await source.logRange({ topic, partition: 0 })).toEqual({ low: 0, high: 2 });
      expect(recorder.of('fatal')).toEqual([]);
    } finally {
      await world.close();
      await straight.close();
    }
  });
});
