// Does a fanned-out pass go on without the decisions that it could not read?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { type FanTools, fanStep } from '../../../src/verifier/fan-out/fan-steps.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { noteSigning } from '../../support/note-signing.ts';

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
