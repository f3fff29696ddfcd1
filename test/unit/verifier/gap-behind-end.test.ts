// Does a gap behind a chain's end, made by an object that lies too far on, close once that is gone?
import { expect, it } from 'vitest';
import { sealKey } from '../../../src/format/paths.ts';
import { verifierRig } from '../../support/verifier-rig.ts';

it('closes with the next step, though the chain has not grown', async () => {
  const { world, run, open } = await verifierRig(3);
  await run({ task: 'confirm' });
  const beyond = sealKey('orders', 0, 999);
  world.builder.archive.put(beyond, new Uint8Array(9));
  await run({ task: 'confirm' });
  expect(open()).toContain('sequence-gap');
  world.builder.archive.remove(beyond);
  await run({ task: 'confirm' });
  expect(open()).not.toContain('sequence-gap');
});
