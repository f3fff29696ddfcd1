// Does the command line do what its scripts rely on, from the first init to a broken archive, on plain files?
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeLine } from '../../src/format/record.ts';
import { cli, type Ran } from '../support/cli.ts';

const DATA = join(import.meta.dirname, '../data');
const RECORDS_PER_SEGMENT = 400;

const config = (more = ''): string => `archive:
  origin: test.example/cli
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: key.pem }
source: { kind: file, path: events.jsonl, topic: { name: audit, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1d } }
segment: { maxRecords: ${RECORDS_PER_SEGMENT} }
server: { port: 0 }
${more}`;

describe('the command line on a directory', () => {
  let dir: string;
  let events: Buffer;
  let lines: Buffer[];
  const at = (name: string) => join(dir, name);
  const ledgerstone = (...args: string[]): Promise<Ran> => cli(args, { cwd: dir });
  const text = (ran: Ran): string => ran.stdout.toString();
  const json = (ran: Ran) => JSON.parse(text(ran));

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-cli-'));
    const names = (await readdir(DATA)).filter((name) => name.endsWith('.jsonl')).sort();
    events = Buffer.concat(await Promise.all(names.map((name) => readFile(join(DATA, name)))));
    lines = [];
    for (let start = 0; start < events.length; ) {
      const end = events.indexOf(10, start);
      lines.push(events.subarray(start, end));
      start = end + 1;
    }
    await writeFile(at('events.jsonl'), events);
    await writeFile(at('ledgerstone.yaml'), config());
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('init makes the key once, prints the verifier key, and may be repeated', async () => {
    const first = await ledgerstone('init', '--config', 'ledgerstone.yaml', '--vkey', 'archive.vkey');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const vkey = (await readFile(at('archive.vkey'), 'utf8')).trim();
    expect(vkey).toMatch(/^test\.example\/cli\+[0-9a-f]{8}\+/);
    expect(text(first)).toContain(`\n${vkey}\n`);
    const again = json(await ledgerstone('init', '--config', 'ledgerstone.yaml', '--json'));
    expect(again).toMatchObject({ vkey, newKey: false });
    expect(again.published.map(({ written }: { written: boolean }) => written)).toEqual([false, false]);
  });

  it('doctor finds nothing bad', async () => {
    const ran = await ledgerstone('doctor', '--config', 'ledgerstone.yaml', '--json');
    expect(ran.code).toBe(0);
    expect(json(ran).ready).toBe(true);
    const areas = json(ran).checks.map(({ area }: { area: string }) => area);
    expect([...new Set(areas)]).toEqual(['config', 'store', 'signing', 'source']);
  });

  it('archive ends when the file is sealed, and a second run has nothing to do', async () => {
    const ran = await ledgerstone('archive', '--config', 'ledgerstone.yaml', '--json');
    expect(ran.code).toBe(0);
    const result = JSON.parse(text(ran).trimEnd().split('\n').at(-1) as string);
    const segments = Math.ceil(lines.length / RECORDS_PER_SEGMENT);
    expect(result).toEqual({ end: 'finished', records: lines.length, segments });
    for (const line of text(ran).trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    const second = await ledgerstone('archive', '--config', 'ledgerstone.yaml', '--json');
    expect(JSON.parse(text(second).trimEnd().split('\n').at(-1) as string)).toMatchObject({ records: 0 });
  });

  it('verify says verified with the key and never without', async () => {
    const ran = await ledgerstone('verify', 'archive', '--key', 'archive.vkey', '--json');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const report = json(ran);
    expect(report.verdict).toBe('verified');
    expect(report.chains).toHaveLength(1);
    expect(report.chains[0]).toMatchObject({
      origin: 'test.example/cli/audit/0',
      verdict: 'verified',
      nextOffset: lines.length,
      entries: lines.length,
    });
    expect(report.chains[0].root).toMatch(/^[0-9a-f]{64}$/);
    for (const finding of report.chains[0].findings) {
      expect(Object.keys(finding).sort()).toEqual([
        'code',
        'expected',
        'found',
        'key',
        'sequence',
        'severity',
        'versionId',
      ]);
    }
    expect((await ledgerstone('verify', 'archive')).code).toBe(3);
    const inline = (await readFile(at('archive.vkey'), 'utf8')).trim();
    expect((await ledgerstone('verify', 'archive', '--key', inline, '--depth', 'seals')).code).toBe(0);
    expect((await ledgerstone('verify', '--config', 'ledgerstone.yaml')).code).toBe(0);
    const other = inline.replace('test.example/cli', 'test.example/other');
    expect((await ledgerstone('verify', 'archive', '--key', other)).code).toBe(2); // its key id is over its name
  });

  it('status tells the head of the chain', async () => {
    const ran = await ledgerstone('status', 'archive', '--key', 'archive.vkey', '--json');
    expect(ran.code).toBe(0);
    expect(json(ran).chains).toMatchObject([
      {
        chain: 'audit',
        partition: 0,
        entries: lines.length,
        problem: null,
        head: { nextOffset: lines.length },
      },
    ]);
    expect(text(await ledgerstone('status', '--config', 'ledgerstone.yaml'))).toContain('audit/0');
  });

  it('get gives back every original byte', async () => {
    const ran = await ledgerstone('get', 'archive', '--topic', 'audit', '--partition', '0', '--values');
    expect(ran.code).toBe(0);
    expect(ran.stdout.equals(events)).toBe(true);
    expect(ran.stderr).toContain('not verified');
    const proven = await ledgerstone(
      'get',
      'archive',
      '--topic',
      'audit',
      '--partition',
      '0',
      '--values',
      '--prove',
      '--key',
      'archive.vkey',
    );
    expect(proven.stdout.equals(events)).toBe(true);
    expect(proven.stderr).toContain('proven');
  });

  it('get gives ranges with both ends, as lines or as values', async () => {
    const get = (...args: string[]) =>
      ledgerstone('get', 'archive', '--topic', 'audit', '--partition', '0', ...args);
    const ran = await get('--from', '398', '--to', '401');
    const got = text(ran).trimEnd().split('\n');
    expect(got).toHaveLength(4);
    for (const [index, line] of got.entries()) {
      const decoded = decodeLine(Buffer.from(line));
      expect(decoded).toMatchObject({ kind: 'entry', record: { offset: 398 + index } });
      if (decoded.kind === 'entry')
        expect(Buffer.from(decoded.record.value!).equals(lines[398 + index]!)).toBe(true);
    }
    const single = await get('--from', '1234', '--to', '1234', '--values');
    expect(single.stdout.equals(Buffer.concat([lines[1234]!, Buffer.from('\n')]))).toBe(true);
    expect(Number(/\((\d) reads/.exec(single.stderr)?.[1])).toBeLessThanOrEqual(3);
    const asJson = await get('--from', '1234', '--to', '1234', '--values', '--json');
    expect(json(asJson)).toEqual({
      offset: 1234,
      timestamp: -1,
      time: null,
      base64: lines[1234]!.toString('base64'),
    });
    const last = await get('--from', String(lines.length - 1));
    expect(text(last).trimEnd().split('\n')).toHaveLength(1);
    const beyond = await get('--from', String(lines.length));
    expect(beyond).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    expect(beyond.stderr).toContain(`the next offset to be sealed is ${lines.length}`);
    const nowhere = await ledgerstone('get', 'archive', '--topic', 'audit', '--partition', '7');
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('It has audit/0.');
  });

  it('show tells what a segment says of itself', async () => {
    const show = (...args: string[]) =>
      ledgerstone('show', 'archive', '--topic', 'audit', '--partition', '0', ...args);
    const shown = json(await show('--sequence', '2', '--json', '--key', 'archive.vkey'));
    expect(shown).toMatchObject({
      trusted: true,
      key: 'seals/topic=audit/partition=0/000000000002.tlog-proof',
      manifest: { sequence: 2, records: { firstOffset: 400, nextOffset: 800, count: 400 } },
    });
    expect(shown.checkpoint).toMatch(/^test\.example\/cli\/audit\/0\n3\n/);
    expect(text(await show('--sequence', '2'))).toContain('offsets      400 to 799');
    const beyond = await show('--sequence', '99');
    expect(beyond).toMatchObject({ code: 4 });
    expect(beyond.stderr).toContain('The newest is segment 12');
  });

  it('prove and check: the proof, the line and the key are enough', async () => {
    const prove = await ledgerstone(
      'prove',
      'archive',
      '--topic',
      'audit',
      '--partition',
      '0',
      '--offset',
      '1500',
    );
    expect(prove.code).toBe(0);
    await writeFile(at('event.tlog-proof'), prove.stdout);
    const get = await ledgerstone(
      'get',
      'archive',
      '--topic',
      'audit',
      '--partition',
      '0',
      '--from',
      '1500',
      '--to',
      '1500',
    );
    await writeFile(at('event.json'), get.stdout);
    const check = (entry: string, key = 'archive.vkey') =>
      cli(['check', at('event.tlog-proof'), '--entry', entry, '--key', at(key), '--json'], { cwd: tmpdir() });
    const verified = await check(at('event.json'));
    expect(verified.code).toBe(0);
    expect(json(verified)).toMatchObject({
      verdict: 'verified',
      offset: 1500,
      origin: 'test.example/cli/audit/0',
    });

    await writeFile(at('bare.json'), get.stdout.subarray(0, -1)); // without its LF
    expect((await check(at('bare.json'))).code).toBe(0);
    await writeFile(at('two.json'), Buffer.concat([get.stdout, Buffer.from('\n')]));
    expect((await check(at('two.json'))).code).toBe(2); // no line, so no verdict
    const altered = Buffer.from(get.stdout);
    altered[40] = altered[40]! ^ 1;
    await writeFile(at('altered.json'), altered);
    const broken = await check(at('altered.json'));
    expect(broken.code).toBe(1);
    expect(json(broken)).toMatchObject({ verdict: 'broken', finding: { code: 'entry-root-mismatch' } });

    await writeFile(
      at('other.yaml'),
      config().replace('path: archive', 'path: other').replace('key.pem', 'other.pem'),
    );
    expect((await ledgerstone('init', '--config', 'other.yaml', '--vkey', 'other.vkey')).code).toBe(0);
    const unknown = await check(at('event.json'), 'other.vkey');
    expect(unknown.code).toBe(3);
    expect(json(unknown).verdict).toBe('unverifiable');
    const piped = await cli(['check', at('event.tlog-proof'), '--entry', '-', '--key', at('archive.vkey')], {
      input: get.stdout,
    });
    expect(piped.code).toBe(0);
    const later = await ledgerstone(
      'prove',
      'archive',
      '--topic',
      'audit',
      '--partition',
      '0',
      '--offset',
      '99999',
    );
    expect(later.code).toBe(4);
    expect(later.stderr).toContain('is not sealed yet');
  });

  it('a checkpoint of today shows tomorrow that the newest segments were cut off', async () => {
    const today = await ledgerstone('verify', 'archive', '--key', 'archive.vkey', '--checkpoints');
    expect(today.code).toBe(0);
    await writeFile(at('today.checkpoints'), today.stdout);
    const same = await ledgerstone(
      'verify',
      'archive',
      '--key',
      'archive.vkey',
      '--since',
      'today.checkpoints',
    );
    expect(same.code).toBe(0);
    await cp(at('archive'), at('cut'), { recursive: true });
    const seals = join('seals', 'topic=audit', 'partition=0');
    const newest = (await readdir(at(join('cut', seals)))).sort().at(-1) as string;
    await rm(at(join('cut', seals, newest)));
    const blind = await ledgerstone('verify', 'cut', '--key', 'archive.vkey');
    expect(blind.code).toBe(0); // nothing in the archive itself tells: hence --since
    const seen = await ledgerstone(
      'verify',
      'cut',
      '--key',
      'archive.vkey',
      '--since',
      'today.checkpoints',
      '--json',
    );
    expect(seen.code).toBe(1);
    const codes = json(seen).chains[0].findings.map(({ code }: { code: string }) => code);
    expect(codes.some((code: string) => ['rollback', 'truncation'].includes(code))).toBe(true);
  });

  it('a flipped byte is found by verify, and by get and prove that look at the whole', async () => {
    await cp(at('archive'), at('flipped'), { recursive: true });
    const { manifest } = json(
      await ledgerstone(
        'show',
        'flipped',
        '--topic',
        'audit',
        '--partition',
        '0',
        '--sequence',
        '3',
        '--json',
      ),
    );
    const file = at(join('flipped', manifest.data.key));
    const bytes = await readFile(file);
    bytes[100] = bytes[100]! ^ 1;
    await writeFile(file, bytes);
    const verify = await ledgerstone('verify', 'flipped', '--key', 'archive.vkey', '--json');
    expect(verify.code).toBe(1);
    const { verdict, chains } = json(verify);
    expect(verdict).toBe('broken');
    expect(chains[0].findings).toContainEqual(
      expect.objectContaining({ code: 'data-altered', severity: 'broken', sequence: 3 }),
    );
    const where = ['--topic', 'audit', '--partition', '0'];
    const prove = await ledgerstone('prove', 'flipped', ...where, '--offset', '900');
    expect(prove).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    const get = await ledgerstone(
      'get',
      'flipped',
      ...where,
      '--from',
      '900',
      '--to',
      '900',
      '--prove',
      '--key',
      'archive.vkey',
    );
    expect(get).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    expect(get.stderr).toContain('data-altered');
    expect((await ledgerstone('verify', 'flipped', '--key', 'archive.vkey', '--depth', 'seals')).code).toBe(
      0,
    );
  });

  it('gzip blocks come back the same way', async () => {
    const gzip = config('encoding: { codec: gzip }\n').replace('path: archive', 'path: gzip-archive');
    await writeFile(at('gzip.yaml'), gzip);
    expect((await ledgerstone('archive', '--config', 'gzip.yaml')).code).toBe(0);
    const ran = await ledgerstone('get', 'gzip-archive', '--topic', 'audit', '--partition', '0', '--values');
    expect(ran.stdout.equals(events)).toBe(true);
    const one = await ledgerstone(
      'get',
      'gzip-archive',
      '--topic',
      'audit',
      '--partition',
      '0',
      '--from',
      '1205',
      '--to',
      '1205',
      '--values',
    );
    expect(one.stdout.equals(Buffer.concat([lines[1205]!, Buffer.from('\n')]))).toBe(true);
    expect((await ledgerstone('verify', 'gzip-archive', '--key', 'archive.vkey')).code).toBe(0);
  });

  it('a wrong configuration lists all of it with lines, exit code 2', async () => {
    await writeFile(at('wrong.yaml'), config('lmits: {}\n').replace('maxRecords', 'max_records'));
    const ran = await ledgerstone('archive', '--config', 'wrong.yaml');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(
      'wrong.yaml: 2 problems\n  7:12  segment.max_records: unknown key; did you mean "maxRecords"?\n  9:1  lmits: unknown key; did you mean "limits"?\n',
    );
    const programs = await ledgerstone('doctor', '--config', 'wrong.yaml', '--json');
    expect(json(programs).error.problems).toHaveLength(2);
  });
});
