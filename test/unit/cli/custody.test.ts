// Is an export recorded once it is whole, once and no more, and is it found again by its digest?
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RECORDED } from '../../../src/evidence/protocol.ts';
import { readZip } from '../../../src/evidence/zip.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { Sealer } from '../../../src/sealing/sealer.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let base: string;
let dir: string;
const at = (name: string) => join(dir, name);
const signed = (who: string) => ['--config', at('governance.yaml'), '--sign-key', at(`${who}.pem`)];
const WHO = ['--case', 'C-1', '--purpose', 'Audit 2026'];
const ACT = () => ['--act', at('governance.yaml'), '--sign-key', at('ada.pem'), '--by', 'Ada Byron'];
const OFFSETS = ['--topic', 'orders', '--partition', '0', '--offsets', '3-12'];
const made = (...more: string[]) =>
  ledgerstone([
    'export',
    at('archive'),
    '--key',
    at('archive.vkey'),
    ...OFFSETS,
    ...WHO,
    '--out',
    at('case.zip'),
    ...more,
  ]);
const recorded = (file = 'case.zip') =>
  JSON.parse(Buffer.from(readZip(readFileSync(at(file))).get('protocol.json')!).toString()).recorded;
const custody = (...args: string[]) => ledgerstone(['custody', ...args, '--key', at('decisions.vkey')]);
const listed = async (...more: string[]) =>
  JSON.parse((await custody('list', at('archive'), '--json', ...more)).out);
const acts = () => readdirSync(at('archive/seals/topic=ledgerstone.governance/partition=0')).length;
const decide = (kind: string, detail: object, who = 'ada', by = 'Ada Byron') =>
  ledgerstone([
    ...['governance', 'record', kind, '--by', by, '--reason', 'Asked for', ...signed(who)],
    ...['--detail', JSON.stringify(detail), '--json'],
  ]);
