// Does a verifier attest only what it has read, although a seal says that its data was to expire?
import { beforeEach, expect, it } from 'vitest';
import { stepCoverage } from '../../../src/verifier/findings/step-coverage.ts';
import { entries, NOW_MS } from '../../support/archive-builder.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

/** A lock that is over by now. */
const SHORT = { sealedMs: NOW_MS - 60_000, retentionMs: 1_000 };

let world: VerifierWorld;
beforeEach(async () => {
  world = new VerifierWorld();
  await world.grow(3);
});

/** The next seal, for data that was never there, or is gone. */
async function sealWithoutData(): Promise<void> {
  const made = await world.chain.seal({ lines: entries(world.chain.nextOffset, 3), ...SHORT });
  world.made.push(made);
  world.builder.archive.remove(made.dataKey as string);
}

it('does not attest a seal whose data it never read, and says so', async () => {
  await world.step();
  await sealWithoutData();
  const result = await world.step();
  expect([result.verdict, result.isNew, result.confirmed?.size]).toEqual(['unverifiable', false, 3]);
  expect(result.findings.map(({ code }) => code)).toEqual(['expired', 'expired-unread']);
  expect(result.findings[1]?.found).toContain('1 segment expired before this verifier read them');
  expect(world.attestedSizes()).toEqual([3]);
});

it('does not attest what follows such a seal', async () => {
  await world.step();
  await sealWithoutData();
  await world.grow(2);
  expect(await world.step()).toMatchObject({ verdict: 'unverifiable', isNew: false });
  expect(world.attestedSizes()).toEqual([3]);
});

it('attests nothing of a chain that it meets after its first data had expired', async () => {
  world = new VerifierWorld();
  await sealWithoutData();
  await world.grow(2);
  expect(await world.step()).toMatchObject({ verdict: 'unverifiable', confirmed: null });
  expect(world.attestedSizes()).toEqual([]);
});

it('goes on where data expired that it had attested before', async () => {
  world.made.push(await world.chain.seal({ lines: entries(world.chain.nextOffset, 3), ...SHORT }));
  expect(await world.step()).toMatchObject({ verdict: 'verified', isNew: true });
  world.builder.archive.remove(world.made.at(-1)?.dataKey as string);
  await world.grow(2);
  expect(await world.step()).toMatchObject({ verdict: 'verified', isNew: true, confirmed: { size: 6 } });
});

it('is one open finding, which closes when nothing is unread any more', async () => {
  const rig = await verifierRig(3);
  world = rig.world;
  await rig.run({ task: 'confirm' });
  await sealWithoutData();
  await rig.run({ task: 'confirm' });
  await rig.run({ task: 'confirm' });
  expect(rig.open()).toEqual(['expired-unread']);
  const clean = { ...(await world.step()), findings: [], verdict: 'verified' } as const;
  const covers = stepCoverage(clean);
  const finding = { key: null, sequence: null, code: 'expired-unread' };
  expect(covers !== false && covers({ check: 'confirm', finding } as never)).toBe(true);
});
