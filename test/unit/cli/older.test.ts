// What do the commands say of an archive whose chains go on from another owner's?
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import {
  ArchiveBuilder,
  type ChainBuilder,
  entries,
  signer,
  writeCopy,
} from '../../support/archive-builder.ts';
import { headOf } from '../../vectors/archive-cases.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let sold: ArchiveBuilder;
let older: ChainBuilder;
let bought: ArchiveBuilder;
const at = (name: string) => join(dir, name);
const keyOf = (builder: ArchiveBuilder) => encodeVkey(builder.trusted[0] as VerifierKey);
const write = () => {
  for (const name of ['old', 'new']) rmSync(at(name), { recursive: true, force: true });
  writeCopy(sold.archive, at('old'));
  writeCopy(bought.archive, at('new'));
};
const shown = () => ['--older', at('old'), '--older-key', keyOf(sold)];
const onNew = (command: string, ...more: string[]) =>
  ledgerstone([command, at('new'), '--key', keyOf(bought), ...more]);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-older-'));
  sold = new ArchiveBuilder({ origin: 'sold.example.com/prod', signers: [signer('sold key')] });
  older = sold.chain('orders');
  await older.fill(1, 4);
  bought = new ArchiveBuilder();
  const newer = bought.chain('orders', 0, 4);
  await newer.seal({ continues: headOf(older, { reason: 'sold' }) });
  await newer.seal({ lines: entries(4, 2) });
  write();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('verify', () => {
  it('names the option where the older archive was not shown', async () => {
    const { code, out } = await onNew('verify');
    expect(code).toBe(3);
    expect(out).toContain('a chain of another archive, which was not shown (ledgerstone verify --older)');
  });

  it('of a report of controls is that of all, and the report says what was read beside the archive', async () => {
    const page = (name: string) => [
      '--framework',
      'soc2',
      '--as-copy',
      '--out',
      at(name),
      '--json',
      at(`${name}.json`),
    ];
    const controls = async (name: string, ...more: string[]) => {
      const asked = ['report', 'controls', at('new'), '--key', keyOf(bought), ...page(name), ...more];
      const { code } = await ledgerstone(asked);
      return { code, looked: JSON.parse(readFileSync(at(`${name}.json`), 'utf8')).looked.join(' ') };
    };
    const alone = await controls('alone');
    expect([alone.code, alone.looked]).toEqual([3, expect.not.stringContaining('older archive')]);
    const both = await controls('both', ...shown());
    expect(both).toEqual({
      code: 0,
      looked: expect.stringContaining(`The older archive ${at('old')}, by its own keys: verified.`),
    });
    await older.seal({ lines: entries(4, 1) });
    write();
    expect(await controls('forked', ...shown())).toMatchObject({
      code: 1,
      looked: expect.stringContaining('keys: broken.'),
    });
  });

  it('gives each archive its verdict, and one for all', async () => {
    const { code, out, err } = await onNew('verify', ...shown());
    expect([code, err]).toEqual([0, '']);
    const [first, ...lines] = out.split('\n').filter((line) => /^(?:beside|verified|broken)/.test(line));
    expect(first).toBe(`beside it, with keys of its own: ${at('old')}`);
    expect(lines).toEqual([
      expect.stringMatching(/^verified {2}.*\/old: all that is here is unaltered.*: offsets 0 to 3, sealed/),
      expect.stringMatching(/^verified {2}.*\/new: all that is here is unaltered.*: offsets 4 to 5, sealed/),
      `verified  in all: ${at('new')} with 1 archive beside it`,
    ]);
    expect(out).toContain(`continues ${older.origin} from its offset 4 on, by ops@example.com: sold`);
  });

  it('says which one is not verified, and exits for the worst', async () => {
    await older.seal({ lines: entries(4, 1) });
    write();
    const { code, out } = await onNew('verify', ...shown());
    expect(code).toBe(1);
    expect(out).toContain('fork (broken)');
    expect(out).toMatch(/^verified {2}.*\/new: /m);
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      `broken  in all: ${at('new')} ${at('old')} beside it is not verified, see above`,
    );
    const { beside, verdict } = JSON.parse((await onNew('verify', ...shown(), '--json')).out);
    expect([verdict, beside.verdictAlone]).toEqual(['broken', 'verified']);
    expect(beside.archives).toMatchObject([
      { name: at('old'), report: { verdict: 'broken', leastLock: null, decisions: null } },
    ]);
  });

  it('keeps the checkpoints of all, and compares each with its own archive', async () => {
    expect((await onNew('verify', ...shown(), '--keep', at('kept'))).code).toBe(0);
    const kept = readFileSync(at('kept'), 'utf8');
    for (const origin of [older.origin, `${bought.origin}/orders/0`])
      expect(kept).toContain(`${origin}\n2\n`);
    expect((await onNew('verify', ...shown(), '--keep', at('kept'))).code).toBe(0);
    rmSync(join(at('old'), 'seals'), { recursive: true });
    expect((await onNew('verify', ...shown(), '--keep', at('kept'))).code).toBe(1);
  });

  it('does not take the keys of one archive for another', async () => {
    const swapped = await ledgerstone([
      ...['verify', at('new'), '--key', keyOf(sold), '--older', at('old'), '--older-key', keyOf(bought)],
    ]);
    expect(swapped.code).toBe(3);
    const all = [keyOf(sold), keyOf(bought)].flatMap((key) => ['--key', key]);
    expect((await ledgerstone(['verify', at('new'), ...all])).code).toBe(3);
  });

  it('asks for a key behind each --older, and for an --older before each key', async () => {
    const none = await onNew('verify', '--older', at('old'));
    expect([none.code, none.err]).toEqual([2, expect.stringContaining(`--older ${at('old')} has no key`)]);
    const early = await onNew('verify', '--older-key', keyOf(sold), '--older', at('old'));
    expect([early.code, early.err]).toEqual([2, expect.stringContaining('names no archive')]);
    const nowhere = await onNew('verify', '--older', at('nowhere'), '--older-key', keyOf(sold));
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('there is no directory')]);
  });
});

