// Do many foreign objects among a chain's attestations stop the verifier, or are they a finding and no more?
import { expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import { AttestationReader } from '../../../src/verifier/attest/attestation-reader.ts';
import { confirmSeals } from '../../../src/verifier/seal-path.ts';
import { noteContent } from '../../support/note-signing.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { verifierOf } from '../../support/verifier-store.ts';
import { PLACE, VerifierWorld } from '../../support/verifier-world.ts';

const CONFIRM = { task: 'confirm' };
const keyOf = (size: number) => attestationKey(PLACE.chain, PLACE.partition, size);

it('attests on, counts them in one finding, and closes it once an attestation lies above them', async () => {
  const { world, run, open } = await verifierRig(1);
  await run(CONFIRM);
  for (let size = 3; size < 103; size++) world.store.attacker.putVersion(keyOf(size), utf8('junk'));
  await world.grow(1);
  expect(await run(CONFIRM)).toMatchObject({ chains: [{ verdict: 'verified', size: 2, isNew: true }] });
  const ofFlood = (state: string) =>
    world.store
      .keys()
      .filter((key) => key.startsWith('findings/') && key.endsWith(`-${state}.note`))
      .map((key) => JSON.parse(utf8Text(noteContent(world.store.versionsOf(key)[0]?.bytes))))
      .filter(({ key }) => key === 'attestations/topic=orders/partition=0/');
  expect(ofFlood('open')).toMatchObject([
    { found: '100 objects above the newest attestation are no attestations' },
  ]);
  // Fifty of them are named.
  expect([open().length, ofFlood('closed').length]).toEqual([51, 0]);
  await world.grow(101);
  await run(CONFIRM);
  await run(CONFIRM);
  expect([open().length, ofFlood('closed').length]).toEqual([50, 1]);
});

it('attests nothing where the newest attestation was not reached, says so, and goes on there', async () => {
  const world = new VerifierWorld();
  await world.grow(2);
  await world.step();
  for (let size = 5; size < 305; size++) world.store.attacker.putVersion(keyOf(size), utf8('junk'));
  await world.grow(1);
  const tools = world.tools();
  const reader = new AttestationReader(world.store, [tools.attester.key], world.builder.trusted, 200);
  const verifier = verifierOf(world, {
    step: { ...tools, attester: Object.assign(tools.attester, { reader }) },
  });
  const step = () => confirmSeals(verifier, PLACE, { hintSize: 2 });
  await expect(step()).rejects.toMatchObject({ code: 'unreadable' });
  expect(verifier.findings.codes()).toEqual(['foreign-object', 'unreadable']);
  expect(await step()).toMatchObject({ verdict: 'verified', isNew: true, confirmed: { size: 3 } });
});
