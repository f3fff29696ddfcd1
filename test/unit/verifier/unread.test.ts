// Does a verifier attest only what it has read, although a seal says that its data was to expire?
import { beforeEach, expect, it } from 'vitest';
import { stepCoverage } from '../../../src/verifier/findings/step-coverage.ts';
import { UnreadHeads } from '../../../src/verifier/unread-heads.ts';
import { entries, NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

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
  const covers = stepCoverage(clean, world.tools().attester.reader);
  const finding = { key: null, sequence: null, code: 'expired-unread' };
  expect(covers !== false && covers({ check: 'confirm', finding } as never)).toBe(true);
});

it('holds what a seal promises to the least lock, by its own time and by that of the store', async () => {
  const leastLock = { months: 12, ms: 0 };
  await world.step();
  world.made.push(await world.chain.seal({ lines: entries(9, 3), retentionMs: 30 * 86_400_000 }));
  const short = await world.step(4, { ...world.tools(), leastLock });
  expect([short.verdict, short.isNew]).toEqual(['broken', false]);
  expect(short.findings).toMatchObject([{ code: 'retention-short', sequence: 3 }]);
  expect(short.findings[0]?.found).toContain('promised until 2026-12-22');
  expect((await world.step(4)).isNew).toBe(true);

  // Sealed, by its own word, two years before the store took it: its promise is over soon.
  world = new VerifierWorld();
  const dated = { sealedMs: NOW_MS - 2 * YEAR_MS, retentionMs: 2 * YEAR_MS + 86_400_000 };
  world.made.push(await world.chain.seal({ lines: entries(0, 3), ...dated }));
  const archive = storeOver(world.builder.archive);
  const back = await world.step(1, { ...world.tools(), archive, leastLock });
  expect(back.findings.map(({ code }) => code)).toEqual(['retention-short']);
  const honest = new VerifierWorld();
  await honest.grow(2);
  const tools = { ...honest.tools(), archive: storeOver(honest.builder.archive), leastLock };
  expect((await honest.step(2, tools)).isNew).toBe(true);
});

it('walks what it will not attest once, and then only what is new', async () => {
  world = new VerifierWorld();
  await sealWithoutData();
  await world.grow(5);
  const reads: string[] = [];
  const { archive } = world.builder;
  const store = storeOver(archive);
  const read: typeof store.read = async (key, ...rest) => {
    reads.push(key);
    return store.read(key, ...rest);
  };
  const counted = { ...store, read };
  const clock = { ...STILL, monotonic: () => nowMs };
  let nowMs = 0;
  const tools = { ...world.tools(), archive: counted, unread: new UnreadHeads(clock) };
  const look = async () => {
    reads.length = 0;
    const { verdict, findings, isNew } = await world.step(world.made.length, tools);
    return { verdict, isNew, codes: findings.map(({ code }) => code), reads: reads.length };
  };
  const unread = { verdict: 'unverifiable', isNew: false };
  // A seal and a data object each, but for the data that is gone.
  expect(await look()).toEqual({ ...unread, codes: ['expired', 'expired-unread'], reads: 11 });
  expect(await look()).toEqual({ ...unread, codes: ['expired-unread'], reads: 1 });
  await world.grow(1);
  expect(await look()).toEqual({ ...unread, codes: ['expired-unread'], reads: 3 });
  // What is new is judged as ever, again and again.
  world.made.push(await world.chain.seal({ lines: entries(world.chain.nextOffset, 3) }));
  archive.alter(world.made.at(-1)?.dataKey as string, (bytes) => bytes.fill(7));
  for (let i = 0; i < 2; i++) {
    expect(await look()).toMatchObject({
      verdict: 'broken',
      codes: expect.arrayContaining(['data-altered', 'expired-unread']),
    });
  }
  expect(world.attestedSizes()).toEqual([]);
  // Once a day everything: the data may be back.
  nowMs = 25 * 3_600_000;
  expect((await look()).reads).toBeGreaterThan(11);
});
