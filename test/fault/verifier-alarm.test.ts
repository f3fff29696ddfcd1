// Is an alarm lost if the verifier's process dies, whatever call of its own bucket is the last one?
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { Store } from '../../src/store/store.ts';
import type { Notifier } from '../../src/verifier/alarms/notifier.ts';
import { channelsOf, FindingReporter } from '../../src/verifier/alarms/reporter.ts';
import { Ledger } from '../../src/verifier/findings/ledger.ts';
import { confirmSeals } from '../../src/verifier/seal-path.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { NOTES } from '../support/note-signing.ts';
import { verifierOf } from '../support/verifier-store.ts';
import { PLACE, STILL, VerifierWorld } from '../support/verifier-world.ts';

/** One process: its store, and the codes that its one channel took. */
async function runProcess(world: VerifierWorld, store: Store, isDead: () => boolean): Promise<string[]> {
  const heard: string[] = [];
  const webhook: Notifier = {
    channel: 'webhook',
    publish: async (_subject, text) => {
      if (isDead()) throw new Error('the process is dead');
      heard.push(text);
    },
  };
  const ledger = new Ledger({
    ...NOTES,
    ...{ store, clock: STILL, sha256: nodeSha256, channels: channelsOf([webhook]) },
    retention: { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } },
    verifier: { name: 'v', version: '1' },
  });
  const findings = new FindingReporter({
    ...{ ledger, notifiers: [webhook], clock: STILL, log: silentLogger, verifierName: 'v' },
  });
  const verifier = verifierOf(world, { findings: findings as never, own: store, step: world.tools(store) });
  await confirmSeals(verifier, PLACE, { hintSize: 9 }).catch(() => undefined);
  return heard;
}

const CASES: Record<string, (world: VerifierWorld) => Promise<void>> = {
  'records-lost': async ({ chain }) => {
    const gap = { offset: chain.nextOffset, last: chain.nextOffset + 19, reason: 'accepted' } as const;
    await chain.seal({ lines: [{ ...gap, by: 'J. Doe', why: 'disk of broker 3' }] });
  },
  'foreign-object': async (world) => {
    const key = 'attestations/topic=orders/partition=0/000000000003.note';
    world.store.attacker.putVersion(key, new Uint8Array([1]));
    await world.grow(2);
  },
};

async function grown(name: string): Promise<VerifierWorld> {
  const world = new VerifierWorld();
  await world.grow(2);
  await world.step();
  await CASES[name]?.(world);
  return world;
}

describe.each(Object.keys(CASES))('%s', (name) => {
  it('is told, whichever call was the last one', async () => {
    const calls = await (async () => {
      const world = await grown(name);
      const store = faultyStore(world.store, () => undefined, STILL);
      expect((await runProcess(world, store, () => false)).join('\n')).toContain(name);
      return store.calls.length;
    })();
    expect(calls).toBeGreaterThan(4);
    const silent: number[] = [];
    for (let last = 0; last < calls; last++) {
      const world = await grown(name);
      let dead = false;
      const dies = faultyStore(
        world.store,
        ({ index }) => {
          dead ||= index > last;
          return dead ? { kind: 'fails' } : undefined;
        },
        STILL,
      );
      const before = await runProcess(world, dies, () => dead);
      const after = await runProcess(world, world.store, () => false);
      if (![...before, ...after].join('\n').includes(name)) silent.push(last);
      expect(world.attestedSizes().some((size) => size > 2)).toBe(true);
    }
    expect(silent).toEqual([]);
  });
});
