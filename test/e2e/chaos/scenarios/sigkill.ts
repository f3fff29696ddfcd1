// Archivers are killed at random, alone and together, while sealing and while they join.
import { removeMembers } from '../group.ts';
import { type Scenario, seconds } from '../scenario.ts';
import type { World } from '../world.ts';

async function kill(
  world: World,
  victims: World['archivers'],
  asIfSessionsWereShort: boolean,
): Promise<void> {
  for (const victim of victims) {
    await victim.kill();
    world.fault('SIGKILL');
  }
  world.faultsEnded();
  if (!asIfSessionsWereShort) return;
  const { bootstrap } = world.servers.stack.kafka;
  for (const { name } of victims) await removeMembers(bootstrap, world.topic, name).catch(() => 0);
}

export const sigkill: Scenario = {
  name: 'sigkill',
  what: 'SIGKILL of archivers at random',
  seconds: { full: 150, short: 30 },
  async run(world) {
    const { random, archivers } = world;
    const kills = world.of(100, 12);
    // A session lasts 10 s, in which nobody may take over: most of the dead leave at once, so that kills meet work.
    const last = world.of(6, 2);
    while ((world.faults.get('SIGKILL') ?? 0) < kills) {
      const left = kills - (world.faults.get('SIGKILL') ?? 0);
      const count = Math.min(left, random.pick([1, 1, 1, 2, 3]));
      const from = random.between(0, archivers.length - 1);
      const victims = Array.from(
        { length: count },
        (_, index) => archivers[(from + index) % archivers.length] as World['archivers'][number],
      );
      await kill(world, victims, left > last);
      // Half of the time they come far enough to seal; else they are hit while they start, join or find their place.
      if (random.chance(0.5)) {
        const since = Date.now();
        const sealed = () => world.said.some(({ kind, atMs }) => kind === 'sealed' && atMs > since);
        await world.until('something is sealed', sealed);
        await seconds(random() * 0.5);
      } else await seconds(0.2 + random() * 1.8);
    }
  },
};
