// Brokers are killed one at a time and come back, and leaders are moved while all of them live.
import { once } from 'node:events';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { type Scenario, seconds } from '../scenario.ts';
import type { World } from '../world.ts';

export const brokers: Scenario = {
  name: 'brokers',
  what: 'SIGKILL of brokers, and leader moves',
  seconds: { full: 75, short: 20 },
  async run(world) {
    const { random, servers } = world;
    const { bootstrap } = servers.stack.kafka;
    const admin = new Kafka({
      clientId: 'chaos',
      brokers: [...bootstrap],
      logLevel: logLevel.NOTHING,
    }).admin();
    await admin.connect();
    try {
      for (let round = 0; round < world.of(4, 1); round++) {
        await moveLeaders(world, admin);
        await seconds(1 + random() * 2);
        const broker = random.pick(servers.stack.kafka.brokers);
        await broker.kill();
        world.fault('broker SIGKILL');
        await seconds(3 + random() * 4);
        await broker.restart();
        world.faultsEnded();
        await world.until('all replicas are in sync', () => inSync(world, admin).catch(() => false));
      }
    } finally {
      await admin.disconnect();
    }
  },
};

/** Another replica becomes the preferred leader of each partition, and then its leader. */
async function moveLeaders(world: World, admin: Admin): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [world.topic] });
  const moved = (topics[0]?.partitions ?? []).map(({ partitionId, replicas }) => ({
    partition: partitionId,
    replicas: [...replicas.slice(1), ...replicas.slice(0, 1)],
  }));
  await admin.alterPartitionReassignments({ topics: [{ topic: world.topic, partitionAssignment: moved }] });
  const election = await world.servers.stack.kafka.startTool({
    name: `election-${world.topic}`,
    mainClass: 'org.apache.kafka.tools.LeaderElectionCommand',
    config: '',
    args: ({ bootstrap }) => [
      ...['--bootstrap-server', bootstrap, '--election-type', 'preferred', '--all-topic-partitions'],
    ],
  });
  election.stdout.resume();
  election.stderr.resume();
  await once(election, 'close');
  const after = await admin.fetchTopicMetadata({ topics: [world.topic] });
  const leaders = after.topics[0]?.partitions ?? [];
  const counted = moved.filter(({ partition, replicas }) =>
    leaders.some(({ partitionId, leader }) => partitionId === partition && leader === replicas[0]),
  );
  world.fault('leader moves', counted.length);
}

async function inSync(world: World, admin: Admin): Promise<boolean> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [world.topic, '__consumer_offsets'] });
  return topics.every(({ partitions }) =>
    partitions.every(({ isr, replicas }) => isr.length === replicas.length),
  );
}
