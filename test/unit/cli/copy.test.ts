// Does `ledgerstone copy` verify before, refuse what it should, and is its word the same on both sides?
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, signer, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let base: string;
let dir: string;
let logKey: string;
const at = (name: string) => join(dir, name);
const WHO = ['--by', 'Ada Byron', '--reason', 'Second place', '--lock-until', 'same'];
const ADA = () => ['--config', at('governance.yaml'), '--sign-key', at('ada.pem')];
const keys = () => ['--key', at('archive.vkey'), '--key', at('decisions.vkey')];
const copy = (...args: string[]) => ledgerstone(['copy', at('archive'), at('copy'), ...WHO, ...args]);
const verdict = async (name: string) => {
  const { code, out } = await ledgerstone(['verify', at(name), ...keys(), '--json']);
  const { verdict: said, chains } = JSON.parse(out);
  return {
    code,
    said,
    roots: chains.map(({ origin, size, root }: Record<string, unknown>) => [origin, size, root]),
  };
};

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ledgerstone-copy-'));
  dir = join(base, 'made');
  const builder = new ArchiveBuilder();
  for (const partition of [0, 1]) {
    const chain = builder.chain('orders', partition);
    for (let segment = 0; segment < 3; segment++) await chain.seal({ lines: entries(segment * 10, 10) });
  }
  writeCopy(builder.archive, at('archive'));
  logKey = encodeVkey(builder.trusted[0]!);
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
  const { out } = await ledgerstone([
    'governance',
    'charter',
    at('people.yaml'),
    '--by',
    'Ada Byron',
    '--reason',
    'Begin',
    '--json',
    ...ADA(),
  ]);
  writeFileSync(at('decisions.vkey'), `${JSON.parse(out).vkey}\n`);
});
beforeEach((context) => {
  dir = join(base, context.task.id);
  cpSync(join(base, 'made'), dir, { recursive: true });
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const stranger = () => rmSync(at('archive/seals/topic=ledgerstone.governance'), { recursive: true });
const undecided = () => {
  stranger();
  rmSync(at('archive/data/topic=ledgerstone.governance'), { recursive: true });
};

describe('copy', () => {
  it('records an act that both sides have, and both verify alike', async () => {
    const ran = await copy(...ADA(), '--receipt', at('receipt.json'), '--json');
    expect([ran.code, ran.err]).toEqual([0, '']);
    const receipt = JSON.parse(ran.out);
    expect(JSON.parse(readFileSync(at('receipt.json'), 'utf8'))).toEqual(receipt);
    expect(receipt).toMatchObject({
      verdict: 'verified',
      objects: 16,
      stored: 16,
      chains: 2,
      governance: { size: 2 },
    });
    const sides = [await verdict('archive'), await verdict('copy')];
    expect(sides[0]).toEqual(sides[1]);
    expect([sides[0]!.code, sides[0]!.said]).toEqual([0, 'verified']);
    for (const side of ['archive', 'copy']) {
      writeFileSync(
        at(`${side}.yaml`),
        readFileSync(at('governance.yaml'), 'utf8').replace('path: archive', `path: ${side}`),
      );
      const shown = await ledgerstone(['governance', 'list', '--config', at(`${side}.yaml`), '--json']);
      const act = JSON.parse(shown.out).acts.find(({ id }: { id: string }) => id === receipt.act);
      expect(act).toMatchObject({
        kind: 'copy',
        by: { name: 'Ada Byron' },
        detail: {
          list: receipt.list,
          heads: receipt.heads,
          objects: 16,
          verdict: 'verified',
          chains: 2,
          until: null,
        },
      });
    }
  });

  it('made again writes no second act, and one that ended before the decisions were copied goes on', async () => {
    const first = JSON.parse((await copy(...ADA(), '--json')).out);
    rmSync(at('copy/seals/topic=ledgerstone.governance'), { recursive: true });
    rmSync(at('copy/data/topic=ledgerstone.governance'), { recursive: true });
    const second = JSON.parse((await copy(...ADA(), '--json')).out);
    expect(second).toMatchObject({ act: first.act, list: first.list, stored: 0, there: 16 });
    expect(await verdict('copy')).toEqual(await verdict('archive'));
  });

  it('says in words what it did and what it did not', async () => {
    const { code, out } = await copy(...keys(), '--no-act', '--receipt', at('r.json'));
    expect(code).toBe(0);
    expect(out).toContain('16 objects');
    expect(out).toContain('nothing is locked: a directory has no locks');
    expect(out).toContain('which nobody signed');
    expect(out).toContain('and the chain of decisions, 2 objects, last');
  });

  it('of an archive without decisions keeps a receipt in a file', async () => {
    undecided();
    const { code, out } = await copy('--key', at('archive.vkey'), '--receipt', at('r.json'), '--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { act: null, governance: null, head: [{ size: 3 }, { size: 3 }] },
    ]);
  });

  it('a dry run writes nothing', async () => {
    const { code, out } = await copy('--dry-run', '--json');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { dryRun: true, objects: 18, bytes: expect.any(Number), there: 0, foreign: 0 },
    ]);
    expect(existsSync(at('copy'))).toBe(false);
    await copy(...ADA());
    expect(JSON.parse((await copy('--dry-run', '--json')).out)).toMatchObject({
      objects: 0,
      bytes: 0,
      there: 20,
    });
  });
});

