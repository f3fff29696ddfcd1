// Every connection may be slow, silent, cut, cut in the middle of an answer, or swallow what it is given: all at once.
import type { ProxyMode, TcpProxy } from '../../../support/tcp-proxy.ts';
import type { Random } from '../random.ts';
import { type Scenario, seconds } from '../scenario.ts';

export const network: Scenario = {
  name: 'network',
  what: 'delays, silence, cuts, cuts in mid-answer and black holes before every server',
  seconds: { full: 60, short: 15 },
  async run(world) {
    const { random, servers } = world;
    const proxies = [...servers.kafka, servers.s3, servers.kms];
    const deadline = performance.now() + world.of(50_000, 10_000);
    await Promise.all(proxies.map((proxy) => disturb(proxy, random, deadline, (kind) => world.fault(kind))));
  },
};

async function disturb(proxy: TcpProxy, random: Random, deadline: number, fault: (kind: string) => void) {
  while (performance.now() < deadline) {
    await seconds(0.5 + random() * 3);
    const mode = anyMode(random);
    fault(mode.kind);
    proxy.set(mode);
    await seconds(0.3 + random() * 3);
    proxy.set({ kind: 'pass' });
  }
}

function anyMode(random: Random): ProxyMode {
  switch (random.between(0, 5)) {
    case 0:
      return { kind: 'delay', ms: () => random() * 400 };
    case 1:
      return { kind: 'silent' };
    case 2:
      return { kind: 'black-hole' };
    case 3:
      return { kind: 'cut' };
    case 4:
      return { kind: 'throttle', bytesPerSecond: 20_000 };
    default:
      return { kind: 'answers', fate: () => (random.chance(0.3) ? random.pick(['cut', 'half']) : 'pass') };
  }
}
