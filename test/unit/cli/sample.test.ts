// Does `sample` leave a test sheet that others can draw again, and nothing where not everything was read?
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import {
  ArchiveBuilder,
  entries,
  ORIGIN,
  START_MS,
  signer,
  transactionGap,
  writeCopy,
} from '../../support/archive-builder.ts';
import { pageText } from '../../support/docs/pages.ts';
import { recordsOf } from '../../support/find-world.ts';
import { has, outputOf, PYTHON, withTool } from '../../support/readers.ts';
import { ledgerstone } from './captured-io.ts';

const withPython = withTool('Python', has(PYTHON, '-c', 'import hashlib'));
let dir: string;
let key: string[];
/** The note under each seal of orders/0: four segments, the last one with offsets 25 to 29. */
const notes: Uint8Array[] = [];
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-sample-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain('orders');
  for (const lines of [[], entries(0, 20), [transactionGap(20, 5)], entries(25, 5)])
    notes.push((await chain.seal({ lines })).note);
  await builder.chain('users').fill(1, 6);
  writeCopy(builder.archive, at('archive'));
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  for (const [index, note] of notes.entries()) writeFileSync(at(`${index + 1}.checkpoint`), note);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let folders = 0;
async function sample(...args: string[]) {
  const out = at(`sample-${folders++}`);
  const ran = await ledgerstone(['sample', at('archive'), ...key, '--n', '4', '--out', out, ...args]);
  return { ...ran, folder: out, files: existsSync(out) ? readdirSync(out).sort() : [] };
}
const SEED = ['--seed', 'audit 2026-17'];

describe('a draw', () => {
  it('leaves sheets, the population, and each record with a proof that holds', async () => {
    const { code, err, out, folder, files } = await sample(...SEED);
    expect([code, err.includes('records with their proofs')]).toEqual([0, true]);
    expect(out).toContain('4 of 31 records drawn\n');
    expect(files).toEqual(['population.csv', 'records', 'sample.csv', 'sample.html', 'sample.json']);
    const said = JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8'));
    expect(said).toMatchObject({ population: 31, count: 4, seed: { text: 'audit 2026-17', root: '' } });
    expect(said.statement.isComplete).toBe(true);
    const sheet = readFileSync(join(folder, 'sample.csv'), 'utf8').split('\r\n');
    expect(sheet[0]).toMatch(
      /number,id,time_utc,archived_utc,segment,leaf_sha256,rank_sha256,clock,result,tested_by,remark$/,
    );
    expect(sheet.length).toBe(6);
    const days = readFileSync(join(folder, 'population.csv'), 'utf8').trim().split('\r\n').slice(1);
    expect(days.reduce((sum, row) => sum + Number(row.split(',')[3]), 0)).toBe(31);
    expect(readdirSync(join(folder, 'records')).length).toBe(8);
    for (const { id } of said.records) {
      const base = join(folder, 'records', id.replace(/[/:]/g, '-'));
      const checked = await ledgerstone([
        'check',
        `${base}.tlog-proof`,
        '--entry',
        `${base}.json`,
        ...key,
        '--json',
      ]);
      const { origin, offset } = JSON.parse(checked.out);
      expect([checked.code, `${origin}:${offset}`]).toEqual([0, `${ORIGIN}/${id}`]);
    }
    const page = readFileSync(join(folder, 'sample.html'), 'utf8');
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|https?:\/\//);
    for (const { id, leaf } of said.records) expect(page.includes(leaf) && page.includes(id)).toBe(true);
    for (const bound of said.bounds.slice(0, 1)) expect(out).toContain(bound);
  });

  it('is the same again', async () => {
    const [first, second] = [await sample(...SEED), await sample(...SEED)];
    const csv = ({ folder }: { folder: string }) => readFileSync(join(folder, 'sample.csv'), 'utf8');
    expect(csv(second)).toBe(csv(first));
  });

  withPython('is what the program of docs/sampling.md draws', async () => {
    const { out } = await sample(
      ...SEED,
      '--seed-from',
      at('4.checkpoint'),
      '--where',
      '/n<20',
      '--topic',
      'orders',
      '--json',
    );
    const { records, seed } = JSON.parse(out);
    const [program = ''] = /^```python\n([\s\S]*?)^```$/m.exec(pageText('docs/sampling.md'))?.slice(1) ?? [];
    const population = Array.from({ length: 20 }, (_, offset) => `${ORIGIN}/orders/0 ${offset}\n`).join('');
    const drawn = outputOf(PYTHON, ['-c', program, seed.text, seed.root, '4'], dir, population);
    expect(drawn.trim().split('\n')).toEqual(
      records.map(
        ({ rank, id }: { rank: string; id: string }) => `${rank} ${ORIGIN}/${id.replace(':', ' ')}`,
      ),
    );
  });

  it('of fewer records than asked for says so', async () => {
    const { code, out } = await sample(...SEED, '--where', '/n<2', '--topic', 'users');
    expect([code, out.split('\n')[0]]).toEqual([0, '2 of 2 records drawn: there are no more']);
  });

  it('does not pass by segments on the word of their seals', async () => {
    const builder = new ArchiveBuilder();
    // The manifest states another time than its records have: verify finds it, and find would pass it by.
    const manifestText = (text: string) =>
      text.replace(
        /"first":"[^"]*","last":"[^"]*"/,
        '"first":"2020-01-01T00:00:00.000Z","last":"2020-01-01T00:00:01.000Z"',
      );
    await builder.chain('orders').seal({ lines: entries(0, 5), manifestText });
    writeCopy(builder.archive, at('lying'));
    const asked = [at('lying'), ...key, '--from', '2026-11-22', '--to', '2026-11-23'];
    const found = await ledgerstone(['find', ...asked]);
    expect(found.out).toContain('none');
    const drawn = await ledgerstone(['sample', ...asked, '--n', '2', ...SEED, '--out', at('lying-sample')]);
    expect(drawn.code).toBe(1);
    expect(readdirSync(at('lying-sample'))).toEqual([]);
  });

  it('of hostile text stays text, in the sheet and on the page', async () => {
    const builder = new ArchiveBuilder();
    await builder
      .chain('orders')
      .seal({ lines: recordsOf(['{"a":"<script>alert(1)</script>"}'], { key: utf8('=cmd') }) });
    writeCopy(builder.archive, at('hostile'));
    const args = [
      '--n',
      '1',
      '--seed',
      '<img src=x>',
      '--where',
      '/a~<script>',
      '--out',
      at('hostile-sample'),
    ];
    expect((await ledgerstone(['sample', at('hostile'), ...key, ...args])).code).toBe(0);
    const page = readFileSync(join(at('hostile-sample'), 'sample.html'), 'utf8');
    expect(page).not.toMatch(/<script|<img/);
    expect(page).toContain('&lt;img src=x&gt;');
  });
});

