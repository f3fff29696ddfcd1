// A new version is rolled out again and again under load: each archiver in turn drains and is replaced.
import type { Scenario } from '../scenario.ts';
import type { World } from '../world.ts';

export const rolling: Scenario = {
  name: 'rolling',
  what: 'rolling restarts by SIGTERM under load',
  seconds: { full: 70, short: 20 },
  async run(world) {
    const waits: number[] = [];
    const drains: number[] = [];
    for (let round = 0; round < world.of(4, 1); round++) {
      for (const archiver of world.archivers) {
        const begun = Date.now();
        await world.allSealSince(begun);
        await restart(world, archiver, waits, drains);
      }
    }
    waits.sort((a, b) => a - b);
    world.figures.set('SIGTERM to exit, longest, s', Math.max(...drains));
    world.figures.set(
      'SIGTERM to the first seal of a successor, median, s',
      waits[waits.length >> 1] ?? Number.NaN,
    );
    world.figures.set('SIGTERM to the first seal of a successor, longest, s', waits.at(-1) ?? Number.NaN);
    world.figures.set('partitions handed over', waits.length);
  },
};

async function restart(
  world: World,
  archiver: World['archivers'][number],
  waits: number[],
  drains: number[],
): Promise<void> {
  const { name, pid } = archiver;
  const had = world.partitions.filter((partition) => world.ownerOf(partition) === name);
  const atMs = Date.now();
  const code = await archiver.drain(true);
  world.faultsEnded();
  if (code !== 0) world.problem(`${name} drained with exit code ${code}`);
  world.fault('SIGTERM');
  drains.push((Date.now() - atMs) / 1000);
  for (const partition of had) {
    const successor = () =>
      world.said.find(
        (said) =>
          said.partition === partition &&
          said.kind === 'sealed' &&
          said.records > 0 &&
          said.pid !== pid &&
          said.atMs > atMs,
      );
    await world.until(`somebody seals partition ${partition} after ${name}`, () => successor() !== undefined);
    waits.push(((successor()?.atMs ?? Number.NaN) - atMs) / 1000);
  }
}
