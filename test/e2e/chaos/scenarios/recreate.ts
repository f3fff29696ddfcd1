// The topic is deleted and made again under the same name: every chain halts, and nothing of the new topic enters one.
import { deleteTopic, ensureTopic } from '../../../../localstack/kafka-admin.ts';
import { type Load, verifiableLoad } from '../load.ts';
import { type Scenario, seconds } from '../scenario.ts';
import { PARTITIONS, type World } from '../world.ts';

const CODES = ['topic-replaced', 'truncated'];

export const recreate: Scenario = {
  name: 'recreate',
  what: 'topic deleted and recreated: halts, and nothing of the new one in the old chains',
  seconds: { full: 50, short: 30 },
  async run(world) {
    const { servers, topic, archivers } = world;
    const old = world.load as Load;
    await seconds(world.of(12, 4));
    await old.stop();
    // What the archivers hold and have not sealed may still be sealed: these are records of the old topic.
    const sealed = world.partitions.map((partition) => world.sealedTo(partition));
    await deleteTopic(servers.stack.kafka.bootstrap, topic);
    world.fault('topic deleted');
    await seconds(world.random() * 3);
    await ensureTopic(servers.stack.kafka.bootstrap, { topic, partitions: PARTITIONS });
    world.fault('topic recreated');
    world.faultsEnded();
    const { destroyed } = world;
    world.destroyed = (record) => destroyed(record) || record.offset >= (sealed[record.partition] ?? 0);
    const ends = old.ends();
    for (const partition of world.partitions)
      world.halts.set(partition, { codes: CODES, from: ends.get(partition) ?? 0, resumed: false });
    // More records than the old topic had: their offsets would fit on its chains.
    const left = Math.max(world.records - old.count(), old.count() * 2);
    const anew = await verifiableLoad(servers.stack, {
      topic,
      perSecond: Math.ceil(left / world.of(25, 15)),
    });
    world.load = bothLoads(old, anew);
    const begun = Date.now();
    await allHalted(world);
    world.figures.set('seconds until every partition halted', (Date.now() - begun) / 1000);
    await world.until('the new topic is longer', () => anew.count() > old.count() * 1.5);
    // Whoever starts on the new topic finds out too.
    const before = world.said.length;
    await Promise.all(archivers.map((archiver) => archiver.kill()));
    world.fault('SIGKILL', archivers.length);
    const again = (partition: number) =>
      world.said.slice(before).some((said) => said.partition === partition && said.kind === 'halted');
    await world.until('every partition halts again', () => world.partitions.every(again));
  },
  settle: async () => {},
};

const allHalted = (world: World): Promise<void> =>
  world.until('every partition halts', () =>
    world.partitions.every((partition) => world.isHalted(partition)),
  );

/** Of the new topic's records none may be in the archive: they count, and are nobody's to find there. */
const bothLoads = (old: Load, anew: Load): Load => ({
  count: () => old.count() + anew.count(),
  ends: () => old.ends(),
  stop: async () => {
    await Promise.all([old.stop(), anew.stop()]);
  },
  sent: () => old.sent(),
});
