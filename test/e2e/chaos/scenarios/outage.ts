// S3 and KMS are gone for two minutes: first refused, then silent, then swallowing, and an archiver dies meanwhile.
import { type Scenario, seconds } from '../scenario.ts';

export const outage: Scenario = {
  name: 'outage',
  what: 'S3 and KMS down for two minutes, a third each refusing, silent and swallowing',
  seconds: { full: 130, short: 20 },
  async run(world) {
    const { s3, kms } = world.servers;
    const third = world.of(120, 15) / 3;
    // One that starts without S3 ends with a clear error, and its supervisor tries again.
    world.mayEndItself = true;
    for (const kind of ['cut', 'silent', 'black-hole'] as const) {
      for (const proxy of [s3, kms]) proxy.set({ kind });
      await seconds(third / 2);
      if (kind === 'silent') {
        await world.random.pick(world.archivers).kill();
        world.fault('SIGKILL');
      }
      await seconds(third / 2);
    }
    world.fault('s without S3 and KMS', world.of(120, 15));
  },
};
