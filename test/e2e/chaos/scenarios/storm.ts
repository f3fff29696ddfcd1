// Strangers join the consumer group and leave it every second, take partitions for a moment, and commit what they please.
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { type Scenario, seconds } from '../scenario.ts';
import type { World } from '../world.ts';

const STRANGERS_MAX = 2;

export const storm: Scenario = {
  name: 'storm',
  what: 'foreign members joining and leaving the consumer group every second',
  seconds: { full: 60, short: 15 },
  async run(world) {
    const strangers: Promise<Consumer>[] = [];
    const leave = async () => {
      await (await strangers.shift())?.disconnect();
      world.fault('leaves');
    };
    for (let second = 0; second < world.of(50, 10); second++) {
      strangers.push(join(world));
      await seconds(1);
      if (strangers.length > STRANGERS_MAX || world.random.chance(0.3)) await leave();
    }
    while (strangers.length > 0) await leave();
  },
};

async function join(world: World): Promise<Consumer> {
  const { bootstrap } = world.servers.stack.kafka;
  const kafka = new Kafka({ clientId: 'stranger', brokers: [...bootstrap], logLevel: logLevel.NOTHING });
  const stranger = kafka.consumer({ groupId: world.topic, sessionTimeout: 10_000, rebalanceTimeout: 15_000 });
  stranger.on(stranger.events.GROUP_JOIN, ({ payload }) => {
    world.fault('joins');
    world.fault('partitions taken', Object.values(payload.memberAssignment).flat().length);
  });
  await stranger.connect();
  await stranger.subscribe({ topics: [world.topic], fromBeginning: world.random.chance(0.5) });
  await stranger.run({ autoCommit: true, autoCommitThreshold: 1, eachMessage: async () => {} });
  return stranger;
}
