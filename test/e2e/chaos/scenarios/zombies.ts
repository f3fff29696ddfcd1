// Archivers are stopped for longer than their session, replaced, and go on in the middle of what they did.
import { type Scenario, seconds } from '../scenario.ts';

/** Of the archiver's membership; a stopped one is a zombie after that. */
const SESSION_SECONDS = 10;

export const zombies: Scenario = {
  name: 'zombies',
  what: 'SIGSTOP beyond the session timeout, then SIGCONT',
  seconds: { full: 85, short: 25 },
  async run(world) {
    const { random, archivers } = world;
    for (let round = 0; round < world.of(6, 1); round++) {
      const since = Date.now();
      const sealed = () => world.said.some(({ kind, atMs }) => kind === 'sealed' && atMs > since);
      await world.until('something is sealed', sealed);
      await seconds(random() * 0.4); // somewhere between a batch, its signature, its objects and its commit
      const [spared] = [random.pick(archivers)];
      const frozen = archivers.filter((archiver) => archiver !== spared).slice(0, random.between(1, 2));
      for (const archiver of frozen) {
        archiver.freeze();
        world.fault('SIGSTOP');
      }
      await seconds(SESSION_SECONDS + 1 + random() * 2);
      for (const archiver of frozen) archiver.thaw();
      world.faultsEnded();
      await seconds(random() * 2);
    }
  },
};
