// Is a topic that Kafka compacts noticed before anything is consumed from it?
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import { checkKafka, refuseCompacted } from '../../src/ingest/kafka/topic-check.ts';
import { describeWithStack } from '../support/stack/global.ts';
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
