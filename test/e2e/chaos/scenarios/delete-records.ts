// Records are deleted in Kafka before they were archived: that partition has to halt, for that reason, and no other.
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { type Scenario, seconds } from '../scenario.ts';
import type { World } from '../world.ts';

export const deleteRecords: Scenario = {
  name: 'delete-records',
  what: 'DeleteRecords beyond the head: halts that partition only',
  seconds: { full: 120, short: 60 },
  async run(world) {
    const { random, archivers, servers } = world;
    const { bootstrap } = servers.stack.kafka;
    const admin = new Kafka({
      clientId: 'chaos',
      brokers: [...bootstrap],
      logLevel: logLevel.NOTHING,
    }).admin();
    await admin.connect();
    try {
      const running = random.pick(world.partitions);
      const stopped = random.pick(world.partitions.filter((partition) => partition !== running));
      // Under a running archiver, which finds its position gone.
      for (const archiver of archivers) archiver.freeze();
      await seconds(2.5);
      await destroy(world, admin, running);
      for (const archiver of archivers) archiver.thaw();
      await halted(world, running);
      if (world.scale === 'full') {
        // While nobody runs: the next one finds that out while it looks for its place.
        await Promise.all(archivers.map((archiver) => archiver.stop()));
        await seconds(1);
        await destroy(world, admin, stopped);
        for (const archiver of archivers) archiver.start();
        world.faultsEnded();
        await halted(world, stopped);
      } else world.faultsEnded();
      await world.allSealSince(Date.now());
      await decide(world, running);
    } finally {
      await admin.disconnect();
    }
  },
};

/** Deletes all that the partition holds now, some of which no archiver has seen. */
async function destroy(world: World, admin: Admin, partition: number): Promise<void> {
  const sealed = world.sealedTo(partition);
  const marks = await admin.fetchTopicOffsets(world.topic);
  const high = marks.find((mark) => mark.partition === partition)?.high ?? '0';
  await admin.deleteTopicRecords({ topic: world.topic, partitions: [{ partition, offset: high }] });
  world.fault('DeleteRecords');
  const destroyed = world.destroyed;
  world.destroyed = (record) =>
    destroyed(record) ||
    (record.partition === partition && record.offset >= sealed && record.offset < Number(high));
  world.halts.set(partition, { codes: ['expired'], from: Number(high), resumed: false });
  world.figures.set(`partition ${partition}: records destroyed at most`, Number(high) - sealed);
}

async function halted(world: World, partition: number): Promise<void> {
  const begun = Date.now();
  await world.until(`partition ${partition} halts`, () => world.isHalted(partition));
  world.figures.set(`partition ${partition}: seconds to the halt`, (Date.now() - begun) / 1000);
}

/** The operator's word, as the runbook has it: the gap is signed, and the partition goes on. */
async function decide(world: World, partition: number): Promise<void> {
  await seconds(2);
  if (world.sealedTo(partition) > (world.halts.get(partition)?.from ?? 0))
    world.problem(`partition ${partition} was sealed on after its halt`);
  const where = [
    '--config',
    world.configOf('operator'),
    '--topic',
    world.topic,
    '--partition',
    String(partition),
  ];
  const why = ['--accept-gap', '--kind', 'expired', '--reason', 'deleted by the chaos run', '--by', 'chaos'];
  await world.command(['resume', ...where, ...why]);
  world.gapReasons.add('expired');
  world.resumed(partition);
  world.fault('operator decisions');
  await world.allSealSince(Date.now());
}
