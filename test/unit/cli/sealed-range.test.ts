// Does a range of times mean the same whether or not segments may be passed by, and is it said what no range holds?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { endBound } from '../../../src/verify/end-bound.ts';
import { findingOf } from '../../../src/verify/finding.ts';
import type { ChainReport } from '../../../src/verify/report.ts';
import { ArchiveBuilder, entries, START_MS, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let archive: string[];
const time = (ms: number) => new Date(ms).toISOString();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-sealed-range-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  for (const minute of [0, 10, 20])
    await chain.seal({ sealedMs: START_MS + minute * 60_000, lines: entries(chain.nextOffset, 5) });
  const timeless = builder.chain('timeless');
  const lines = entries(0, 3).map((entry) => ({ ...entry, timestamp: -1n }));
  await timeless.seal({ sealedMs: START_MS, lines });
  writeCopy(builder.archive, join(dir, 'archive'));
  archive = [join(dir, 'archive'), '--key', encodeVkey(builder.trusted[0] as VerifierKey)];
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const find = (...more: string[]) =>
  ledgerstone(['find', ...archive, '--topic', 'orders', '--text', 'e', ...more]);

it('--time sealed has the same hits with --trust-nobody', async () => {
  const range = ['--time', 'sealed', '--from', time(START_MS + 60_000), '--to', time(START_MS + 15 * 60_000)];
  const hits = /^(\d+) hits? by the time of sealing, and nothing was left out: 5 records in 1 segment/m;
  const plain = hits.exec((await find(...range)).out);
  expect(plain?.[1]).toBeDefined();
  expect(hits.exec((await find(...range, '--trust-nobody')).out)?.[1]).toBe(plain?.[1]);
  const none = await find('--time', 'sealed', '--to', time(START_MS - 1), '--trust-nobody');
  expect(none.out).toMatch(/^none by the time of sealing, and nothing was left out: 0 records/m);
});

it('a sample is drawn from what was sealed in the range alone', async () => {
  const sampled = await ledgerstone([
    ...['sample', ...archive, '--topic', 'orders', '--n', '9', '--seed', 's', '--out', join(dir, 'sample')],
    ...['--time', 'sealed', '--to', time(START_MS + 15 * 60_000), '--json'],
  ]);
  expect(sampled.code, sampled.err).toBe(0);
  expect(JSON.stringify(JSON.parse(sampled.out))).toMatch(/"population":10\b/);
});

const RANGE = ['--from', time(START_MS - 1), '--to', time(START_MS + 1)];
const UNTIMED = /left out: 3 records without a time, such as lines of a file: whether they were meant can't/;

it.each([[[]], [['--trust-nobody']]])('records without a time are named before "none" (%j)', async (more) => {
  const find = ['find', ...archive, '--text', 'e', ...RANGE, ...more];
  const { code, out } = await ledgerstone([...find, '--topic', 'timeless']);
  expect(out).toMatch(
    /^3 records without such a time not .*: none among those that have one by the time of the record: /m,
  );
  expect(out).toMatch(UNTIMED);
  // Nothing can be said of them: no clean exit.
  expect(code).toBe(3);
  const all = await ledgerstone(find);
  expect([all.code, all.out]).toEqual([3, expect.stringMatching(/^3 records .*: \d+ hits? among those/m)]);
  expect((await ledgerstone([...find, '--topic', 'orders'])).code).toBe(0);
});

it('nothing is exported, drawn or found about a person where records have no time to go by', async () => {
  const fields = join(dir, 'fields.yaml');
  writeFileSync(fields, "'*': { subject: key, time: /at }\n");
  const about = ['--fields', fields, '--subject', 'nobody'];
  const found = await ledgerstone(['find', ...archive, ...about, ...RANGE]);
  expect([found.code, found.out]).toEqual([3, expect.stringMatching(UNTIMED)]);
  // The time inside of the events is in none of them.
  const dated = await ledgerstone(['find', ...archive, '--fields', fields, '--time', 'event', ...RANGE]);
  expect([dated.code, dated.err]).toEqual([2, expect.stringContaining('time is a field of none')]);
  const named = ['--case', '1', '--purpose', 'p', '--by', 'b', '--out', join(dir, 'case.zip')];
  const exported = await ledgerstone(['export', ...archive, '--text', 'e', ...RANGE, ...named]);
  expect([exported.code, exported.err]).toEqual([3, expect.stringContaining('3 records without a time')]);
  const draw = ['--n', '2', '--seed', 's', '--out', join(dir, 'none')];
  const drawn = await ledgerstone(['sample', ...archive, ...RANGE, ...draw]);
  expect([drawn.code, drawn.out]).toEqual([3, expect.stringMatching(UNTIMED)]);
});

it('a chain that was compared and is shorter is not said to have had nothing to compare', () => {
  const cut = { knownSize: null, size: 3, findings: [findingOf('truncation')] } as unknown as ChainReport;
  const good = { knownSize: 2, size: 3, findings: [] } as unknown as ChainReport;
  for (const chains of [[cut], [cut, good]]) {
    const text = endBound(chains, ['--since']);
    expect(text).toContain('what was given from outside contradicts 1 chain: see the findings');
    expect(text).not.toContain('nothing from outside');
    expect(text).not.toContain('none to compare');
  }
  expect(endBound([{ ...good, knownSize: null }], ['--since'])).toContain(
    'nothing from outside was compared',
  );
});
