// Does a process that attested a chain notice that its attestation was deleted, with the chain or alone?
import { expect, it } from 'vitest';
import { attestationKey } from '../../../src/format/attestation.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import type { VerifierWorld } from '../../support/verifier-world.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: Date.parse('2040-01-01T00:00:00Z') } as const;
const GONE = attestationKey('orders', 0, 3);

function deleteNotes({ store }: VerifierWorld): void {
  for (const key of [...store.keys()].filter((one) => one.startsWith('attestations/topic=orders/'))) {
    store.attacker.destroy(key);
  }
}

it('its attestation is an alarm, and is made again where the chain is as it was', async () => {
  const { world, run, open } = await verifierRig(3);
  await run({ task: 'confirm' });
  deleteNotes(world);
  expect(await run({ task: 'confirm' })).toMatchObject({
    chains: [{ size: 3, verdict: 'verified', isNew: true, findings: ['access-attempt'] }],
  });
  expect([open(), world.store.keys().filter((key) => key === GONE)]).toEqual([['access-attempt'], [GONE]]);
  // Once it lies there again, nothing is left to look at.
  expect(await run({ task: 'confirm' })).toMatchObject({ chains: [{ size: 3, findings: [] }] });
  expect(open()).toEqual([]);
});

it('a chain that was cut behind the attestation that is left is not taken for a younger one', async () => {
  const { world, run, open } = await verifierRig(3);
  await run({ task: 'confirm' });
  deleteNotes(world);
  world.builder.archive.remove(world.made[2]?.sealKey as string);
  const { chains } = (await run({ task: 'confirm' })) as { chains: { isNew: boolean; verdict: string }[] };
  expect(chains).toMatchObject([{ isNew: false, verdict: 'broken' }]);
  expect(open().sort()).toEqual(['access-attempt', 'truncation']);
});

it('a chain that is gone with all its attestations is a finding, also where another one is left', async () => {
  const { world, run, open } = await verifierRig(3);
  await world.builder.chain('other').seal();
  await run({ task: 'confirm' });
  deleteNotes(world);
  for (const { sealKey } of world.made) world.builder.archive.remove(sealKey);
  await run({ task: 'confirm' });
  expect(open()).toContain('truncation');
});

it('a process that starts afterwards closes nothing that it can not know', async () => {
  const { world, run, open, restart } = await verifierRig(3);
  await run({ task: 'confirm' });
  deleteNotes(world);
  world.builder.archive.remove(world.made[2]?.sealKey as string);
  await run({ task: 'confirm' });
  expect(open().sort()).toEqual(['access-attempt', 'truncation']);
  restart();
  await run({ task: 'confirm' });
  await run({ task: 'confirm' });
  expect(open().sort()).toEqual(['access-attempt', 'truncation']);
});

it.each(['all of it', 'its newest seal'])(
  'and closes it once the chain is as long as it was: %s was removed',
  async (what) => {
    const { world, run, open, restart } = await verifierRig(3);
    const { archive } = world.builder;
    await run({ task: 'confirm' });
    deleteNotes(world);
    const removed = what === 'all of it' ? world.made : world.made.slice(2);
    const kept = removed.map(({ sealKey: key }) => ({ key, bytes: archive.bytesOf(key) as Uint8Array }));
    for (const { key } of kept) archive.remove(key);
    await run({ task: 'confirm' });
    restart();
    await run({ task: 'confirm' });
    await run({ task: 'confirm' });
    const before = open();
    expect(before).toContain('truncation');
    // Once the chain is as long as it was, it is attested again, and nothing is left to look at.
    for (const { key, bytes } of kept) archive.put(key, bytes, LOCK);
    await run({ task: 'confirm' });
    await run({ task: 'confirm' });
    expect(open()).toEqual([]);
  },
);
