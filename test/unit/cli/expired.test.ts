// Is an archive called damaged where data was deleted after its promised time?
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let run: (...args: string[]) => ReturnType<typeof ledgerstone>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-expired-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  const sealedMs = Date.now() - 10_000_000;
  const gone = await chain.seal({ lines: entries(0, 3), sealedMs, retentionMs: 3_600_000 });
  const missing = await chain.seal({ lines: entries(3, 3), sealedMs: sealedMs + 1000 });
  await chain.seal({ lines: entries(6, 3), sealedMs: sealedMs + 2000 });
  writeCopy(builder.archive, dir);
  for (const { dataKey } of [gone, missing]) unlinkSync(join(dir, dataKey ?? ''));
  const key = encodeVkey(builder.trusted[0] as VerifierKey);
  run = (...args) => {
    const [command = '', ...more] = args;
    return ledgerstone([command, dir, '--topic', 'orders', '--partition', '0', '--key', key, ...more]);
  };
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  ['get', '--from', '1', '--to', '1'],
  ['get', '--from', '1', '--to', '1', '--prove'],
  ['prove', '--offset', '1'],
])('%s %s %s: it expired, and until when it was kept', async (...args) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([3, '']);
  expect(err).toMatch(/segment 0 is not there any more: its seal promised to keep it until \d{4}-/);
  expect(err).toContain('whether people decided to keep it longer was not looked at');
  expect(err).not.toMatch(/data-missing/);
});

it('before its time it is missing, and the archive broken', async () => {
  const { code, err } = await run('get', '--from', '4', '--to', '4');
  expect([code, err]).toEqual([1, expect.stringContaining('data-missing')]);
});

it('what comes later is read', async () => {
  expect((await run('get', '--from', '7', '--to', '7')).code).toBe(0);
});
