// What does an object of hostile size in the verifier's own bucket keep it from? Nothing: it is strange, like any other.
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { chainScope, findingId } from '../../../src/verifier/findings/record.ts';
import { findingKey } from '../../../src/verifier/own-keys.ts';
import { type Finding, SEVERITY } from '../../../src/verify/finding.ts';
import { NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { NOTES } from '../../support/note-signing.ts';
import { PLACE, STILL, VerifierWorld } from '../../support/verifier-world.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: NOW_MS + YEAR_MS } as const;
const HUGE = new Uint8Array(100_000);

it.each([5, 9])('goes on where something huge lies at the attestation of size %i', async (size) => {
  const world = new VerifierWorld();
  await world.grow(4);
  await world.step();
  const key = attestationKey(PLACE.chain, PLACE.partition, size);
  await world.store.putIfAbsent(key, HUGE, LOCK);
  await world.grow(2);
  const { verdict, isNew, findings } = await world.step();
  expect([verdict, isNew]).toEqual(['verified', true]);
  expect(findings).toMatchObject([{ code: 'foreign-object', key }]);
  expect(world.attestedSizes()).toContain(6);
});

it('keeps and tells findings where something huge lies at the key of another', async () => {
  const world = new VerifierWorld();
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
  const scope = chainScope(PLACE);
  const code = 'fork';
  const of = (key: string): Finding => ({
    ...{ code, severity: SEVERITY[code], key, versionId: null, sequence: null, expected: null, found: null },
  });
  const id = findingId(scope, of('junk'), nodeSha256);
  const place = { scope: scope.name, code, id, opening: 0, state: 'open', mark: '', copy: 0 } as const;
  await world.store.putIfAbsent(findingKey(place), HUGE, LOCK);
  const { opened } = await ledger.report(scope, [of('true')], { check: 'confirm', complete: false });
  expect(opened.map(({ file }) => file.finding.key)).toEqual(['true']);
});