describe('nothing is copied', () => {
  it('of a broken source, unless it is asked for: then the receipt says so', async () => {
    const file = at('archive/seals/topic=orders/partition=0/000000000001.tlog-proof');
    writeFileSync(file, readFileSync(file, 'utf8').replace('index 1', 'index 2'));
    const ran = await copy(...ADA());
    expect([ran.code, existsSync(at('copy/seals'))]).toEqual([1, false]);
    expect(ran.err).toContain('nothing was copied');
    const forced = await copy(...ADA(), '--as-it-is', '--json');
    expect([forced.code, JSON.parse(forced.out)]).toMatchObject([0, { verdict: 'broken', objects: 16 }]);
    expect((await verdict('copy')).said).toBe('broken');
  });

  it('without a key that covers the source', async () => {
    const { code, err } = await copy('--no-act', '--receipt', at('r.json'));
    expect([code, err]).toEqual([3, expect.stringContaining('nothing was copied')]);
    expect(existsSync(at('r.json'))).toBe(false);
  });

  const usage: [name: string, args: () => string[], said: string][] = [
    ['a chain of decisions and no act', () => ['--receipt', at('r.json')], 'would not be in it'],
    ['nothing keeps the receipt', () => ['--no-act', ...keys()], 'nothing would keep the receipt'],
    [
      'a key and no act',
      () => ['--no-act', '--sign-key', at('ada.pem'), '--receipt', at('r')],
      'a key signs an act',
    ],
    ['both', () => [...ADA(), '--no-act'], '--config records the copy'],
    [
      'a receipt that is there',
      () => [...ADA(), '--receipt', at('people.yaml')],
      'exists, and stays as it is',
    ],
    ['a date that is over', () => [...ADA(), '--lock-until', '2020-01-01'], 'is over already'],
    ['a date too far', () => [...ADA(), '--lock-until', '2099-01-01'], 'lies beyond 10y'],
    ['words that no act may have', () => [...ADA(), '--reason', 'a\nb'], '--reason must be'],
    [
      'the same without an act',
      () => ['--no-act', '--receipt', at('r'), '--reason', 'a\nb', ...keys()],
      '--reason must be',
    ],
    [
      'attestations with keys',
      () => ['--of', 'attestations', ...keys(), '--receipt', at('r')],
      "a verifier's own store",
    ],
  ];
  it.each(usage)('%s', async (_, args, said) => {
    const { code, err } = await copy(...args());
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(existsSync(at('copy/seals'))).toBe(false);
  });

  it('into itself, into its own folder or beside a governance.yaml of another archive', async () => {
    for (const to of ['archive', 'archive/copy', '.']) {
      const { code, err } = await ledgerstone(['copy', at('archive'), at(to), ...WHO, ...ADA()]);
      expect([to, code, err]).toEqual([to, 2, expect.stringContaining('the same place')]);
    }
    cpSync(at('archive'), at('other'), { recursive: true });
    const { code, err } = await ledgerstone(['copy', at('other'), at('copy'), ...WHO, ...ADA()]);
    expect([code, err]).toEqual([2, expect.stringContaining('names another archive')]);
  });

  it('beside another archive', async () => {
    const other = new ArchiveBuilder({ signers: [signer('other')] });
    await other.chain('orders', 1).seal({ lines: entries(0, 2) });
    writeCopy(other.archive, at('copy'));
    const before = readdirSync(at('copy'), { recursive: true });
    const { code, err } = await copy(...ADA());
    expect([code, err]).toEqual([3, expect.stringContaining('is no copy of this archive')]);
    expect(readdirSync(at('copy'), { recursive: true })).toEqual(before);
  });

  it('over decisions that were made in the copy alone', async () => {
    await copy(...ADA());
    writeFileSync(
      at('copy.yaml'),
      readFileSync(at('governance.yaml'), 'utf8').replace('path: archive', 'path: copy'),
    );
    const alone = [
      '--config',
      at('copy.yaml'),
      '--sign-key',
      at('ada.pem'),
      '--by',
      'Ada Byron',
      '--reason',
      'r',
    ];
    await ledgerstone(['hold', 'place', '--case', 'C', '--topic', 'orders', ...alone]);
    const { code, err } = await copy(...ADA());
    expect([code, err]).toEqual([3, expect.stringContaining('is no copy of this archive')]);
  });
});

it('a verifier’s own store is copied as it is', async () => {
  undecided();
  writeFileSync(at('archive/anything'), 'x');
  const { code, out } = await copy('--of', 'attestations', '--receipt', at('r.json'));
  expect([code, out]).toEqual([0, expect.stringContaining('the source was not verified')]);
  expect(existsSync(at('copy/anything'))).toBe(true);
});
