// Does the Kafka source live through brokers that die, freeze and return, and end when nothing lives any more?
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifiableProducer } from '../../localstack/kafka-tools.ts';
import type { RunningBroker, RunningStack } from '../../localstack/running.ts';
import { startStack } from '../../localstack/stack.ts';
import { admit } from '../../src/ingest/gate.ts';
import { describeWithMeans } from '../support/stack/global.ts';
import { KafkaWorld } from './ingest-kafka-world.ts';

const START_MS = 30 * 60_000;
const PARTITIONS = [0, 1, 2, 3];

describeWithMeans('the Kafka source and three brokers', { kafka: true }, () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await startStack({ s3: false, kafka: { brokers: 3 } });
  }, START_MS);
  afterAll(() => stack?.stop());

  it('loses and doubles nothing while each is killed or frozen, and is never told to end', async () => {
    const world = new KafkaWorld(stack.kafka.bootstrap);
    try {
      const topic = await world.topic({
        partitions: PARTITIONS.length,
        replicas: 3,
        config: { 'min.insync.replicas': '2' },
      });
      const producer = await verifiableProducer(stack, { topic, messages: 1_000_000, throughput: 300 });
      const next = new Map(PARTITIONS.map((partition) => [partition, 0]));
      const refused: unknown[] = [];
      const got = new Map<string, string>();
      const { recorder } = await world.reader([topic], {
        from: (_, partition) => next.get(partition) as number,
        onFetched: (fetched) => {
          const admission = admit(next.get(fetched.partition) as number, fetched);
          if (admission.kind === 'accept') next.set(fetched.partition, admission.next);
          else if (admission.kind !== 'nothing') refused.push(admission);
          for (const { offset, value } of fetched.records) {
            got.set(`${fetched.partition}/${offset}`, Buffer.from(value ?? []).toString());
          }
        },
      });
      const flowing = async (what: string) => {
        const before = got.size;
        await recorder.until(`records ${what}`, () => got.size > before + 300);
      };
      await flowing('at first');
      for (const [index, broker] of stack.kafka.brokers.entries()) {
        const suspicions = recorder.of('suspect').length;
        if (index === 1) await broker.signal('SIGSTOP');
        else await broker.kill();
        await flowing(`without broker ${broker.id}`);
        await recorder.until('a suspicion', () => recorder.of('suspect').length > suspicions);
        if (index === 1) await broker.signal('SIGCONT');
        else await broker.restart();
        await flowing(`with broker ${broker.id} again`);
        await sleep(3_000);
      }
      await producer.stop();
      const { acknowledged } = producer;
      const have = () => acknowledged.filter(({ partition, offset }) => got.has(`${partition}/${offset}`));
      await recorder.until('every acknowledged record', () => have().length === acknowledged.length);
      const wrong = acknowledged.filter(
        ({ partition, offset, value }) => got.get(`${partition}/${offset}`) !== value,
      );
      expect([refused, wrong, recorder.of('fatal')]).toEqual([[], [], []]);
      expect(acknowledged.length).toBeGreaterThan(2_000);
      expect(world.warnings.filter((message) => /crash/i.test(message))).toEqual([]);
    } finally {
      await world.close();
    }
  });

  it('a log that an unclean election cut off, and that grew beyond our place again, is not read on', async () => {
    const world = new KafkaWorld(stack.kafka.bootstrap);
    const writer = new KafkaWorld(stack.kafka.bootstrap);
    const [one, two] = stack.kafka.brokers as [RunningBroker, RunningBroker];
    try {
      const topic = await world.topic({
        replicaAssignment: [{ partition: 0, replicas: [one.id, two.id] }],
        config: { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
      });
      const partition = { topic, partition: 0 };
      const { source, recorder } = await world.reader([topic]);
      const values = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`);
      await world.send(topic, values('on both', 50));
      await two.kill();
      await world.eventually(
        'the second replica to be left behind',
        async () => (await world.inSync(topic)) === 1,
      );
      await world.send(topic, values('on the first alone', 50));
      await recorder.until('all of it', () => recorder.records().length === 100);
      source.pause(partition);
      await one.kill();
      await two.restart();
      await writer.eventually('the second to lead', async () => {
        await writer.send(topic, values('on the second alone', 80));
        return true;
      });
      const outOfRange = () => recorder.of('out-of-range');
      expect(outOfRange()).toEqual([]);
      source.resume(partition);
      await recorder.until('a word about it', () => outOfRange().length > 0);
      expect(outOfRange()).toEqual([{ kind: 'out-of-range', partition, offset: 100 }]);
      expect(recorder.records()).toHaveLength(100);
      expect((await source.logRange(partition)).high).toBeGreaterThan(100);
    } finally {
      await one.restart();
      await writer.close();
      await world.close();
    }
  });

  it('a cluster that freezes is fatal within the stated time, and a close in the middle of it ends', async () => {
    const world = new KafkaWorld(stack.kafka.bootstrap);
    const topic = await world.topic({ partitions: 2, replicas: 3 });
    const tuning = { stallMs: 6_000, requestTimeoutMs: 2_000, closeMs: 2_000 };
    const { source, recorder } = await world.reader([topic], { tuning });
    await recorder.until('a first answer', () => recorder.of('fetched').length > 0);
    for (const broker of stack.kafka.brokers) await broker.signal('SIGSTOP');
    try {
      const frozenMs = performance.now();
      await recorder.until('the end', () => recorder.of('fatal').length > 0);
      // Counted from the last answer, which may be as old as a fetch waits.
      expect(performance.now() - frozenMs).toBeGreaterThan(4_000);
      expect(performance.now() - frozenMs).toBeLessThan(20_000);
      expect(recorder.of('fatal')[0]?.error).toMatchObject({ code: 'kafka-stalled' });
      expect(recorder.events.findLastIndex(({ kind }) => kind === 'revoke')).toBeGreaterThan(0);
      const closingMs = performance.now();
      await source.close();
      expect(performance.now() - closingMs).toBeLessThan(12_000);
      await expect(source.logRange({ topic, partition: 0 })).rejects.toThrow('closed');
    } finally {
      for (const broker of stack.kafka.brokers) await broker.signal('SIGCONT');
      await world.close();
    }
  });
});