const SEARCH = ['--text', 'login'];

it('explain explains the archive itself, and names what was shown beside it', async () => {
  await older.seal({ lines: entries(4, 1) });
  write();
  const { out: report } = await onNew('verify', ...shown(), '--json');
  const { code, out } = await ledgerstone(['explain', '-'], {}, report);
  expect(code).toBe(0);
  expect(out).toMatch(/^VERIFIED: /);
  expect(out).toContain(`Beside it was verified ${at('old')}, which its chains may go on from: broken.`);
  expect(out).not.toContain('contradict');
});

describe('a search', () => {
  it('does not say that it is complete where the older archive was not shown', async () => {
    const { code, out, err } = await onNew('find', ...SEARCH);
    expect(code).toBe(3);
    expect(`${out}${err}`).toContain('which was not shown (ledgerstone verify --older)');
    expect(`${out}${err}`).not.toContain('nothing was left out');
  });

  it('is complete of this archive with it, and says that the older one was not searched', async () => {
    const { code, out } = await onNew('find', ...SEARCH, ...shown(), '--json');
    const { statement } = JSON.parse(out.trimEnd().split('\n').at(-1) as string);
    expect([code, statement.isComplete, statement.hits]).toEqual([0, true, 2]);
    expect(statement.bounds).toContain(
      `orders/0 goes on from ${older.origin} of another archive, which was not searched`,
    );
  });

  it('finds that the older archive has another history', async () => {
    sold = new ArchiveBuilder({ origin: sold.origin, signers: [...sold.signers] });
    await sold.chain('orders').fill(1, 5);
    write();
    expect((await onNew('find', ...SEARCH, ...shown())).code).toBe(1);
  });

  it('refuses a checkpoint of the older chain, which it does not compare', async () => {
    expect((await onNew('verify', ...shown(), '--keep', at('kept'))).code).toBe(0);
    const { code, err } = await onNew('find', ...SEARCH, ...shown(), '--since', at('kept'));
    expect([code, err]).toEqual([2, expect.stringContaining(`a checkpoint of ${older.origin}`)]);
  });

  it('is what a package and a sample are made of', async () => {
    const said = ['--case', 'C', '--purpose', 'p', '--by', 'b'];
    expect((await onNew('export', ...SEARCH, ...said, '--out', at('none.zip'))).code).toBe(3);
    expect((await onNew('export', ...SEARCH, ...said, ...shown(), '--out', at('case.zip'))).code).toBe(0);
    const draw = ['--n', '1', '--seed', 's', '--where', '/event=login'];
    expect((await onNew('sample', ...draw, '--out', at('none'))).code).toBe(3);
    expect((await onNew('sample', ...draw, ...shown(), '--out', at('drawn'))).code).toBe(0);
  });
});

it('a copy is made where it is shown, and the older archive is not copied', async () => {
  const who = ['--lock-until', 'same', '--by', 'b', '--reason', 'r', '--key', keyOf(bought)];
  const copy = (...more: string[]) =>
    ledgerstone(['copy', at('new'), at('copy'), ...who, '--receipt', at('receipt'), ...more]);
  const refused = await copy();
  expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('nothing was copied')]);
  expect((await copy(...shown())).code).toBe(0);
  const verified = await ledgerstone(['verify', at('copy'), '--key', keyOf(bought), ...shown()]);
  expect(verified.code).toBe(0);
  expect(existsSync(join(at('copy'), 'seals/topic=orders/partition=0/000000000002.tlog-proof'))).toBe(false);
});

it('an offset of the older chain is looked for there, by its name', async () => {
  const orders = ['--topic', 'orders', '--partition', '0'];
  const { code, err } = await onNew('prove', ...orders, '--offset', '2');
  expect([code, err]).toEqual([
    2,
    expect.stringContaining(`It goes on from ${older.origin}, which ends before offset 4: ask there.`),
  ]);
  expect((await onNew('prove', ...orders, '--offset', '4')).code).toBe(0);
});
