// Does the list for S3 Batch Operations name each version whose lock is short, and no other?
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeBatchManifest } from '../../../src/apps/cli/batch-manifest.ts';
import { enforceRetention, historyNow } from '../../../src/governance/carry-out.ts';
import { goneJudge } from '../../../src/governance/gone-data.ts';
import { shortLocks } from '../../../src/governance/short-locks.ts';
import { START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { extend, type GovernedArchive, governedArchive, LOCK, range } from '../../support/effect-world.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-manifest-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const UNTIL = new Date(START_MS + 3 * YEAR_MS).toISOString().replace('.000Z', 'Z');
const looking = async (world: GovernedArchive) => ({
  ...{ store: world.store, trusted: world.tools.logKeys, signal: world.tools.signal },
  goneOf: goneJudge(await historyNow(world.tools), world.clock.now()),
});
const target = (name: string) => ({
  ...({
    folder: join(dir, name),
    bucket: 'acme-audit',
    prefix: 'prod/',
    mode: 'COMPLIANCE',
    until: UNTIL,
  } as const),
});

it('each version of the segments, keys and FORMAT with a shorter lock; keys as in URLs', async () => {
  const world = await governedArchive();
  const tools = await looking(world);
  await world.decide(world.people.ada, extend(Date.parse(UNTIL), range(0, 0)));
  const made = await writeBatchManifest(target('one'), shortLocks(tools, [range(0, 2)], Date.parse(UNTIL)));
  const text = readFileSync(join(dir, 'one/manifest.csv'), 'utf8');
  const rows = text.trimEnd().split('\n');
  // Segments 1 and 2. That of segment 0, the key and FORMAT are locked as long.
  expect([made, rows.length]).toEqual([{ listed: 4, longEnough: 4 }, 4]);
  const versions = new Map(world.store.keys().map((key) => [key, world.store.versionsOf(key)[0]!]));
  for (const row of rows) {
    const [bucket, key = '', versionId = ''] = row.split(',');
    const at = decodeURIComponent(key).replace('prod/', '');
    expect(bucket).toBe('acme-audit');
    expect(key).not.toMatch(/[^A-Za-z0-9%._~-]/);
    expect(versions.get(at)).toMatchObject({ versionId: decodeURIComponent(versionId), lock: LOCK });
  }
  const job = JSON.parse(readFileSync(join(dir, 'one/job.json'), 'utf8'));
  expect(job.Manifest.Location.ETag).toBe(createHash('md5').update(text).digest('hex'));
  expect(job.Operation.S3PutObjectRetention.Retention).toEqual({
    RetainUntilDate: UNTIL,
    Mode: 'COMPLIANCE',
  });
  expect(job.ConfirmationRequired).toBe(true);
});

it('a list with holes is none: what lacks ends it, and there is no job', async () => {
  const world = await governedArchive();
  const tools = await looking(world);
  await expect(
    writeBatchManifest(target('holes'), shortLocks(tools, [range(4, 7)], Date.parse(UNTIL))),
  ).rejects.toThrow('segments 6 to 7 of orders/0: no seal is there');
  expect(() => readFileSync(join(dir, 'holes/job.json'))).toThrow('ENOENT');
  await expect(
    writeBatchManifest(target('holes'), shortLocks(tools, [range(0, 0)], Date.parse(UNTIL))),
  ).rejects.toThrow('holes could not be made');
});

it('what the job did is read back, and then the decision is done', async () => {
  const world = await governedArchive();
  const { recorded } = await world.record(world.people.ada, extend(Date.parse(UNTIL), range(0, 1)));
  for (const key of world.store.keys())
    await world.store.extendLock(key, world.store.versionsOf(key)[0]!.versionId, {
      ...{ mode: 'COMPLIANCE', untilMs: START_MS + 20 * YEAR_MS },
    });
  const { closed, effect } = await enforceRetention(world.tools, world.people.eve);
  expect([closed.map(({ act }) => act.id), effect.changed]).toEqual([[recorded.act.id], 0]);
});
