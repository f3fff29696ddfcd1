// Can people decide by the command line alone, and is each answer what was done?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, START_MS, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const config = () => ['--config', at('governance.yaml')];
const ADA = () => ['--by', 'Ada Byron', '--sign-key', at('ada.pem')];
const GRACE = () => ['--by', 'Grace Hopper', '--sign-key', at('grace.pem')];
const PEOPLE = `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`;

/** With --json: what it printed. */
async function asked(...args: string[]) {
  const { code, out, err } = await ledgerstone([...args, '--json']);
  return { code, err, answer: out === '' ? null : JSON.parse(out) };
}
const placeHold = (name: string, ...more: string[]) =>
  asked(
    'hold',
    'place',
    '--case',
    name,
    '--topic',
    'orders',
    '--reason',
    'r',
    ...config(),
    ...ADA(),
    ...more,
  );

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-governance-'));
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
  writeFileSync(at('people.yaml'), PEOPLE);
  for (const who of ['ada', 'grace', 'governance', 'mallory'])
    expect(
      await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]),
    ).toMatchObject({ code: 0, out: expect.stringContaining('(new)') });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a file of people', () => {
  const wrong: [text: string, said: string][] = [
    [PEOPLE.replace('ada.vkey', 'nobody.vkey'), '3:24  people[0].key: is no verifier key, and no file'],
    [PEOPLE.replace('ada.vkey', 'ada.pem'), '3:24  people[0].key: is a private key'],
    [PEOPLE.replace('grace.vkey', 'ada.vkey'), '4:27  people[1].key: is the key of somebody above too'],
    [PEOPLE.replace('Grace Hopper', 'Ada Byron'), '4:7  people[1].name: is the name of somebody above'],
    [PEOPLE.replace('approver', 'officer'), '2:1  people: needs an officer, and an approver'],
    [PEOPLE.replace('72', '0'), '1:1  approvalHours: must be at least 1'],
    [PEOPLE.replace('roles', 'rolls'), 'roles: is missing'],
  ];
  it.each(wrong)('%#', async (text, said) => {
    writeFileSync(at('wrong.yaml'), text);
    const { code, err } = await ledgerstone([
      ...['governance', 'charter', at('wrong.yaml'), '--reason', 'r', ...config(), ...ADA()],
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe('the path of an officer', () => {
  it('nothing is decided before the charter, and nobody else begins it', async () => {
    expect(await placeHold('C-1')).toMatchObject({
      code: 3,
      err: expect.stringContaining('no governance chain'),
    });
    const mallory = ['--by', 'Mallory', '--sign-key', at('mallory.pem')];
    const { code, err } = await asked(
      ...['governance', 'charter', at('people.yaml'), '--reason', 'r', ...config(), ...mallory],
    );
    expect([code, err]).toEqual([2, expect.stringContaining('is of nobody in the charter')]);
  });

  it('the first charter begins the chain and hands out its key', async () => {
    const { code, out } = await ledgerstone([
      ...['governance', 'charter', at('people.yaml'), '--reason', 'Begin', ...config(), ...ADA()],
    ]);
    expect([code, out]).toEqual([0, expect.stringContaining('charter: in force')]);
    const vkey = out.trimEnd().split('\n').at(-1)!;
    expect(vkey).toMatch(/^audit\.example\.com\/prod\/ledgerstone\.governance\/0\+/);
    writeFileSync(at('governance.chain.vkey'), `${vkey}\n`);
    const again = await asked(
      ...['governance', 'charter', at('people.yaml'), '--reason', 'Begin', ...config(), ...ADA()],
    );
    expect(again).toMatchObject({ code: 0, answer: { written: false, vkey } });
    expect(again.answer.published.every(({ written }: { written: boolean }) => !written)).toBe(true);
  });

  it('a hold by time names the segments that overlap it, and writes nothing when asked to try', async () => {
    const time = (offset: number) => new Date(START_MS + offset * 1000).toISOString();
    const range = ['--from', time(15), '--to', time(30)];
    const tried = await placeHold('C-1', ...range, '--dry-run');
    expect(tried.answer.selection.ranges).toEqual([{ chain: 'orders', partition: 0, from: 1, to: 2 }]);
    expect((await asked('hold', 'list', ...config())).answer.holds).toEqual([]);
    const { code, answer } = await placeHold('C-1', ...range);
    expect([code, answer.state, answer.written]).toEqual([0, 'done', true]);
    // A directory has no holds: nothing is claimed.
    expect(answer.effect).toMatchObject({ lockless: true, objects: 0, changed: 0 });
    expect(await placeHold('C-1', ...range)).toMatchObject({
      code: 0,
      answer: { id: answer.id, written: false },
    });
  });

  it('a hold by offsets, by a search, and of what is to come', async () => {
    const ranges = async (...more: string[]) =>
      (await placeHold('C-2', ...more, '--dry-run')).answer.selection.ranges;
    expect(await ranges('--partition', '0', '--offsets', '9-10,59')).toEqual([
      { chain: 'orders', partition: 0, from: 0, to: 1 },
      { chain: 'orders', partition: 0, from: 5, to: 5 },
    ]);
    expect(await ranges('--where', '/n=37')).toEqual([{ chain: 'orders', partition: 0, from: 3, to: 3 }]);
    expect(await ranges('--future')).toEqual([{ chain: 'orders', partition: null, from: 0, to: null }]);
    expect(
      await ranges('--future', '--partition', '0', '--from', new Date(START_MS + 41_000).toISOString()),
    ).toEqual([{ chain: 'orders', partition: 0, from: 4, to: null }]);
    expect(await placeHold('C-2', '--text', 'nowhere')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no event was found'),
    });
    expect(await placeHold('C-2', '--future', '--to', '2030-01-01')).toMatchObject({ code: 2 });
    expect(await placeHold('C-2', '--offsets', '1')).toMatchObject({ code: 2 });
  });

  it('offsets that no segment has are named', async () => {
    const tried = await placeHold('C-9', '--partition', '0', '--offsets', '55-99', '--dry-run');
    expect(tried.answer.selection).toMatchObject({
      ranges: [{ from: 5, to: 5 }],
      unsealed: [{ partition: 0, from: 60, to: 99 }],
    });
    const { out } = await ledgerstone([
      ...['hold', 'place', '--case', 'C-9', '--topic', 'orders', '--partition', '0', '--offsets', '55-99'],
      ...['--reason', 'r', ...config(), ...ADA(), '--dry-run'],
    ]);
    expect(out).toContain(
      'no segment of partition 0 has offsets 60 to 99: not taken, also if they come later',
    );
    const all = await placeHold('C-9', '--partition', '0', '--offsets', '10-19', '--dry-run');
    expect(all.answer.selection.unsealed).toEqual([]);
  });

  it('a case that is not there is not called none at all', async () => {
    const { out } = await ledgerstone(['hold', 'list', '--case', 'C-77', ...config()]);
    expect(out).toBe('no hold of the case C-77 is in force\n');
  });

  it('a directory is not called locked because a decision is done', async () => {
    const { out } = await ledgerstone(['governance', 'list', '--kind', 'hold.place', ...config()]);
    expect(out).toContain('in force, and kept by nothing: the store had no locks and no holds to set');
    expect(out).not.toContain('in force, and done');
  });

  it('a release waits for another person, who is not its proposer', async () => {
    const release = ['hold', 'release', '--case', 'C-1', '--reason', 'Settled', ...config(), ...ADA()];
    const first = await asked(...release);
    expect(first).toMatchObject({ code: 4, answer: { state: 'waiting', written: true } });
    const id = first.answer.id.slice(0, 8);
    expect((await ledgerstone(['governance', 'show', id, ...config()])).out).toContain(
      'it holds now: orders/0 segments 1 to 2',
    );
    expect(await asked('governance', 'list', '--open', ...config())).toMatchObject({
      answer: { acts: [{ id: first.answer.id }] },
    });
    const approve = ['governance', 'approve', id, '--reason', 'Agreed', ...config()];
    const alone = await asked(...approve, ...ADA());
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('is not allowed')]);
    expect((await asked(...approve, ...GRACE())).answer).toMatchObject({ state: 'done' });
    expect((await asked('hold', 'list', ...config())).answer.holds).toEqual([]);
    // The answer was lost: asked again it says the same.
    expect(await asked(...approve, ...GRACE())).toMatchObject({ code: 0, answer: { state: 'done' } });
    expect(
      await asked('hold', 'release', '--case', 'C-9', '--reason', 'r', ...config(), ...ADA()),
    ).toMatchObject({
      code: 2,
      err: expect.stringContaining('no hold of the case C-9 is in force'),
    });
  });

  it('what was proposed can be withdrawn, and ids have to be known', async () => {
    await placeHold('C-3');
    const { answer } = await asked(
      ...['hold', 'release', '--case', 'C-3', '--reason', 'x', ...config(), ...ADA()],
    );
    const withdraw = (id: string) =>
      asked('governance', 'withdraw', id, '--reason', 'No', ...config(), ...ADA());
    expect(await withdraw(answer.id.slice(0, 9))).toMatchObject({ code: 0, answer: { state: 'withdrawn' } });
    expect(await withdraw('00000000')).toMatchObject({ code: 2 });
    expect(await withdraw('xyz')).toMatchObject({ code: 2 });
    expect(
      await asked('hold', 'reaffirm', '--case', 'C-3', '--reason', 'y', ...config(), ...ADA()),
    ).toMatchObject({
      code: 0,
    });
  });

  it('a longer lock beyond ten years has to be asked for', async () => {
    const extend = (...more: string[]) =>
      asked('retention', 'extend', '--topic', 'orders', '--reason', 'Tax', ...config(), ...ADA(), ...more);
    expect(await extend('--until', '2060-01-01')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--limit'),
    });
    expect(await extend('--until', '2020-01-01')).toMatchObject({ code: 2 });
    expect(await extend('--until', '2060-01-01', '--limit', '99y', '--dry-run')).toMatchObject({ code: 0 });
    expect(await extend('--until', '2031-01-01')).toMatchObject({ code: 0, answer: { state: 'done' } });
  });

  it('who decided what is read from the archive alone, with its key', async () => {
    const key = ['--key', at('governance.chain.vkey')];
    const { code, out } = await ledgerstone(['governance', 'list', at('archive'), ...key]);
    expect(code).toBe(0);
    for (const said of [
      'by Ada Byron: Begin',
      'approved by Grace Hopper',
      'withdrawn',
      'case C-1: orders/0 segments 1 to 2',
    ])
      expect(out).toContain(said);
    const { answer } = await asked('governance', 'list', at('archive'), ...key, '--kind', 'hold.place');
    const [held] = answer.acts;
    const release = (await asked('governance', 'list', at('archive'), ...key, '--kind', 'hold.release'))
      .answer.acts[0];
    expect([held.by.name, held.state, held.endedBy]).toEqual(['Ada Byron', 'ended', release.id]);
    const shown = await ledgerstone(['governance', 'show', at('archive'), ...key]);
    expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('C-3: orders/0 segments 0 to 5')]);
    const without = await ledgerstone(['governance', 'show', at('archive')]);
    expect([without.code, without.err]).toEqual([3, expect.stringContaining('nothing below is verified')]);
  });
});
