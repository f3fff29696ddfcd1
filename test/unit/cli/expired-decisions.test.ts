// Is an archive called verified where data of decisions has expired, so that nobody knows what was decided? (FORMAT.md 13.6.10)
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { openArchive, verifyArchive } from '../../../src/index.ts';
import { archiveKey, ORIGIN, signer, writeCopy } from '../../support/archive-builder.ts';
import {
  APPROVER,
  actMaker,
  GOVERNANCE_KEY,
  governedArchive,
  sealActs,
} from '../../support/governed-archive.ts';
import { ledgerstone } from './captured-io.ts';

const SHORT = { retentionMs: 60_000 };
const SEGMENTS = [{ chain: 'orders', partition: 0, from: 0, to: null }];
const KEYS = [archiveKey(signer()), archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN))].map(encodeVkey);
const keyArgs = KEYS.flatMap((key) => ['--key', key]);

let dir: string;
let out: string;
const run = (...args: string[]) => ledgerstone([...args, ...keyArgs]);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-expired-decisions-'));
  out = mkdtempSync(join(tmpdir(), 'ledgerstone-expired-decisions-out-'));
  const { builder, governance, decide } = await governedArchive();
  const place = { kind: 'hold.place', detail: { case: 'C-1', segments: SEGMENTS } } as const;
  await decide(place);
  const release = await decide({ kind: 'hold.release', detail: { case: 'C-1' } });
  const make = actMaker(undefined, 100);
  const approval = await make({ kind: 'approve', of: release, by: APPROVER, detail: {} });
  const gone = await sealActs(governance, [approval], SHORT);
  writeCopy(builder.archive, dir);
  unlinkSync(join(dir, gone.dataKey ?? ''));
});
afterAll(() => {
  for (const path of [dir, out]) rmSync(path, { recursive: true, force: true });
});

it('verify: it is unverifiable, and says that what was decided is not known', async () => {
  const { code, out: text } = await run('verify', dir);
  expect([code, text]).toEqual([3, expect.stringContaining('what was decided there is not known')]);
  const json = JSON.parse((await run('verify', dir, '--json')).out);
  expect(json).toMatchObject({ verdict: 'unverifiable' });
});

it('verify --shard and --merge: the same', async () => {
  const files = [1, 2].map((index) => join(out, `${index}.json`));
  for (const [index, file] of files.entries())
    await run('verify', dir, '--shard', `${index + 1}/2`, '--shard-segments', '1', '--out', file);
  const { code, out: text } = await run('verify', dir, ...files.flatMap((file) => ['--merge', file]));
  expect([code, text]).toEqual([3, expect.stringContaining('what was decided there is not known')]);
});

it('the library: the same', async () => {
  const report = await verifyArchive(await openArchive(dir), { keys: KEYS });
  expect(report.verdict).toBe('unverifiable');
  expect(
    report.findings.concat(...report.chains.map(({ findings }) => findings)).map(({ code }) => code),
  ).toContain('expired-unread');
  expect(report.decisions?.why).toContain('not there any more');
});

it.each([
  ['hold', 'list'],
  ['governance', 'list'],
])('%s %s: it ends without a promise', async (...words) => {
  const { code, out: text, err } = await run(...words, dir);
  expect(code).toBe(3);
  expect(`${text}${err}`).toContain('the data of segment 3 is not there any more');
});
