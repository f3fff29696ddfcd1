// Is a finding closed when it is gone, and not before?
import { expect, it } from 'vitest';
import { verifierRig } from '../../support/verifier-rig.ts';
import { s3Event, s3Record, sqsRecord } from '../../support/verifier-store.ts';

const CONFIRM = { task: 'confirm' };

it('keeps what was found of an old segment when the end of its chain is lost as well', async () => {
  const { world, run, open } = await verifierRig(6);
  await run(CONFIRM);
  const [, old, ...later] = world.made;
  const key = old?.sealKey as string;
  world.builder.archive.remove(key);
  await run({ Records: [s3Record(key, 'ObjectRemoved:Delete')] });
  expect(open()).toEqual(['sequence-gap']);
  for (const { sealKey } of later) world.builder.archive.alter(sealKey, () => new Uint8Array(3));
  await run(CONFIRM);
  expect(open()).toContain('sequence-gap');
});

it('keeps that a seal of which an event spoke is not there, as long as it is not', async () => {
  const { world, run, open } = await verifierRig(4);
  const key = world.made[3]?.sealKey as string;
  const seal = world.builder.archive.bytesOf(key) as Uint8Array;
  world.builder.archive.remove(key);
  await run({ Records: [sqsRecord('1', s3Event(key), 5)] });
  await run(CONFIRM);
  expect(open()).toEqual(['sequence-gap']);
  world.builder.archive.put(key, seal, { mode: 'COMPLIANCE', untilMs: Date.parse('2040-01-01') });
  await run(CONFIRM);
  expect(open()).toEqual([]);
});

it('closes what stands for many findings, too, once none of them is left', async () => {
  const { world, run, open } = await verifierRig(130);
  for (const { dataKey } of world.made)
    world.builder.archive.failures.set(dataKey as string, new Error('away'));
  await run(CONFIRM).catch(() => undefined);
  expect(open()).toHaveLength(101);
  world.builder.archive.failures.clear();
  await run(CONFIRM);
  expect(open()).toEqual([]);
});

it.each(['orders', 'ghost'])(
  'closes one strange object among attestations of %s once it is gone',
  async (chain) => {
    const { world, run, open } = await verifierRig(2);
    await run(CONFIRM);
    const key = `attestations/topic=${chain}/partition=0/000000000003.note`;
    const junk = world.store.attacker.putVersion(key, new Uint8Array([1]));
    await run(CONFIRM);
    expect(open()).toEqual(['foreign-object']);
    await world.grow(2);
    await run(CONFIRM);
    expect(open()).toEqual(['foreign-object']);
    world.store.attacker.deleteVersion(key, junk);
    await run(CONFIRM);
    expect(open()).toEqual([]);
  },
);
