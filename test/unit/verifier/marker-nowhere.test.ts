// Does a marker break an archive? Where nothing ever was it takes nothing away.
import { expect, it } from 'vitest';
import { sealKey } from '../../../src/format/paths.ts';
import { inspectObject } from '../../../src/verifier/events/inspect.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

const codesAt = async (world: VerifierWorld, sequence: number) => {
  const archive = storeOver(world.builder.archive);
  const findings = await inspectObject(archive, sealKey('orders', 0, sequence), { nowMs: STILL.now() });
  return findings.map(({ code }) => code);
};

it('is an attempt behind the end of its chain, and a gap where a seal was', async () => {
  const world = new VerifierWorld();
  await world.grow(4);
  const { archive } = world.builder;
  archive.marker(sealKey('orders', 0, 5000));
  expect(await codesAt(world, 5000)).toEqual(['delete-marker']);
  archive.remove(sealKey('orders', 0, 2));
  archive.marker(sealKey('orders', 0, 2));
  expect(await codesAt(world, 2)).toEqual(['delete-marker', 'sequence-gap']);
  archive.remove(sealKey('orders', 0, 3));
  expect(await codesAt(world, 3)).toEqual(['sequence-gap']);
});
