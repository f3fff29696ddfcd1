// Do several runs of `verify --shard` and one of `--merge` say what one run says, and refuse what does not fit?
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, entries, ORIGIN, writeCopy } from '../../support/archive-builder.ts';
import { GOVERNANCE_KEY, governedArchive } from '../../support/governed-archive.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let builder: ArchiveBuilder;
const at = (name: string) => join(dir, name);
const key = () => encodeVkey(builder.trusted[0] as VerifierKey);
const verify = (...more: string[]) => ledgerstone(['verify', at('archive'), '--key', key(), ...more]);
const shard = (index: number, ...more: string[]) =>
  verify('--shard', `${index}/2`, '--shard-segments', '2', '--out', at(`${index}.json`), ...more);
const merge = (...more: string[]) => verify('--merge', at('1.json'), '--merge', at('2.json'), ...more);
const linesOf = (file: string) => readFileSync(at(file), 'utf8').split('\n') as [string, string, string];
const change = (file: string, edit: (lines: [string, string, string]) => string[]) =>
  writeFileSync(at(file), edit(linesOf(file)).join('\n'));

/** A pair of files. */
function newKey(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(at(`${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(at(`${name}.pub.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
  return { privateFile: at(`${name}.pem`), publicFile: at(`${name}.pub.pem`) };
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-shards-'));
  builder = new ArchiveBuilder();
  const chain = builder.chain();
  for (let i = 0; i < 7; i++) await chain.seal({ lines: entries(i * 3, 3) });
  writeCopy(builder.archive, at('archive'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('shards', () => {
  it('say that they are no verdict, and join to one that says whose word it rests on', async () => {
    const made = [await shard(1), await shard(2)];
    expect(made.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(made.map(({ out }) => /: (\d+) segments? in/.exec(out)?.[1]).sort()).toEqual(['3', '4']);
    expect(made[0]?.out).toContain('This is no verdict: only all shards together have one (--merge)');
    const one = await verify();
    const { code, out, err } = await merge();
    expect([code, err]).toEqual([0, '']);
    const bound =
      /most of it was read by 2 shards between \S+Z and \S+Z: that nobody has changed the 2 unsigned ones is taken for granted \(--signer\)/;
    expect(out).toMatch(bound);
    expect(
      out
        .split('\n')
        .filter((line) => !bound.test(line))
        .join('\n'),
    ).toBe(one.out);
    const json = JSON.parse((await merge('--json')).out);
    expect(json).toMatchObject({ verdict: 'verified', shards: { of: 2, signers: [] } });
    expect(json.bounds[0]).toMatch(bound);
  });

  it('say that no decision was looked at, and so does the whole', async () => {
    const governed = await governedArchive();
    rmSync(at('archive'), { recursive: true });
    writeCopy(governed.builder.archive, at('archive'));
    const made = [await shard(1), await shard(2)];
    const said = 'no decision was looked at: no key was given that covers the governance chain';
    for (const { out } of made) expect(out).toContain(`\n${said}\n`);
    expect(JSON.parse((await merge('--json')).out)).toMatchObject({ decisions: { acts: null } });
    const own = encodeVkey(archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN)));
    for (const name of ['1.json', '2.json']) rmSync(at(name));
    expect((await shard(1, '--key', own)).out).not.toContain('decision');
    await shard(2, '--key', own);
    expect(JSON.parse(linesOf('1.json')[1])).toMatchObject({ decisions: { acts: 1, why: null } });
    expect((await merge('--key', own)).out).not.toContain('then ');
    change('1.json', ([head, body]) => {
      const changed = JSON.stringify({ ...JSON.parse(body), decisions: { acts: 1, why: 'a break' } });
      const sha256 = createHash('sha256').update(changed).digest('hex');
      return [JSON.stringify({ ...JSON.parse(head), sha256 }), changed, ''];
    });
    expect((await merge('--key', own)).out).toContain(
      'then of the decisions only what locks longer and holds more was compared: a break',
    );
  });

  it('that find something exit with 3, and the whole exits for what it is', async () => {
    builder.archive.alter(
      [...builder.archive.keys()].find((name) => name.includes('000000000005-')) as string,
      (bytes) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    );
    rmSync(at('archive'), { recursive: true });
    writeCopy(builder.archive, at('archive'));
    const codes = [(await shard(1)).code, (await shard(2)).code];
    expect(codes.sort()).toEqual([0, 3]);
    const { code, out } = await merge();
    expect(code).toBe(1);
    expect(out).toContain('data-altered (broken)');
    expect(out).not.toContain('taken for granted');
  });

  it('are signed, and each has to be, by a key that is named', async () => {
    const [mine, other] = [newKey('mine'), newKey('other')];
    await shard(1, '--sign-key', mine.privateFile);
    await shard(2, '--sign-key', mine.privateFile);
    const { code, out } = await merge('--signer', mine.publicFile);
    expect([code, /and each is signed by a key that was named/.test(out)]).toEqual([0, true]);
    const { code: refused, err } = await merge('--signer', other.publicFile);
    expect([refused, err]).toEqual([
      2,
      expect.stringContaining('1.json: is not signed by a key that --signer names'),
    ]);
    rmSync(at('2.json'));
    await shard(2);
    expect((await merge('--signer', mine.publicFile)).err).toContain('2.json: is not signed by a key');
    expect((await merge()).out).toContain('that nobody has changed the 1 unsigned one is taken for granted');
  });
});

describe('refused', () => {
  it.each<[string, string[], string]>([
    ['a shard of none', ['--shard', '3/2', '--out', 'x'], '"3/2" is no shard'],
    ['shard 0', ['--shard', '0/2', '--out', 'x'], '"0/2" is no shard'],
    ['a shard to nowhere', ['--shard', '1/2'], '--shard without --out'],
    ['a file for no shard', ['--out', 'x'], '--out is for a shard'],
    ['what is of the whole', ['--shard', '1/2', '--out', 'x', '--strict'], '--shard with --strict'],
    ['both at once', ['--shard', '1/2', '--out', 'x', '--merge', 'y'], '--shard with --merge'],
    ['a signer of nothing', ['--signer', 'x'], '--signer says who signed shards'],
    ['an older archive', ['--merge', 'x', '--older', 'y'], '--merge with --older'],
    ['no number', ['--shard', '1/2', '--shard-segments', '0', '--out', 'x'], '"0" is no number of segments'],
  ])('%s', async (_, words, message) => {
    const { code, err } = await verify(...words);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('a file that is there, before anything is read', async () => {
    await shard(1);
    const { code, err } = await shard(1);
    expect([code, err]).toEqual([2, expect.stringContaining('1.json exists, and stays as it is')]);
  });

  it('shards that are missing, twice there, or of another run', async () => {
    await shard(1);
    expect((await verify('--merge', at('1.json'))).err).toContain('1 shard of 2 missing: 2');
    expect((await verify('--merge', at('1.json'), '--merge', at('1.json'))).err).toContain(
      'shard 1/2 was given twice',
    );
    await verify('--shard', '2/2', '--shard-segments', '3', '--out', at('2.json'));
    expect((await merge()).err).toContain('2.json: is of other shards than');
    rmSync(at('2.json'));
    await shard(2, '--depth', 'seals');
    expect((await merge()).err).toContain('2.json: was made with another --depth than this run has');
    rmSync(at('2.json'));
    await verify(
      '--shard',
      '2/2',
      '--shard-segments',
      '2',
      '--out',
      at('2.json'),
      '--key',
      key().replace('+', '/orders/0+'),
    );
    expect((await merge()).code).toBe(2);
  });

  it('of a copy are named, for what lies here was not read', async () => {
    writeCopy(builder.archive, at('copy'));
    const words = ['--key', key(), '--shard-segments', '2'];
    for (const i of [1, 2])
      await ledgerstone(['verify', at('copy'), ...words, '--shard', `${i}/2`, '--out', at(`${i}.json`)]);
    const { out } = await merge();
    expect(out).toMatch(/; what was read then is not named \S+\/archive but \S+\/copy/);
  });

  it.each<[string, (body: string) => string]>([
    ['no chain', (body) => body.replace('"chains":[', '"chains":[null,')],
    ['no counts of what is missing', (body) => body.replace(/"missing":\{[^}]*\}/, '"missing":null')],
    ['a known size that is none', (body) => body.replace('"knownSize":null', '"knownSize":[1]')],
    ['a chain that it continues without words', (body) => body.replace('"continues":null', '"continues":{}')],
    ['a verdict without a reason', (body) => body.replace('"verdict":"verified"', '"verdict":"broken"')],
    ['a finding that is none', (body) => body.replace('locks-not-applicable', 'toString')],
  ])('a file with %s and a digest that fits', async (_, edit) => {
    await shard(1);
    await shard(2);
    change('1.json', ([head, body, end]) => {
      const edited = edit(body);
      expect(edited).not.toBe(body);
      const sha256 = createHash('sha256').update(edited).digest('hex');
      return [JSON.stringify({ ...JSON.parse(head), sha256 }), edited, end];
    });
    const { code, err } = await merge();
    expect([code, err]).toEqual([2, expect.stringContaining('1.json: a chain of a shard that lacks')]);
  });

  it.each<[string, (lines: [string, string, string]) => string[], string]>([
    [
      'a changed verdict',
      ([head, body, end]) => [head, body.replace('"verified"', '"broken"'), end],
      'its content is another',
    ],
    [
      'a file that is cut off',
      ([head, body]) => [head, body.slice(0, -9)],
      'no shard of a verification, or cut off',
    ],
    ['another kind of file', ([, body, end]) => ['{"type":"x"}', body, end], 'no shard of a verification'],
    ['no JSON', ([, body, end]) => ['{', body, end], 'no JSON'],
  ])('%s', async (_, edit, message) => {
    await shard(1);
    await shard(2);
    change('1.json', edit);
    const { code, err } = await merge();
    expect([code, err]).toEqual([2, expect.stringContaining(`1.json: ${message}`)]);
  });
});
