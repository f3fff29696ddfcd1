// How much of the decisions is read where something is wrong, and what is said of it?
import { expect, it } from 'vitest';
import { decisionsText, saidOfDecisions } from '../../../src/apps/cli/decisions-look.ts';
import { nodeDecompress } from '../../../src/base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { type ActsLook, lookAtActs } from '../../../src/read/acts.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { verifyArchive } from '../../../src/verify/verify.ts';
import { ArchiveBuilder, archiveKey, ORIGIN, START_MS, signer } from '../../support/archive-builder.ts';
import { APPROVER, GOVERNANCE_KEY, governedArchive } from '../../support/governed-archive.ts';
import { lawlessStore } from '../../support/lawless-store.ts';

const { signal } = new AbortController();
const LOG = archiveKey(signer());
const OWN = archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN));
const look = ({ archive }: ArchiveBuilder, trusted = [LOG, OWN]) =>
  lookAtActs(lawlessStore(archive), trusted, signal);
const checker = portableChecker({
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  decompress: nodeDecompress,
});

/** A hold, its release with approval, and one decision more. */
async function released() {
  const { builder, decide } = await governedArchive();
  await decide({
    kind: 'hold.place',
    detail: { case: 'C-1', segments: [{ chain: 'orders', partition: null, from: 0, to: null }] },
  });
  const of = await decide({ kind: 'hold.release', detail: { case: 'C-1' } });
  await decide({ kind: 'approve', of, by: APPROVER, detail: {} });
  await decide({ kind: 'hold.reaffirm', detail: { case: 'C-2' } });
  return builder;
}

const verifying = async (builder: ArchiveBuilder, acts: ActsLook, only: boolean) => {
  const report = await verifyArchive(builder.archive, {
    ...{ trusted: [LOG, OWN], depth: 'content', sha256: nodeSha256, checker },
    nowMs: START_MS + 50 * 3_600_000,
    acts: acts.kind === 'read' ? acts : null,
    ...(only && { only: [{ chain: 'orders', partition: 0 }] }),
  });
  return {
    report,
    codes: [...new Set(report.chains.flatMap((chain) => chain.findings.map(({ code }) => code)))],
  };
};
const said = async (
  builder: ArchiveBuilder,
  acts: ActsLook,
  kind: 's3' | 'directory' = 's3',
  asCopy = false,
) => {
  const { report } = await verifying(builder, acts, false);
  return decisionsText(saidOfDecisions(acts, { kind }, report, asCopy));
};

it('an archive without a governance chain has nothing to look at', async () => {
  const builder = new ArchiveBuilder();
  await builder.chain().fill(1, 2);
  for (const trusted of [[LOG], [LOG, OWN], []])
    expect(await look(builder, trusted)).toEqual({ kind: 'no-chain' });
  expect(await said(builder, { kind: 'no-chain' })).toEqual([]);
});

it('without a key for it no decision is looked at, and that is said', async () => {
  const { builder } = await governedArchive();
  for (const trusted of [[LOG], []]) {
    const acts = await look(builder, trusted);
    expect(acts).toEqual({ kind: 'no-key' });
    expect(await said(builder, acts)).toEqual([
      'decisions: none was looked at: no key was given that covers the governance chain (--key)',
    ]);
  }
});

it('says how many acts there are, and whether their demands were compared', async () => {
  const builder = await released();
  const acts = await look(builder);
  expect(await said(builder, acts)).toEqual([
    'decisions: 5 acts; locks and legal holds were compared with what they demand, but for what may still be under way (FORMAT.md 13.6)',
  ]);
  const copy =
    'decisions: 5 acts; what they demand of locks and legal holds was not compared: a copy has no locks and no legal holds';
  expect(await said(builder, acts, 'directory')).toEqual([copy]);
  expect(await said(builder, acts, 's3', true)).toEqual([copy]);
});

it('says how many segments were too young to be asked for their hold', async () => {
  const builder = await released();
  const acts = await look(builder);
  const { report } = await verifying(builder, acts, false);
  const words = (young: number) => {
    const [first, ...others] = report.chains;
    const chains = [{ ...first!, holdsToCome: young }, ...others];
    return decisionsText(saidOfDecisions(acts, { kind: 's3' }, { ...report, chains }, false)).slice(1);
  };
  expect([words(0), words(1), words(2)]).toEqual([
    [],
    ['holds: 1 segment under a case was not asked for a hold: sealed less than an hour before'],
    ['holds: 2 segments under a case were not asked for a hold: sealed less than an hour before'],
  ]);
});

it('reads up to a fault, believes no release from there, and says so', async () => {
  const builder = await released();
  builder.archive.alter(sealKey(GOVERNANCE_CHAIN, 0, 4), (bytes) => bytes.subarray(0, -9));
  const acts = await look(builder);
  expect(acts).toMatchObject({ kind: 'read', isVerified: false });
  const [text] = await said(builder, acts);
  expect(text).toMatch(
    /^decisions: 4 acts; .* only what locks longer and holds more was compared, for it was read in part: /,
  );
  // Also where that chain is not asked for, and so has no verdict.
  expect((await verifying(builder, acts, true)).codes).toEqual(['legal-hold-missing']);
});

it('says that the chain is broken where it could be read', async () => {
  const builder = await released();
  builder.archive.setLock(sealKey(GOVERNANCE_CHAIN, 0, 1), null);
  const [text] = await said(builder, await look(builder));
  expect(text).toContain(
    'only what locks longer and holds more was compared, for the governance chain is broken',
  );
});

it('says that nothing could be read of it', async () => {
  const builder = await released();
  builder.archive.remove(sealKey(GOVERNANCE_CHAIN, 0, 0));
  const acts = await look(builder);
  expect(acts).toMatchObject({ kind: 'unread' });
  expect((await said(builder, acts))[0]).toContain(
    'none was looked at: the governance chain could not be read: ',
  );
});

it('a given-up governance key signs no decision', async () => {
  const { builder, decide } = await governedArchive();
  const next = signer('next governance key');
  const act = { kind: 'hold.reaffirm', detail: { case: 'C' } } as const;
  await decide(act, { signers: [GOVERNANCE_KEY(), next] });
  await decide(act, { signers: [next] });
  await decide(act, { signers: [GOVERNANCE_KEY()] });
  const acts = await look(builder);
  expect(acts).toMatchObject({ kind: 'read', isVerified: false });
  expect(acts.kind === 'read' && acts.history.acts).toHaveLength(3);
});