describe('nothing is drawn', () => {
  it('where data is missing', async () => {
    writeCopy((await cutArchive()).archive, at('cut'));
    const data = join(at('cut'), 'data/topic=orders/partition=0/date=2026-11-22');
    rmSync(join(data, readdirSync(data)[0] as string));
    const { code, out, err } = await ledgerstone([
      'sample',
      at('cut'),
      ...key,
      '--n',
      '4',
      ...SEED,
      '--out',
      at('cut-sample'),
    ]);
    expect(code).not.toBe(0);
    expect(out).toContain('left out');
    expect(err).toContain('nothing was drawn');
    expect(readdirSync(at('cut-sample'))).toEqual([]);
  });

  it.each([
    ['without a seed', [], 'nothing to draw from'],
    ['with an empty one', ['--seed', ''], 'this is no seed'],
    ['with one of two lines', ['--seed', 'a\nb'], 'this is no seed'],
    ['with one that turns the line', ['--seed', 'a\u202eb'], 'this is no seed'],
    ['of nothing', [...SEED, '--text', 'no-such-word'], 'no record to draw from'],
    ['of a field that no record has', [...SEED, '--where', '/x=1'], '/x is a field of none'],
    ['of 0', [...SEED, '--n', '0'], "can't be drawn"],
    ['of too many', [...SEED, '--n', '10001'], "can't be drawn"],
  ])('%s', async (_, args, said) => {
    const { code, err, files } = await sample(...args);
    expect([code, files]).toEqual([2, []]);
    expect(err).toContain(said);
  });

  it('without a key, or into a folder that is in use', async () => {
    const bare = await ledgerstone(['sample', at('archive'), '--n', '4', ...SEED, '--out', at('bare')]);
    expect([bare.code, existsSync(at('bare'))]).toEqual([2, false]);
    const used = await ledgerstone(['sample', at('archive'), ...key, '--n', '4', ...SEED, '--out', dir]);
    expect(used.code).toBe(2);
    expect(used.err).toContain('is not empty');
  });
});

