// Do the commands about decisions say what they looked at, and what not?
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stillHeldLines } from '../../../src/apps/cli/governance-text.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { carryOut, historyNow } from '../../../src/governance/carry-out.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { governedArchive, place, range, released as releasedIn } from '../../support/effect-world.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const config = () => ['--config', at('governance.yaml')];
const ada = () => ['--reason', 'r', ...config(), '--by', 'Ada Byron', '--sign-key', at('ada.pem')];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-words-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  for (let segment = 0; segment < 6; segment++) await chain.seal({ lines: entries(segment * 10, 10) });
  writeCopy(builder.archive, at('archive'));
  writeFileSync(
    at('governance.yaml'),
    `archive:
  origin: ${builder.origin}
  store: { kind: directory, path: archive }
  trusted: [ "${encodeVkey(builder.trusted[0]!)}" ]
governance:
  signing: { kind: local, keyFile: governance.pem }
  retention: { mode: COMPLIANCE, period: 10y }
`,
  );
  writeFileSync(
    at('people.yaml'),
    `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
  );
  for (const who of ['ada', 'grace', 'governance'])
    await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]);
  const hold = ['hold', 'place', '--topic', 'orders', ...ada()];
  for (const args of [
    ['governance', 'charter', at('people.yaml'), ...ada()],
    [...hold, '--case', 'B', '--partition', '0', '--offsets', '10-19'],
    [...hold, '--case', 'F', '--future'],
  ])
    expect(await ledgerstone(args)).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('hold keep', () => {
  it('with --since names the cases that it did not look at', async () => {
    const { code, out } = await ledgerstone(['hold', 'keep', ...config(), '--since', '2h']);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(
        'looked at F only: cases without later segments (B) are not kept with --since: ' +
          '`hold keep` without it looks at them, and `hold enforce`',
      ),
    ]);
    const { out: json } = await ledgerstone(['hold', 'keep', ...config(), '--since', '2h', '--json']);
    expect(JSON.parse(json)).toMatchObject({ cases: ['B', 'F'], notLooked: ['B'] });
  });

  it('without it looks at all of them', async () => {
    const { out } = await ledgerstone(['hold', 'keep', ...config()]);
    expect(out).not.toContain('looked at');
  });
});

describe('retention extend', () => {
  it('writes no act where nothing becomes longer', async () => {
    const extend = (until: string, ...more: string[]) =>
      ledgerstone(['retention', 'extend', '--topic', 'orders', '--until', until, ...ada(), ...more]);
    const acts = async () =>
      JSON.parse((await ledgerstone(['governance', 'list', ...config(), '--json'])).out).acts.length;
    expect(await extend('2031-06-02')).toMatchObject({ code: 0 });
    const before = await acts();
    for (const more of [[], ['--dry-run']]) {
      const { code, out } = await extend('2031-06-01', ...more);
      expect([code, out]).toEqual([
        0,
        expect.stringContaining(
          'nothing becomes longer, and nothing is written: decided until 2031-06-02T00:00:00Z already',
        ),
      ]);
    }
    expect(await acts()).toBe(before);
    // The same again is what a broken-off one does.
    expect((await extend('2031-06-02')).out).toContain('it was written before, and not again');
    expect(await extend('2031-06-03')).toMatchObject({ code: 0 });
    expect(await acts()).toBe(before + 2);
  });
});

describe('a release', () => {
  it('says for which cases its objects are still held', async () => {
    const world = await governedArchive();
    await world.decide(world.people.ada, place('C-1', range(0, 1)));
    await world.decide(world.people.ada, place('C-2', range(1, 2)));
    const open = await releasedIn(world, 'C-1');
    const history = await historyNow(world.tools);
    const { effect } = await carryOut(world.tools, world.people.grace, open, history);
    // Segment 1, the key and FORMAT.
    expect(stillHeldLines(open, history, effect)).toEqual([
      '4 objects still held: the same segments are held for C-2',
    ]);
    expect(stillHeldLines(open, history, { ...effect, held: 0 })).toEqual([]);
  });
});

describe('a chain of decisions with a foreign seal at its next place', () => {
  const AT = 'the chain of decisions ledgerstone.governance/0 is broken at segment 9: sequence-gap';
  let foreign: string;

  beforeAll(() => {
    const seals = (chain: string) => at(`archive/seals/topic=${chain}/partition=0`);
    foreign = join(seals('ledgerstone.governance'), `${'9'.padStart(12, '0')}.tlog-proof`);
    copyFileSync(join(seals('orders'), `${'4'.padStart(12, '0')}.tlog-proof`), foreign);
  });
  afterAll(() => rmSync(foreign));

  it.each([
    [['governance', 'list'], '9 of 9 acts'],
    [['governance', 'show'], '9 acts in 9 segments'],
    [['hold', 'list'], 'F: in force since'],
  ])('is read up to the break by %s', async (args, shown) => {
    const { code, out, err } = await ledgerstone([...args, ...config()]);
    expect([code, out]).toEqual([1, expect.stringContaining(shown)]);
    for (const said of [AT, 'no release of a hold is believed', 'ledgerstone verify'])
      expect(err).toContain(said);
    const { code: same, out: json } = await ledgerstone([...args, ...config(), '--json']);
    expect([same, JSON.parse(json)]).toMatchObject([
      1,
      { verified: false, broken: expect.stringContaining(AT) },
    ]);
  });

  it('is named by verify as the chain of its place', async () => {
    const { code, out } = await ledgerstone(['verify', at('archive')]);
    expect(code).toBe(1);
    expect(out).toMatch(/^ledgerstone\.governance\/0 +broken/m);
    expect(out.match(/\/orders\/0 /g)).toHaveLength(1);
  });

  it.each([
    [['hold', 'reaffirm', '--case', 'B']],
    [['retention', 'extend', '--topic', 'orders', '--until', '2032-01-01']],
  ])('takes no act of %s', async (args) => {
    const { code, err } = await ledgerstone([...args, ...ada()]);
    expect(code).toBe(3);
    for (const said of [AT, 'no act can be written behind it', 'ledgerstone verify'])
      expect(err).toContain(said);
  });

  it.each([
    ['hold keep', () => config()],
    ['hold enforce', () => ada()],
  ])('still holds by %s what the acts before it demand', async (command, options) => {
    const { code, out, err } = await ledgerstone([...command.split(' '), ...options()]);
    expect([code, out]).toEqual([1, expect.stringContaining('cases in force: B, F')]);
    for (const said of [AT, 'held is what the acts before it demand, and no release is believed'])
      expect(err).toContain(said);
  });
});