const undecided = () => {
  for (const kind of ['seals', 'data'])
    rmSync(at(`archive/${kind}/topic=ledgerstone.governance`), { recursive: true });
};

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ledgerstone-custody-'));
  dir = join(base, 'made');
  const builder = new ArchiveBuilder();
  const chain = builder.chain('orders', 0);
  for (let segment = 0; segment < 3; segment++) await chain.seal({ lines: entries(segment * 10, 10) });
  writeCopy(builder.archive, at('archive'));
  const logKey = encodeVkey(builder.trusted[0]!);
  writeFileSync(at('archive.vkey'), `${logKey}\n`);
  writeFileSync(
    at('governance.yaml'),
    `archive: { origin: ${builder.origin}, store: { kind: directory, path: archive }, trusted: [ "${logKey}" ] }
governance: { signing: { kind: local, keyFile: governance.pem }, retention: { mode: COMPLIANCE, period: 10y } }
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
  const begun = await ledgerstone([
    ...['governance', 'charter', at('people.yaml'), '--by', 'Ada Byron', '--reason', 'Begin', '--json'],
    ...signed('ada'),
  ]);
  writeFileSync(at('decisions.vkey'), `${JSON.parse(begun.out).vkey}\n`);
});
beforeEach((context) => {
  dir = join(base, context.task.id);
  cpSync(join(base, 'made'), dir, { recursive: true });
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('export --act', () => {
  it('records the package that was written, and custody finds it', async () => {
    const ran = await made(...ACT(), '--json');
    expect(ran.code).toBe(0);
    const said = JSON.parse(ran.out);
    expect(recorded()).toBe(RECORDED.act);
    const { entries: all, verified } = await listed();
    expect(verified).toBe(true);
    expect(all).toMatchObject([
      {
        kind: 'export',
        act: said.acts[0],
        by: 'Ada Byron',
        case: 'C-1',
        events: 10,
        package: said.digests[0],
      },
    ]);
    const found = await custody('check', at('case.zip'), at('archive'), '--json');
    expect([found.code, JSON.parse(found.out)]).toMatchObject([0, { recorded: true, verified: true }]);
    const checked = await ledgerstone(['verify-package', at('case.zip'), '--key', at('archive.vkey')]);
    expect(checked.out).not.toContain('red');
    const archive = await ledgerstone([
      ...['verify', at('archive'), '--key', at('archive.vkey'), '--key', at('decisions.vkey')],
    ]);
    expect([archive.code, archive.out]).toEqual([0, expect.stringContaining('verified')]);
  });

  it('whose act fails leaves the package, and the same command line records it once', async () => {
    const before = acts();
    const carry = vi.spyOn(Sealer.prototype, 'carry').mockRejectedValueOnce(new Error('no answer'));
    const failing = await made(...ACT()).finally(() => carry.mockRestore());
    expect([failing.code, failing.err]).toEqual([3, expect.stringContaining('whole, and 0 of 1 recorded')]);
    expect(existsSync(at('case.zip'))).toBe(true);
    const bytes = readFileSync(at('case.zip'));
    expect(acts()).toBe(before);
    const again = await made(...ACT(), '--json');
    expect(again.code).toBe(0);
    expect(readFileSync(at('case.zip'))).toEqual(bytes);
    expect(acts()).toBe(before + 1);
    const third = await made(...ACT(), '--json');
    expect([third.code, JSON.parse(third.out).acts]).toEqual([0, JSON.parse(again.out).acts]);
    const { entries: all } = await listed();
    expect(all).toHaveLength(1);
    const { package: digest, case: name, events } = all[0];
    const byHand = await decide('export', { case: name, package: digest, events });
    expect([byHand.code, JSON.parse(byHand.out).written, acts()]).toEqual([0, false, before + 1]);
  });

  it('whose act is written and whose answer is lost writes no second one', async () => {
    const before = acts();
    const { carry } = Sealer.prototype;
    const spy = vi.spyOn(Sealer.prototype, 'carry').mockImplementationOnce(async function (
      this: Sealer,
      ...args
    ) {
      await carry.apply(this, args);
      throw new Error('no answer');
    });
    const failing = await made(...ACT()).finally(() => spy.mockRestore());
    expect([failing.code, acts()]).toEqual([3, before + 1]);
    const again = await made(...ACT());
    expect([again.code, again.out, acts()]).toEqual([0, expect.stringContaining(', before'), before + 1]);
  });

  it('leaves a package of another command line, and one that another key signed', async () => {
    const { argv } = process;
    expect((await made(...ACT())).code).toBe(0);
    const before = acts();
    try {
      process.argv = [...argv, 'otherwise'];
      expect((await made(...ACT())).code).toBe(2);
    } finally {
      process.argv = argv;
    }
    rmSync(at('case.zip'));
    expect((await made('--by', 'Ada Byron', '--no-act', '--sign-key', at('grace.pem'))).code).toBe(0);
    expect([(await made(...ACT())).code, acts()]).toEqual([2, before]);
  });

  it('leaves a file that another command made, and records nothing', async () => {
    expect((await made('--by', 'Ada Byron', '--no-act')).code).toBe(0);
    const before = acts();
    const ran = await made(...ACT());
    expect([ran.code, acts()]).toEqual([2, before]);
    expect(ran.err).toContain('exists, and stays as it is');
  });

  it.each([
    [
      'another person',
      () => ['--act', at('governance.yaml'), '--sign-key', at('ada.pem'), '--by', 'Eve'],
      'no officer',
    ],
    [
      'an approver',
      () => ['--act', at('governance.yaml'), '--sign-key', at('grace.pem'), '--by', 'Grace Hopper'],
      'no officer',
    ],
    ['no key', () => ['--act', at('governance.yaml'), '--by', 'Ada Byron'], 'nobody signs the decision'],
  ])('of %s is refused before anything is written', async (_, more, said) => {
    const ran = await made(...more());
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(said)]);
    expect(existsSync(at('case.zip'))).toBe(false);
  });

  it('of an archive without decisions, or of another archive, is refused', async () => {
    cpSync(at('archive'), at('other'), { recursive: true });
    const other = await ledgerstone([
      ...[
        'export',
        at('other'),
        '--key',
        at('archive.vkey'),
        ...OFFSETS,
        ...WHO,
        '--out',
        at('case.zip'),
        ...ACT(),
      ],
    ]);
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('another archive')]);
    undecided();
    const ran = await made(...ACT());
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('no chain of decisions')]);
  });
});

describe('export without an act', () => {
  it('says so where there is a chain of decisions, and so does the package', async () => {
    const ran = await made('--by', 'Eve');
    expect([ran.code, ran.err]).toEqual([0, expect.stringContaining('this export is not in it')]);
    expect(recorded()).toBe(RECORDED.leftOut);
    const checked = await custody('check', at('case.zip'), at('archive'));
    expect([checked.code, checked.out]).toEqual([3, expect.stringContaining('not recorded')]);
  });

  it('--no-act says nothing more, and the package does', async () => {
    const ran = await made('--by', 'Eve', '--no-act');
    expect([ran.code, ran.err]).toEqual([0, expect.not.stringContaining('chain of decisions')]);
    expect(recorded()).toBe(RECORDED.leftOut);
  });

  it('where nobody decides anything, it is in the protocol alone', async () => {
    undecided();
    const ran = await made('--by', 'Eve');
    expect([ran.code, ran.err]).toEqual([0, expect.not.stringContaining('chain of decisions')]);
    expect(recorded()).toBe(RECORDED.alone);
  });
});

describe('custody', () => {
  const PACKAGE = 'ab'.repeat(32);

  it('lists what is in force: disclosures once they are approved', async () => {
    await decide('export', { case: 'C-2', package: PACKAGE, events: 2 });
    const disclosed = await decide('disclose', { case: 'C-2', to: '=Acme', what: 'a field' });
    expect(await listed()).toMatchObject({
      entries: [{ kind: 'export', package: PACKAGE }],
      restsOn: expect.arrayContaining(['1 disclosure not in force: left out']),
    });
    await ledgerstone([
      ...[
        'governance',
        'approve',
        JSON.parse(disclosed.out).id,
        '--by',
        'Grace Hopper',
        '--reason',
        'Agreed',
      ],
      ...signed('grace'),
    ]);
    expect((await listed()).entries[1]).toMatchObject({
      to: '=Acme',
      what: 'a field',
      approvedBy: 'Grace Hopper',
    });
    expect((await listed('--case', 'C-3')).entries).toEqual([]);
    const csv = await custody('list', at('archive'), '--csv');
    expect(csv.out.split('\n')[2]).toContain(",'=Acme,");
    expect(csv.err).toContain('what left without an act is not known here');
    const text = await custody('list', at('archive'));
    expect(text.out).toContain(`2 events, package ${PACKAGE}`);
  });

  it('without a key nothing is verified, and the exit code says so', async () => {
    const ran = await ledgerstone(['custody', 'list', at('archive')]);
    expect([ran.code, ran.out]).toEqual([3, expect.stringContaining('nothing was verified')]);
  });

  it('finds a zip by its own digest, and a changed package is not the one that was recorded', async () => {
    await made('--by', 'Eve', '--no-act');
    const sum = createHash('sha256')
      .update(readFileSync(at('case.zip')))
      .digest('hex');
    await decide('export', { case: 'C-1', package: sum, events: 10 });
    expect((await custody('check', at('case.zip'), at('archive'))).code).toBe(0);
    const digest = JSON.parse((await custody('check', at('case.zip'), at('archive'), '--json')).out).package
      .digest;
    await decide('export', { case: 'C-1', package: digest, events: 10 });
    execFileSync('unzip', ['-q', at('case.zip'), '-d', at('folder')]);
    expect((await custody('check', at('folder'), at('archive'))).code).toBe(0);
    const events = at('folder/events/orders/0.jsonl');
    chmodSync(events, 0o600);
    writeFileSync(events, readFileSync(events, 'utf8').replace('"offset":3', '"offset":4'));
    const changed = await custody('check', at('folder'), at('archive'));
    expect([changed.code, changed.out]).toEqual([
      1,
      expect.stringContaining('not what its own list of files says'),
    ]);
  });

  it('--csv and --json are one too many', async () => {
    expect((await custody('list', at('archive'), '--csv', '--json')).code).toBe(2);
  });
});