describe('a seed from a checkpoint', () => {
  const from = (file: string, ...args: string[]) =>
    sample('--seed-from', at(file), '--topic', 'orders', ...args);

  it('that is later than all records is taken', async () => {
    const { code, out } = await from('4.checkpoint', '--where', '/n<20', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).seed).toMatchObject({ text: '', from: `of ${ORIGIN}/orders/0 at size 4` });
    expect(JSON.parse(out).bounds.join()).toContain('can try several before signing one');
  });

  it.each([
    ['its own last segment has records of the population', '4.checkpoint', []],
    ['records came after it', '2.checkpoint', []],
    ['it is the first one of the records themselves', '2.checkpoint', ['--where', '/n<20']],
  ])('is refused: %s', async (_, file, args) => {
    const { code, err, files } = await from(file, ...args);
    expect([code, files]).toEqual([2, []]);
    expect(err).toContain('the seed is not later than the records');
  });

  it.each([
    ['before', START_MS + 3 * 60_000 - 1, 0],
    ['at the same time', START_MS + 3 * 60_000, 2],
    ['later', START_MS + 5 * 60_000, 2],
  ])('records of another chain that were sealed %s, by the clock', async (when, sealedMs, expected) => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain('orders');
    await chain.seal();
    await chain.seal({ lines: entries(0, 5) });
    const { note } = await chain.seal({ lines: entries(5, 5) });
    await builder.chain('users').seal({ lines: entries(0, 5), sealedMs });
    const own = at(`clock-${when}`);
    writeCopy(builder.archive, own);
    writeFileSync(at('clock.checkpoint'), note);
    const args = [
      '--n',
      '2',
      '--seed-from',
      at('clock.checkpoint'),
      '--where',
      '/n<5',
      '--out',
      `${own}-sample`,
    ];
    const { code, err } = await ledgerstone(['sample', own, ...key, ...args]);
    expect(code).toBe(expected);
    if (expected !== 0) expect(err).toContain('users/0 has some in segment 0, sealed');
  });

  it('of a chain that is not searched is refused', async () => {
    const { code, err } = await sample('--seed-from', at('4.checkpoint'), '--topic', 'users');
    expect(code).toBe(2);
    expect(err).toContain('of no chain that was searched');
  });

  it('that the archive does not bear out draws nothing', async () => {
    const other = await cutArchive();
    writeFileSync(at('other.checkpoint'), other.note);
    const forged = await from('other.checkpoint', '--where', '/n<20');
    expect([forged.code, forged.files]).toEqual([1, []]);
    // A root that somebody liked, under the log's own signature of another one.
    const [origin, size, , ...rest] = Buffer.from(notes[3] as Uint8Array)
      .toString()
      .split('\n');
    const liked = Buffer.alloc(32, 7).toString('base64');
    writeFileSync(at('liked.checkpoint'), [origin, size, liked, ...rest].join('\n'));
    const bad = await from('liked.checkpoint', '--where', '/n<20');
    expect(bad.code).not.toBe(0);
    expect(bad.files).toEqual([]);
  });

  it('of two checkpoints in a file is refused', async () => {
    writeFileSync(
      at('two.checkpoint'),
      Buffer.concat([notes[2] as Uint8Array, Buffer.from('\n'), notes[3] as Uint8Array]),
    );
    const { code, err } = await from('two.checkpoint');
    expect(code).toBe(2);
    expect(err).toContain('holds 2 checkpoints');
  });
});

/** Another history of orders/0, by the same key. */
async function cutArchive() {
  const builder = new ArchiveBuilder({ signers: [signer()] });
  const chain = builder.chain('orders');
  let note: Uint8Array = new Uint8Array(0);
  for (const lines of [[], entries(0, 10), entries(10, 10), entries(20, 10)])
    ({ note } = await chain.seal({ lines }));
  return { archive: builder.archive, note };
}
