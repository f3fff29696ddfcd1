// Is history imported only after somebody looked, found by its own times, and said to be history?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const WHO = ['--by', 'Ada Byron', '--reason', 'History before 2026'];
const data = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../data', name), 'utf8').split('\n');

/** The last line of a search. */
const searched = async (args: readonly string[]) => {
  const { out } = await ledgerstone(['find', at('archive'), '--key', at('archive.vkey'), ...args, '--json']);
  return JSON.parse(out.trimEnd().split('\n').at(-1)!);
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-import-cli-'));
  writeFileSync(
    at('ledgerstone.yaml'),
    `archive: { origin: test.example/import, store: { kind: directory, path: archive }, signing: { kind: local, keyFile: key.pem } }
source: { kind: file, path: none.jsonl, topic: { name: orders, retention: pci-12m } }
retention: { seals: { mode: COMPLIANCE, period: 7y }, pci-12m: { mode: COMPLIANCE, period: 13mo } }
`,
  );
  writeFileSync(at('provenance.txt'), 'From the trail of account 123837392027, kept by the security team.\n');
  const trail = data('aws-cloudtrail-delivery.jsonl').find((line) => line.length > 5000)!;
  writeFileSync(at('trail.json'), trail);
  writeFileSync(at('hosts.log'), `${data('macos-santa.raw.jsonl').slice(0, 5).join('\n')}\nno time\n`);
  expect(
    (await ledgerstone(['init', '--config', at('ledgerstone.yaml'), '--vkey', at('archive.vkey')])).code,
  ).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const given = () => ['--provenance', at('provenance.txt'), '--config', at('ledgerstone.yaml'), ...WHO];
const trail = () => ['import', at('trail.json'), '--format', 'cloudtrail', '--topic', 'trail', ...given()];
const hosts = () => ['import', at('hosts.log'), '--format', 'syslog', '--topic', 'hosts', ...given()];
const json = async (args: readonly string[]) => {
  const { code, out, err } = await ledgerstone([...args, '--json']);
  return { code, err, answer: out === '' ? null : JSON.parse(out) };
};

describe('import', () => {
  it('says first what it would do, with what can’t be dated', async () => {
    const { code, out } = await ledgerstone([...hosts(), '--dry-run']);
    expect(code).toBe(0);
    expect(out).toContain('nothing is written');
    expect(out).toContain('6 records in import.hosts, from 2018-08-19T');
    expect(out).toContain('1 without a time');
    expect(out).toMatch(/hosts\.log, line 6: no time/);
    expect(out).toMatch(/--confirm [0-9a-f]{16}/);
  });

  it.each([
    ['nothing', () => [], 'nobody has looked'],
    ['another id', () => ['--confirm', '0123456789abcdef'], 'of other files'],
    ['too little of it', (id: string) => ['--confirm', id.slice(0, 7)], 'of other files'],
  ])('with %s to confirm does nothing', async (_, more, said) => {
    const { answer } = await json([...trail(), '--dry-run']);
    const { code, err } = await ledgerstone([...trail(), ...more(answer.id)]);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect((await json(['status', at('archive')])).answer?.chains ?? []).toEqual([]);
  });

  it('archives it, is verified, and is found by its own times', async () => {
    for (const args of [trail(), hosts()]) {
      const { answer } = await json([...args, '--dry-run']);
      const done = await json([...args, '--confirm', answer.id.slice(0, 16)]);
      expect([done.code, done.err]).toEqual([0, '']);
      expect(done.answer.imported).toMatchObject({ isOld: false, offset: 0, nextOffset: answer.records + 1 });
      expect((await json([...args, '--confirm', answer.id])).answer.imported.isOld).toBe(true);
    }
    const key = ['--key', at('archive.vkey')];
    const verified = await ledgerstone(['verify', at('archive'), ...key]);
    expect([verified.code, verified.out]).toEqual([
      0,
      expect.stringMatching(/import\.\w+, import\.\w+ hold was imported/),
    ]);
    const found = await searched([
      '--topic',
      'import.hosts',
      '--from',
      '2018-08-19',
      '--to',
      '2018-08-20',
      '--text',
      'DISKAPPEAR',
    ]);
    expect(found.statement.hits).toBe(5);
    expect(found.statement.bounds.join()).toContain('import.hosts holds was imported');
    const none = await searched(['--topic', 'import.hosts', '--from', '2019-01-01', '--text', 'DISKAPPEAR']);
    expect(none.statement.hits).toBe(0);
    const byField = await searched([
      '--topic',
      'import.trail',
      '--where',
      '/awsRegion=us-east-1',
      '--from',
      '2023-07-10',
      '--to',
      '2023-07-11',
    ]);
    expect(byField.statement.hits).toBeGreaterThan(2);
    const get = await ledgerstone([
      'get',
      at('archive'),
      ...key,
      '--topic',
      'import.hosts',
      '--partition',
      '0',
      '--from',
      '0',
      '--to',
      '0',
      '--values',
    ]);
    expect(JSON.parse(get.out)).toMatchObject({
      ...{ format: 'ledgerstone/import/1', by: 'Ada Byron', records: 6, undated: 1, trail: null },
      provenance: { text: 'From the trail of account 123837392027, kept by the security team.\n' },
    });
  });

  it.each<[name: string, args: () => string[], said: string]>([
    ['no time field', () => ['--format', 'jsonl'], 'needs --time-field'],
    ['no name of a chain', () => ['--format', 'syslog', '--topic', 'a/b'], 'no name of a chain'],
    ['no zone', () => ['--format', 'syslog', '--tz', 'Mars'], 'is not a time zone'],
    ['no such policy', () => ['--format', 'syslog', '--retention', 'none'], 'no policy none'],
    [
      'digests of something else',
      () => ['--format', 'syslog', '--digest', at('trail.json')],
      'for --format cloudtrail',
    ],
    ['digests without keys', () => ['--format', 'cloudtrail', '--digest', at('trail.json')], 'Give both'],
    [
      'keys that are none',
      () => ['--format', 'cloudtrail', '--digest', at('trail.json'), '--trail-keys', at('trail.json')],
      'list-public-keys',
    ],
    ['no such provenance', () => ['--format', 'syslog', '--provenance', at('nothing')], "can't read"],
    [
      'provenance that says nothing',
      () => ['--format', 'syslog', '--provenance', at('empty')],
      'says nothing',
    ],
    ['words that no act may have', () => ['--format', 'syslog', '--by', 'a\nb'], '--by must be'],
  ])('with %s is usage', async (_, args, said) => {
    writeFileSync(at('empty'), ' \n');
    const { code, err } = await ledgerstone([
      'import',
      at('trail.json'),
      '--topic',
      'x',
      ...given(),
      ...args(),
      '--dry-run',
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });

  it('of a file that is not of its format names it', async () => {
    const { code, err } = await ledgerstone([
      'import',
      at('hosts.log'),
      '--format',
      'cloudtrail',
      '--topic',
      'x',
      ...given(),
      '--dry-run',
    ]);
    expect([code, err]).toEqual([2, expect.stringMatching(/hosts\.log: it is no JSON/)]);
  });

  it('records what CloudTrail’s digests said', async () => {
    writeFileSync(at('digest.json'), '{}');
    writeFileSync(at('keys.json'), '{"PublicKeyList":[]}');
    const digests = ['--digest', at('digest.json'), '--trail-keys', at('keys.json')];
    const { answer } = await json([...trail(), ...digests, '--dry-run']);
    expect(answer.trail).toMatchObject({
      digests: 1,
      signed: 0,
      wrong: ['digest.json'],
      notVouched: ['trail.json'],
    });
  });
});
