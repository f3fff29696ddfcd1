// Is a topic that Kafka compacts noticed before anything is consumed from it?
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import { checkKafka, refuseCompacted } from '../../src/ingest/kafka/topic-check.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { HazardWorld } from './ingest-kafka-hazards-world.ts';
import { KafkaWorld, unique } from './ingest-kafka-world.ts';

type Topics = readonly { readonly name: string; readonly compacted?: 'accept' }[];

describeWithStack('topics that Kafka compacts', { kafka: true }, (stack) => {
  let world: KafkaWorld;
  beforeEach(() => {
    world = new KafkaWorld(stack().kafka.bootstrap);
  });
  afterEach(() => world.close());

  const options = (topics: Topics, brokers = world.brokers) => ({
    ...{ brokers, topics, clientId: 'ledgerstone', groupId: unique('group'), tls: false as const },
    ...{ recordBytesMax: 10 * 1024 * 1024, log: silentLogger },
  });
  const topicOf = (policy: string) => world.topic({ config: { 'cleanup.policy': policy } });

  it('are refused with the remedy, and others pass', async () => {
    const kept = await topicOf('delete');
    const compacted = await topicOf('compact');
    const both = await topicOf('compact,delete');
    expect(await refuseCompacted(options([{ name: kept }]))).toBeNull();
    for (const name of [compacted, both]) {
      const refused = refuseCompacted(options([{ name: kept }, { name }]));
      await expect(refused).rejects.toMatchObject({
        code: 'topic-compacted',
        message: expect.stringContaining(name),
        remedy: expect.stringContaining('compacted: accept'),
      });
      await expect(refused).rejects.not.toThrow(kept);
    }
  });

  it('pass where they are accepted, and doctor says what that means', async () => {
    const name = await topicOf('compact');
    const accepted = options([{ name, compacted: 'accept' }]);
    expect(await refuseCompacted(accepted)).toBeNull();
    const verdict = async (of: typeof accepted) =>
      (await checkKafka(of)).find((check) => check.name === 'cleanup.policy')?.verdict;
    expect(await verdict(accepted)).toBe('warning');
    expect(await verdict(options([{ name }]))).toBe('bad');
  });

  it('are unknown where no broker answers, and nothing is refused for that', async () => {
    expect(await refuseCompacted(options([{ name: 't' }], ['127.0.0.1:1']))).toContain(
      'settings of the topics',
    );
  });
});

/** Segments are rolled and cleaned as soon as the broker's cleaner comes by. */
const SOON = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '1000',
  'delete.retention.ms': '0',
};

describeWithStack('a topic that Kafka really compacts', { kafka: true }, (stack) => {
  let world: HazardWorld;
  beforeEach(() => {
    world = new HazardWorld(stack().kafka.bootstrap);
  });
  afterEach(() => world.close());

  const offsetsOf = async (topic: string) => {
    const source = world.source([topic], unique('look'), {}, undefined, 'look.example.com/test');
    const offsets: number[] = [];
    const { high } = await source.logRange({ topic, partition: 0 });
    for (let at = 0; at < high; at = (offsets.at(-1) ?? high) + 1) {
      const { records } = await source.readAt({ topic, partition: 0 }, at);
      offsets.push(...records.map(({ offset }) => offset).filter((offset) => offset >= at));
      if (records.length === 0) break;
    }
    return offsets;
  };
  /** Ten keys, each once: their older records may go. */
  const write = async (topic: string, word: string, keys = 10) => {
    const messages = Array.from({ length: keys }, (_, n) => ({
      partition: 0,
      key: `k${n}`,
      value: `${word} ${n}`,
    }));
    await (await world.producer()).send({ topic, messages, acks: -1 });
  };

  it('goes on without its newest sealed record, archives what is left, and one decision covers the holes', async () => {
    const topic = await world.orders(1, SOON);
    await write(topic, 'old');
    const first = world.start({ topic: ', compacted: accept' });
    await world.sealed(10);
    await first.drain();
    // Two rounds more, of which the first goes, with all that is sealed; the last segment is never cleaned.
    await write(topic, 'middle', 9);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await write(topic, 'new');
    await world.eventually('compaction', async () => {
      // A segment is rolled by the next record that comes.
      await (await world.producer()).send({
        topic,
        messages: [{ partition: 0, key: 'tick', value: 'tick' }],
      });
      return !(await offsetsOf(topic)).some((offset) => offset < 19);
    });
    const second = world.start({ topic: ', compacted: accept' });
    await world.waitFor('halted', () => second.actor()?.halt?.code === 'hole');
    expect(second.actor()?.halt?.gap).toEqual({ from: 10, to: 19 });
    const high = await world.stableOffset(topic);
    const decision = await world.decideCompacted(high);
    expect(decision.gaps).toBeGreaterThan(0);
    await world.sealed(high);
    const left = await offsetsOf(topic);
    const archived = world.lines().flatMap((line) => (line.kind === 'entry' ? [line.record.offset] : []));
    // Kafka may have removed more since it was archived.
    expect(archived).toEqual(expect.arrayContaining(left.filter((offset) => offset < high)));
    expect(archived.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, offset) => offset));
    expect(await world.verdict()).toBe('verified');
  });
});
