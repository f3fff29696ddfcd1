// Can one strange note hold up what this verifier reads again and again?
import { expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { scrubPart } from '../../../src/verifier/tasks/scrub.ts';
import { ScrubLog } from '../../../src/verifier/tasks/scrub-progress.ts';
import { runSweep } from '../../../src/verifier/tasks/sweep.ts';
import { SweepLog } from '../../../src/verifier/tasks/sweep-cursor.ts';
import { NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { NOTES } from '../../support/note-signing.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { PLACE, STILL, VerifierWorld } from '../../support/verifier-world.ts';

const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
const DAY_MS = 86_400_000;

it.each([
  ['from the future', 3, NOW_MS + 50 * YEAR_MS],
  ['of the last pass that there can be', 999_999, NOW_MS - YEAR_MS],
])('a whole pass %s keeps no pass from beginning', async (_, pass, atMs) => {
  const world = new VerifierWorld();
  await world.grow(4);
  await world.step();
  const log = new ScrubLog({ ...NOTES, store: world.store, retention, clock: STILL });
  const times = { passStartedMs: atMs, partStartedMs: atMs, atMs, gone: null };
  const forged = { pass, origin: 'x/orders/0', size: 4, root: new Uint8Array(32), isWhole: true, ...times };
  await log.add(PLACE, forged);
  const part = await scrubPart({ ...world.tools(), log, everyMs: 7 * DAY_MS }, PLACE, { bytesMax: 1e9 });
  expect(part).toMatchObject({ kind: 'read', segments: 4 });
  if (part.kind === 'read' && part.progress !== null) await log.add(PLACE, part.progress);
  expect((await log.newest(PLACE))?.passStartedMs).toBe(NOW_MS);
});

it('a note of the last part that a sweep can have ends no sweep', async () => {
  const world = new VerifierWorld();
  await world.grow(4);
  const cursor = { part: 'own', place: null, after: '~', lastSequence: -1 };
  const key = `passes/sweep/${String(NOW_MS / 1000).padStart(12, '0')}-999999.note`;
  const note = utf8(JSON.stringify({ format: 'ledgerstone/sweep/1', cursor }));
  await world.store.putIfAbsent(key, note, { mode: 'COMPLIANCE', untilMs: NOW_MS + YEAR_MS });
  const tools = { ...world.tools(), archive: storeOver(world.builder.archive), own: world.store };
  const log = new SweepLog({ ...NOTES, store: world.store, retention, clock: STILL });
  const scopes: string[] = [];
  await runSweep(tools, log, { report: async ({ scope }) => void scopes.push(scope.name) });
  expect(scopes).toContain('topic=orders/partition=0');
});

it('a flood of notes that are none is a finding, which no sweep closes by their keys', async () => {
  const { world, run, open } = await verifierRig(1);
  const seconds = String(NOW_MS / 1000 - 60).padStart(12, '0');
  for (let part = 0; part < 60; part++) {
    const key = `passes/sweep/${seconds}-${String(part).padStart(6, '0')}.note`;
    world.store.attacker.putVersion(key, utf8('junk'));
  }
  world.store.attacker.putVersion('passes/topic=orders/partition=0/000007/000000000001.note', utf8('junk'));
  await run({ task: 'sweep' });
  await run({ task: 'full-pass' });
  const foreign = () => open().filter((code) => code === 'foreign-object').length;
  expect(foreign()).toBe(51);
  await run({ task: 'sweep' });
  expect(foreign()).toBe(51);
});

it('a note that is none closes its finding with the next sweep once it is gone, and not before', async () => {
  const { world, run, open } = await verifierRig(1);
  const keys = [
    `passes/sweep/${String(NOW_MS / 1000 - 60).padStart(12, '0')}-000001.note`,
    'passes/topic=orders/partition=0/000007/000000000001.note',
  ];
  const lock = { mode: 'COMPLIANCE', untilMs: NOW_MS + YEAR_MS } as const;
  for (const key of keys) world.store.attacker.putVersion(key, utf8('junk'), lock);
  const later = async () => {
    await run({ task: 'sweep' });
    await run({ task: 'full-pass' });
    await run({ task: 'sweep' });
    return open();
  };
  expect(await later()).toEqual(['foreign-object', 'foreign-object']);
  for (const key of keys) {
    for (const { versionId } of [...world.store.versionsOf(key)]) {
      world.store.attacker.destroy(key, versionId);
    }
  }
  expect(await later()).toEqual([]);
});
