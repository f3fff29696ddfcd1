// Does the sweep of a chain of several slices close what was wrong with the store, once it is mended?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { parseFindingKey } from '../../../src/verifier/own-keys.ts';
import { sweep } from '../../../src/verifier/tasks/sweep.ts';
import { START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { NOTES } from '../../support/note-signing.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { s3Record, storeOver } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

it.each([4, 100])('closes hidden locks once they are shown, in slices of %i keys', async (keysPerSlice) => {
  const world = new VerifierWorld();
  await world.grow(6);
  const { archive } = world.builder;
  const tools = { ...world.tools(), archive: storeOver(archive), own: world.store };
  const verifier = { name: 'verifier.example.com', version: '1' };
  const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
  const ledger = new Ledger({
    ...NOTES,
    store: world.store,
    retention,
    clock: STILL,
    sha256: nodeSha256,
    verifier,
  });
  const pass = async () => {
    for await (const { scope, ...slice } of sweep(tools, null, { keysPerSlice })) {
      const { opened } = await ledger.report(scope, slice.findings, { check: 'sweep', ...slice });
      await ledger.notified(scope, opened, 'log');
    }
    const states = world.store.keys().flatMap((key) => parseFindingKey(key)?.state ?? []);
    return [
      states.filter((state) => state === 'open').length,
      states.filter((state) => state === 'closed').length,
    ];
  };
  archive.locks = 'hidden';
  expect(await pass()).toEqual([2, 0]);
  expect(await pass()).toEqual([2, 0]);
  archive.locks = 'shown';
  expect(await pass()).toEqual([2, 2]);
});

it.each([4, 100])(
  'takes markers over data after its time for no fault, in slices of %i',
  async (keysPerSlice) => {
    const world = new VerifierWorld();
    await world.grow(6);
    const { archive } = world.builder;
    const made = world.made.slice(0, 4);
    for (const { dataKey } of made) archive.marker(dataKey as string);
    archive.remove(made[1]?.dataKey as string);
    archive.marker(made[1]?.dataKey as string);
    archive.marker(made[2]?.sealKey as string);
    const found = async (nowMs: number) => {
      const clock = { ...STILL, now: () => nowMs };
      const tools = { ...world.tools(), clock, archive: storeOver(archive), own: world.store };
      const keys: (string | null)[] = [];
      for await (const { findings } of sweep(tools, null, { keysPerSlice }))
        for (const { code, key } of findings) if (code === 'delete-marker') keys.push(key);
      return keys.toSorted();
    };
    const all = [...made.map(({ dataKey }) => dataKey as string), made[2]?.sealKey as string].toSorted();
    expect(await found(START_MS + YEAR_MS / 2)).toEqual(all);
    expect(await found(START_MS + 2 * YEAR_MS)).toEqual([made[2]?.sealKey]);
  },
);

it('tells of the next marker, too, where a thousand came and went before', async () => {
  const { world, run, open } = await verifierRig(2);
  await run({ task: 'confirm' });
  const { archive } = world.builder;
  const keyOf = (sequence: number) => sealKey('orders', 0, sequence);
  for (let round = 0; round < 10; round++) {
    const keys = Array.from({ length: 100 }, (_, i) => keyOf(1000 + round * 100 + i));
    for (const key of keys) archive.marker(key);
    await run({ task: 'sweep' });
    for (const key of keys) archive.remove(key);
    await run({ task: 'sweep' });
  }
  for (const key of [keyOf(5000), keyOf(6000)]) {
    expect(open()).not.toContain('delete-marker');
    archive.marker(key);
    await run({ Records: [s3Record(key, 'ObjectRemoved:DeleteMarkerCreated')] });
    expect(open()).toContain('delete-marker');
    archive.remove(key);
    await run({ task: 'sweep' });
  }
});
