// Archivers go from an older version to this one, one by one under load, and back again. Does the archive stay whole?
import { cli } from '../../../support/cli.ts';
import type { Archiver, Said } from '../archivers.ts';
import { removeMembers } from '../group.ts';
import { type Scenario, seconds } from '../scenario.ts';
import type { World } from '../world.ts';

/** Of the archiver's membership; a stopped one is a zombie after that. */
const SESSION_SECONDS = 10;

export const upgrade: Scenario = {
  name: 'upgrade',
  what: 'a rolling upgrade from an older version and a downgrade, with kills',
  seconds: { full: 150, short: 25 },
  beginsOlder: true,
  async run(world) {
    for (let round = 0; round < world.of(3, 1); round++) {
      await roll(world, null);
      await roll(world, world.older?.main ?? null);
    }
    countHandovers(world);
  },
  async examine(world) {
    await sameByBoth(world);
  },
};

/** Each archiver in turn becomes the wanted version; while the versions are mixed, one that nobody asked is killed. */
async function roll(world: World, to: string | null): Promise<void> {
  for (const [index, archiver] of world.archivers.entries()) {
    const frozen = index === 1 && world.scale === 'full' ? await freeze(world, archiver) : null;
    await replace(world, archiver, to);
    if (frozen !== null) frozen.thaw();
    world.faultsEnded();
    if (index === 1) await kill(world, world.random.pick(world.archivers));
    await world.allSealSince(Date.now());
  }
}

/** By SIGTERM, as a rollout does, or by a crash in the middle of it. */
async function replace(world: World, archiver: Archiver, to: string | null): Promise<void> {
  archiver.older = to;
  if (world.random.chance(0.3)) return kill(world, archiver);
  const code = await archiver.drain(true);
  if (code !== 0) world.problem(`${archiver.name} drained with exit code ${code}`);
  world.fault('SIGTERM');
}

async function kill(world: World, victim: Archiver): Promise<void> {
  await seconds(world.random() * 0.5);
  await victim.kill();
  world.fault('SIGKILL');
  // A session lasts 10 s, in which nobody may take over: the dead leave at once, so that kills meet work.
  await removeMembers(world.servers.stack.kafka.bootstrap, world.topic, victim.name).catch(() => 0);
}

/** Another one loses its partitions while it holds them, and goes on in the middle of what it did: of either version. */
async function freeze(world: World, spared: Archiver): Promise<Archiver> {
  const frozen = world.random.pick(world.archivers.filter((archiver) => archiver !== spared));
  frozen.freeze();
  world.fault('SIGSTOP');
  await seconds(SESSION_SECONDS + 1 + world.random() * 2);
  return frozen;
}

/** A run in which no partition went from one version to the other would have shown nothing. */
function countHandovers(world: World): void {
  const counts = { 'older to this': 0, 'this to older': 0 };
  for (const partition of world.partitions) {
    const seals = world.said
      .filter(({ kind, records, partition: of }) => kind === 'sealed' && records > 0 && of === partition)
      .sort((a, b) => (a.nextOffset ?? 0) - (b.nextOffset ?? 0));
    for (const [index, { older }] of seals.entries()) {
      const before = seals[index - 1];
      if (before === undefined || before.older === older) continue;
      counts[older ? 'this to older' : 'older to this'] += 1;
    }
  }
  const sealedBy = (older: boolean) => (said: Said) => said.kind === 'sealed' && said.older === older;
  world.figures.set('seals of the older version', world.said.filter(sealedBy(true)).length);
  world.figures.set('seals of this version', world.said.filter(sealedBy(false)).length);
  for (const [way, count] of Object.entries(counts)) {
    world.figures.set(`partitions handed over, ${way}`, count);
    if (count < world.partitions.length) world.problem(`${count} partitions were handed over, ${way}`);
  }
}

/** The older version reads all that this one has sealed, and comes to the same verdict and the same checkpoints. */
async function sameByBoth(world: World): Promise<void> {
  const args = ['verify', world.archive, '--key', world.keys, '--checkpoints'];
  const verified = await Promise.all(
    [world.older?.main, undefined].map(async (main) => {
      const options = { env: world.env, timeoutMs: 300_000, ...(main === undefined ? {} : { main }) };
      const verify = await cli(args, options);
      const who = main === undefined ? 'this version' : 'the older version';
      if (verify.code !== 0)
        world.problem(`verify of ${who} ends with ${verify.code}: ${verify.stdout}${verify.stderr}`);
      return verify.stdout.toString();
    }),
  );
  if (verified[0] !== verified[1]) world.problem('the two versions verified different checkpoints');
  const checkpoints = verified[0]?.match(/^— /gm)?.length ?? 0;
  world.figures.set('checkpoints that both verified', checkpoints);
  if (checkpoints < world.partitions.length) world.problem(`${checkpoints} checkpoints were verified`);
}
