// Strangers join the consumer group and leave it every second, take partitions for a moment, and commit what they please.
import { Kafka, logLevel, type PartitionAssigner } from 'kafkajs';
import { messageOf } from '../../../../src/base/error.ts';
import { assignerOf } from '../../../../src/ingest/kafka/group/assigner.ts';
import { type Scenario, seconds } from '../scenario.ts';
import type { World } from '../world.ts';

const STRANGERS_MAX = 2;
/** Of those that speak kafkajs's own protocol, which the group refuses; the others speak the archivers'. */
const FOREIGN = 0.25;

export const storm: Scenario = {
  name: 'storm',
  what: 'foreign members joining and leaving the consumer group every second',
  seconds: { full: 60, short: 15 },
  async run(world) {
    const strangers: Stranger[] = [];
    const leaving: Promise<void>[] = [];
    const leave = () => {
      const stranger = strangers.shift();
      if (stranger === undefined) return;
      leaving.push(stranger.leave()); // who waits for a rebalance takes its time
      world.fault('leaves');
    };
    for (let second = 0; second < world.of(50, 10); second++) {
      strangers.push(join(world));
      await seconds(1);
      if (strangers.length > STRANGERS_MAX || world.random.chance(0.3)) leave();
    }
    while (strangers.length > 0) leave();
    await Promise.all(leaving);
    if ((world.faults.get('partitions taken') ?? 0) === 0) world.problem('no stranger got a partition');
  },
};

type Stranger = { leave(): Promise<void> };

/** Joins in its own time: the group may be in a rebalance for as long as a session lasts. */
function join(world: World): Stranger {
  const { bootstrap } = world.servers.stack.kafka;
  const kafka = new Kafka({ clientId: 'stranger', brokers: [...bootstrap], logLevel: logLevel.NOTHING });
  const foreign = world.random.chance(FOREIGN);
  const archivers = assignerOf(`chaos.example.com/${world.topic}`) as unknown as PartitionAssigner;
  const consumer = kafka.consumer({
    groupId: world.topic,
    sessionTimeout: 10_000,
    rebalanceTimeout: 15_000,
    ...(foreign ? {} : { partitionAssigners: [archivers] }),
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    world.fault('joins');
    world.fault('partitions taken', Object.values(payload.memberAssignment).flat().length);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (/protocol/i.test(messageOf(payload.error))) world.fault('refused');
  });
  const fromBeginning = world.random.chance(0.5);
  const run = async () => {
    await consumer.connect();
    await consumer.subscribe({ topics: [world.topic], fromBeginning });
    await consumer.run({ autoCommit: true, autoCommitThreshold: 1, eachMessage: async () => {} });
  };
  const joined = run().catch(() => {}); // it was refused
  // One that were disconnected while it joins would become a member afterwards, for good.
  return { leave: () => joined.then(() => consumer.disconnect()) };
}
