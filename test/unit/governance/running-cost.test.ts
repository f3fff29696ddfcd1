// Does the cost that doctor states follow from the requests that an archiver really makes?
import { describe, expect, it } from 'vitest';
import { requestsOf, runningCost, verifierCost } from '../../../src/governance/running-cost.ts';
import { World } from '../../support/archiver-world.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { s3Event } from '../../support/verifier-store.ts';

const MONTH_MS = 30 * 86_400_000;

/** What an archiver asked the store and the signer for in this time, after its start. */
async function counted(segment: string, forMs: number, isBusy: boolean) {
  const world = new World({ config: `segment: { ${segment} }` });
  world.produce(0, 1);
  const archiver = world.start('a');
  await world.untilSealed(0);
  // Its start reads more. What it has signed by then is not counted.
  const [from, sealsBefore] = [world.store.log.length, world.manifests(0).length];
  for (let atMs = 0; atMs < forMs; atMs += 10_000) {
    if (isBusy) world.produce(0, 1);
    await world.clock.advance(10_000);
  }
  const calls = world.store.log.slice(from).map(({ method }) => method);
  const of = (method: string) => calls.filter((one) => one === method).length;
  const seals = world.manifests(0).length - sealsBefore;
  await archiver.stop();
  return { seals, puts: of('putIfAbsent'), lists: of('listVersions'), gets: of('lock') };
}

const scaled = (settings: Parameters<typeof requestsOf>[0], forMs: number) => {
  const { seals, puts, lists, gets } = requestsOf(settings);
  const part = (count: number) => Math.round((count * forMs) / MONTH_MS);
  return { seals: part(seals), puts: part(puts), lists: part(lists), gets: part(gets) };
};

describe('a month is counted as', () => {
  it.each([
    ['maxAge: 60s, heartbeat: 1h', 60_000, 3_600_000, true, 3_600_000],
    ['maxAge: 5m, heartbeat: 1h', 300_000, 3_600_000, true, 2 * 3_600_000],
    ['maxAge: 60s, heartbeat: 10m', 60_000, 600_000, false, 4 * 3_600_000],
  ])('%s (%d, %d, busy: %s, %d ms)', async (segment, maxAgeMs, heartbeatMs, isBusy, forMs) => {
    const found = await counted(segment, forMs, isBusy);
    const said = scaled({ partitions: 1, busy: isBusy ? 1 : 0, maxAgeMs, heartbeatMs }, forMs);
    // One that seals rarely, and alone, asks for the store's time before. Beside others any answer tells it.
    const isAlone = !isBusy || maxAgeMs > 60_000;
    for (const name of ['seals', 'puts', 'lists', 'gets'] as const) {
      // A batch waits for its first record, and the first hour begins somewhere.
      const most = said[name] * 1.02 + 2 + (name === 'lists' && isAlone ? found.seals : 0);
      expect([name, found[name] >= said[name] * 0.8 - 2, found[name] <= most]).toEqual([name, true, true]);
    }
    expect(found.seals).toBeGreaterThan(5);
  });
});

it('costs what the list says', () => {
  const of = (partitions: number, busy: number) =>
    runningCost(requestsOf({ partitions, busy, maxAgeMs: 60_000, heartbeatMs: 3_600_000 }));
  expect(of(1000, 1000)).toEqual({
    kms: 649,
    puts: 432,
    lists: 432,
    gets: 34.56,
    trail: 86.4,
    total: 1633.96,
  });
  expect(of(1000, 0)).toEqual({ kms: 11.8, puts: 3.6, lists: 3.6, gets: 0.29, trail: 0.72, total: 20.01 });
  const none = runningCost(requestsOf({ partitions: 9, busy: 0, maxAgeMs: 60_000, heartbeatMs: 0 }));
  expect(none).toEqual({ kms: 1, puts: 0, lists: 0, gets: 0, trail: 0, total: 1 });
});

describe('a call of the second party', () => {
  it('for a seal, and of a schedule, signs once and stores one object', async () => {
    const { world, run } = await verifierRig(3, 0);
    const asked = () => [
      world.signer.requests.length,
      world.store.log.filter(({ method }) => method === 'putIfAbsent').length,
    ];
    await run({ task: 'confirm' });
    let [signs = 0, puts = 0] = asked();
    const isOneMore = () => expect(asked()).toEqual([++signs, ++puts]);
    for (let seals = 0; seals < 3; seals++) {
      await world.grow(1);
      const key = world.builder.archive.keys().findLast((one) => one.startsWith('seals/')) ?? '';
      await run(s3Event(key));
      isOneMore();
    }
    for (const task of ['confirm', 'freshness', 'sweep']) {
      await run({ task });
      isOneMore();
    }
  });

  it('costs what the list says', () => {
    const { seals } = requestsOf({ partitions: 1000, busy: 1000, maxAgeMs: 60_000, heartbeatMs: 3_600_000 });
    expect(seals).toBe(43_200_000);
    expect(verifierCost(seals)).toEqual({ lambda: 296.75, kms: 649.23, trail: 43.22 });
    expect(verifierCost(0)).toEqual({ lambda: 0.1, kms: 1.23, trail: 0.02 });
  });
});
