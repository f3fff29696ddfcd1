// S3 stores and KMS signs, and nobody hears of it: the connection is cut before the answer, or in the middle of it.
import type { AnswerFate } from '../../../support/tcp-proxy.ts';
import { type Scenario, seconds } from '../scenario.ts';

export const s3Cut: Scenario = {
  name: 's3-cut',
  what: 'S3 and KMS cut after the bytes were stored or signed, before the answer',
  seconds: { full: 50, short: 12 },
  async run(world) {
    const { random, servers } = world;
    const cut = (what: string, chance: number): AnswerFate => {
      if (!random.chance(chance)) return 'pass';
      world.fault(what);
      return random.chance(0.7) ? 'cut' : 'half';
    };
    servers.s3.set({
      kind: 'answers',
      fate: (request, answer) => {
        // 100 Continue is no answer yet: the bytes come after it.
        if (answer.toString('latin1', 0, 12) !== 'HTTP/1.1 200') return 'pass';
        return request.toString('latin1', 0, 4) === 'PUT '
          ? cut('stored, answer cut', 0.35)
          : cut('reads cut', 0.05);
      },
    });
    servers.kms.set({ kind: 'answers', fate: () => cut('signed, answer cut', 0.2) });
    await seconds(world.of(45, 10));
  },
};
