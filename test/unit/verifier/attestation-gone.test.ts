// Does a process that attested a chain notice that its attestation was deleted, with the chain or alone?
import { expect, it } from 'vitest';
import { attestationKey } from '../../../src/format/attestation.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import type { VerifierWorld } from '../../support/verifier-world.ts';

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
