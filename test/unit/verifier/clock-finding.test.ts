// Is the finding of a wrong clock ever closed?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { requireClock } from '../../../src/verifier/clock-check.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { CONFIGURATION_SCOPE } from '../../../src/verifier/findings/record.ts';
import { checkConfiguration } from '../../../src/verifier/tasks/settings.ts';
import type { FindingSink } from '../../../src/verifier/verifier.ts';
import { YEAR_MS } from '../../support/archive-builder.ts';
import { NOTES } from '../../support/note-signing.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

it('by the first comparison of settings after the clock was set', async () => {
  const world = new VerifierWorld();
  let offsetMs = 120_000;
  const verifier = { name: 'verifier.example.com', version: '1' };
  const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
  const ledger = new Ledger({
    ...NOTES,
    store: world.store,
    retention,
    clock: STILL,
    sha256: nodeSha256,
    verifier,
  });
  const findings: FindingSink = {
    report: async (...asked) => {
      const { opened } = await ledger.report(...asked);
      await ledger.notified(asked[0], opened, 'log');
    },
  };
  const archive = storeOver(world.builder.archive, () => offsetMs);
  const run = async () => {
    await requireClock({ archive, clock: STILL, findings });
    const { findings: drifts, complete } = await checkConfiguration([]);
    await findings.report(CONFIGURATION_SCOPE, drifts, { check: 'configuration', complete });
  };
  await expect(run()).rejects.toThrow('120 s off');
  expect((await ledger.open(CONFIGURATION_SCOPE)).get('unverifiable')).toBe(1);
  offsetMs = 0;
  await run();
  expect((await ledger.open(CONFIGURATION_SCOPE)).get('unverifiable')).toBeUndefined();
});
