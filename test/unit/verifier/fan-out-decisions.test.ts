// Does a fanned-out pass go on without the decisions that it could not read?
import { expect, it } from 'vitest';
import { nodeDecompress } from '../../../src/base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import type { VerifierKey } from '../../../src/format/vkey.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { readItems, readPlan } from '../../../src/verifier/fan-out/fan-notes.ts';
import { type FanTools, fanStep } from '../../../src/verifier/fan-out/fan-steps.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { archiveKey, ORIGIN, START_MS, signer } from '../../support/archive-builder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { GOVERNANCE_KEY, governedArchive } from '../../support/governed-archive.ts';
import { lawlessStore } from '../../support/lawless-store.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { noteContent, noteSigning } from '../../support/note-signing.ts';

it('ends as what is tried again, and writes no plan', async () => {
  const { publicKey } = memorySigner({ seed: 'decisions' });
  const work = memoryStore();
  const archive = memoryStore();
  const listed = archive.listVersions.bind(archive);
  const listVersions: typeof listed = (prefix, options) => {
    if (prefix.includes(GOVERNANCE_CHAIN)) throw new Error('no answer');
    return listed(prefix, options);
  };
  const tools = {
    archive: Object.assign(archive, { listVersions }),
    asked: { trusted: [verifierKey(governanceOrigin('audit.example.com/prod'), publicKey, nodeSha256)] },
    work: {
      ...{ store: work, signing: noteSigning(), clock: { now: () => 0 } },
      retention: { mode: 'COMPLIANCE', period: { months: 1, ms: 0 } },
    },
    size: { bytes: 1_000_000, segments: 100 },
  } as unknown as FanTools;
  const run = { name: 'pass', startedAt: '2026-11-30T10:00:00.000Z' };
  const asked = fanStep(tools, { fanOut: 'plan', run }, new AbortController().signal);
  await expect(asked).rejects.toMatchObject({ code: 'decisions-unread', disposition: 'retriable' });
  expect(work.keys()).toEqual([]);
});

/** All steps of a pass, one after the other: what its report says. */
async function passOver(trusted: readonly VerifierKey[]) {
  const { builder } = await governedArchive();
  const bucket = {
    ...{
      store: memoryStore(),
      signing: noteSigning(),
      clock: new FakeClock({ startMs: START_MS + 3_600_000 }),
    },
    retention: { mode: 'COMPLIANCE', period: { months: 1, ms: 0 } },
  } as const;
  const tools = {
    archive: lawlessStore(builder.archive),
    asked: {
      ...{ trusted, sha256: nodeSha256 },
      checker: portableChecker({
        sha256: nodeSha256,
        sha256Into: nodeSha256Into,
        decompress: nodeDecompress,
      }),
    },
    ...{ work: bucket, own: bucket, findings: { report: async () => {} } },
    ...{ size: { bytes: 1_000_000, segments: 1 }, version: '1.2.3' },
  } as unknown as FanTools;
  const { signal } = new AbortController();
  const run = { name: 'pass', startedAt: '2026-11-30T10:00:00.000Z' };
  await fanStep(tools, { fanOut: 'plan', run }, signal);
  const items = await readItems(bucket, (await readPlan(bucket, run, signal))!, signal);
  for (const item of items) await fanStep(tools, { fanOut: 'range', run, item }, signal);
  const { key } = (await fanStep(tools, { fanOut: 'merge', run }, signal)) as { readonly key: string };
  const [version] = bucket.store.versionsOf(key) as unknown as { readonly bytes: Uint8Array }[];
  return JSON.parse(new TextDecoder().decode(noteContent(version?.bytes)));
}

const LOG = archiveKey(signer());

it('without a key for decisions it ends, is not verified, and says that none was looked at', async () => {
  const report = await passOver([LOG]);
  expect(report).toMatchObject({
    verdict: 'unverifiable',
    decisions: { acts: null, why: 'no key was given that covers the governance chain' },
    coverage: { chains: 2, gone: 0 },
  });
  const of = (chain: string) => report.chains.find((one: { readonly chain: string }) => one.chain === chain);
  // What the key covers was looked at all the same.
  expect(of('orders')).toMatchObject({ verdict: 'verified', size: 3, findings: [] });
  expect(of(GOVERNANCE_CHAIN)).toMatchObject({ verdict: 'unverifiable' });
});

it('with that key it counts the acts', async () => {
  const report = await passOver([LOG, archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN))]);
  expect(report).toMatchObject({ verdict: 'verified', decisions: { acts: 1, why: null } });
});
