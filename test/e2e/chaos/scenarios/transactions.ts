// Transactions are committed, aborted and abandoned among plain records, while archivers are killed.
import { removeMembers } from '../group.ts';
import { type Scenario, seconds } from '../scenario.ts';
import { withTransactions } from '../transactional-load.ts';

export const transactions: Scenario = {
  name: 'transactions',
  what: 'transactional producers that commit, abort and abandon',
  seconds: { full: 60, short: 15 },
  load: (world, perSecond) => {
    world.gapReasons.add('transaction');
    return withTransactions(world, perSecond);
  },
  async run(world) {
    for (let round = 0; round < world.of(10, 2); round++) {
      await seconds(world.of(5, 4));
      const victim = world.random.pick(world.archivers);
      await victim.kill();
      world.fault('SIGKILL');
      await removeMembers(world.servers.stack.kafka.bootstrap, world.topic, victim.name).catch(() => 0);
    }
  },
};
