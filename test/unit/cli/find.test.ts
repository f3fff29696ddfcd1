// Does `find` print what it found for each reader, say what it looked at, and end with the right exit code?
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/apps/cli/cli.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, writeCopy } from '../../support/archive-builder.ts';
import { recordsOf } from '../../support/find-world.ts';
import { capturedIo, ledgerstone } from './captured-io.ts';

let dir: string;
let key: string[];
const at = (name: string) => join(dir, name);
const VALUES = [
  '{"who":"alice","what":"Login","n":1,"person":"u-1"}',
  '{"who":"bob","what":"=cmd|calc","n":-5,"person":"u-2"}',
  '{"who":"alice","what":"Delete\\u001b[2J","n":20,"person":"u-2"}',
];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-find-'));
  const builder = new ArchiveBuilder();
  await builder.chain('orders').seal({ lines: recordsOf(VALUES, { key: utf8('k1') }) });
  await builder.chain('users').seal({
    lines: recordsOf(['{"name":"alice"}'], { headers: [{ name: utf8('trace'), value: utf8('t7') }] }),
  });
  writeCopy(builder.archive, at('archive'));
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  writeFileSync(
    at('fields.yaml'),
    'orders: { actor: /who, action: [/what, /action], subject: /person, time: /at }\nusers: { actor: /name }\n',
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const find = (...args: string[]) => ledgerstone(['find', at('archive'), ...key, ...args]);
const FIELDS = () => ['--fields', at('fields.yaml')];

describe('find', () => {
  it('names the option for a key of the second party that was given as the archive’s', async () => {
    const { key: archives } = new ArchiveBuilder().trusted[0] as VerifierKey;
    const vkey = encodeCosignerVkey(cosignerKey('verifier.example', archives, nodeSha256));
    writeFileSync(at('verifier.vkey'), `# theirs\n${vkey}\n`);
    for (const given of [vkey, at('verifier.vkey')]) {
      const { code, err } = await ledgerstone(['find', at('archive'), '--key', given, '--text', 'x']);
      expect([code, err]).toEqual([2, expect.stringContaining('name it by --cosigner')]);
    }
    const { err } = await ledgerstone(['find', at('archive'), '--key', 'x+y', '--text', 'x']);
    expect(err).toContain('Give the verifier key that');
  });

  it('searches one partition alone, and calls one that there is not a mistake', async () => {
    const { code, out } = await find('--where', '/who=alice', '--topic', 'orders', '--partition', '0');
    expect([code, out]).toEqual([0, expect.stringContaining('2 hits, and nothing was left out')]);
    const none = await find('--where', '/who=alice', '--topic', 'orders', '--partition', '5');
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('there is no partition 5 of orders')]);
    expect((await find('--text', 'x', '--partition', 'x')).code).toBe(2);
  });

  it('calls a topic that is not there a mistake, also beside one that is', async () => {
    for (const asked of [
      ['--where', '/who=alice'],
      [...FIELDS(), '--subject', 'u-1'],
    ]) {
      const { code, out, err } = await find(...asked, '--topic', 'orders', '--topic', 'user');
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain('has no topic user; did you mean "users"?');
      expect(err).toContain('It has orders, users.');
      expect((await find(...asked, '--topic', 'all', '--topic', 'user')).code).toBe(2);
    }
  });

  it('prints a table for people, and what it looked at', async () => {
    const { code, out, err } = await find('--where', '/who=alice', '--topic', 'orders');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^time of the record {8}chain +offset {2}fields, or the event\n2026-11-22T10:00:00.000Z {2}orders\/0 +0 {2}\/who=alice\n/,
    );
    expect(out).toContain(
      '\n2 hits, and nothing was left out: 3 records in 1 segment of 1 chain were searched\n',
    );
    expect(out).toContain('\n  not looked at: not asked for: users/0\n');
    expect(out).toContain('nothing from outside was compared (--since, --attestations)\n');
    expect(out).toContain(
      '\n  not ruled out: what is compressed or encrypted inside of an event was not looked into\n',
    );
  });

  it('shows fields by their short names', async () => {
    const { out } = await find(...FIELDS(), '--where', 'actor=alice');
    expect(out).toContain('actor=alice  action=Login  subject=u-1\n');
    expect(out).toMatch(/ users\/0 +0 {2}actor=alice\n/);
    expect(out).toContain('3 hits, and nothing was left out');
  });

  it('prints lines byte for byte for programs, and the statement last', async () => {
    const { code, out } = await find('--where', '/who=bob', '--topic', 'orders', '--json');
    const [hit, last] = out.trimEnd().split('\n') as [string, string];
    expect(code).toBe(0);
    const place =
      '{"chain":"orders","partition":0,"topic":"orders","segment":0,"time":"2026-11-22T10:00:01.000Z"';
    expect(hit).toBe(
      `${place},"line":{"offset":1,"timestamp":1795341601000,"key":"k1","value":${VALUES[1]}}}`,
    );
    expect(JSON.parse(last).statement).toMatchObject({ hits: 1, isComplete: true, verdict: 'verified' });
  });

  it('names the topic of a file too: its chain', async () => {
    const builder = new ArchiveBuilder();
    const source = { kind: 'file', name: 'events.jsonl', partition: 0 } as const;
    await builder.chain('audit').seal({ lines: recordsOf(VALUES), source });
    writeCopy(builder.archive, at('of-file'));
    const { code, out } = await ledgerstone(['find', at('of-file'), ...key, '--where', '/who=bob', '--json']);
    expect([code, out.startsWith('{"chain":"audit","partition":0,"topic":"audit",')]).toEqual([0, true]);
  });

  it('prints cells that are no formulas, and says so', async () => {
    const { out, err } = await find(
      ...FIELDS(),
      '--where',
      'actor=bob',
      '--format',
      'csv',
      '--topic',
      'orders',
    );
    const [head, row] = out.split('\n') as [string, string];
    expect(head).toBe('\ufeffchain,partition,offset,record_time,segment,actor,action,subject,time,line');
    const names = head.split(',');
    expect(new Set(names).size).toBe(names.length);
    expect(row).toMatch(/^orders,0,1,2026-11-22T10:00:01.000Z,0,bob,'=cmd\|calc,u-2,,"\{""offset"":1,/);
    expect(err).toContain('1 hit, and nothing was left out');
    expect(err).toContain("1 cell that a spreadsheet would take for a formula: each begins with ' here");
  });

  it('moves no terminal', async () => {
    const { io, out } = capturedIo({ NO_COLOR: '1' });
    Object.assign(io.stdout, { isTTY: true });
    for (const format of ['table', 'csv', 'jsonl'])
      await runCli(
        ['find', at('archive'), ...key, ...FIELDS(), '--where', 'action~Delete', '--format', format],
        io,
      );
    expect(out()).toContain('Delete');
    expect(out()).not.toContain('\u001b');
  });

  it('leaves hits, proofs and the statement in a new folder', async () => {
    const folder = at('case');
    const { code, err, out } = await find(
      '--where',
      '/who=alice',
      '--out',
      folder,
      '--prove',
      '--format',
      'jsonl',
      '--topic',
      'orders',
    );
    expect(code).toBe(0);
    expect(err).toBe(`${folder}: hits.jsonl, statement.json, statement.txt, 2 proofs\n`);
    expect(out.split('\n').length).toBe(2);
    expect(readFileSync(join(folder, 'hits.jsonl'), 'utf8').split('\n').length).toBe(3);
    expect(readdirSync(join(folder, 'proofs'))).toEqual([
      ...['orders-0-0.json', 'orders-0-0.tlog-proof', 'orders-0-2.json', 'orders-0-2.tlog-proof'],
    ]);
    const proof = join(folder, 'proofs/orders-0-2');
    const checked = await ledgerstone(['check', `${proof}.tlog-proof`, '--entry', `${proof}.json`, ...key]);
    expect([checked.code, checked.out]).toEqual([0, expect.stringContaining('verified: offset 2')]);
    const again = await find('--where', '/who=alice', '--out', folder);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is not empty')]);
  });

  it('finds all of a person, and names the topics where nobody can say who it is about', async () => {
    const { code, out } = await find(...FIELDS(), '--subject', 'u-2');
    expect(out).toContain('subject=u-2');
    expect(out).toContain('left out: users/0 was not searched: what subject is there is not known');
    expect(code).toBe(3);
    expect((await find(...FIELDS(), '--subject', 'u-2', '--topic', 'orders')).code).toBe(0);
  });

  it('looks into keys and headers', async () => {
    expect((await find('--where', 'key=k1', '--where', '/n>=20')).out).toContain('1 hit,');
    expect((await find('--where', 'header:trace^t')).out).toContain('1 hit,');
    expect((await find('--text', 't7')).out).toContain('1 hit,');
  });

  it('ends at its limit, and says that there are more', async () => {
    // The next one stands in the same segment, or only in the next chain.
    for (const most of ['1', '2']) {
      const { code, out } = await find('--text', 'alice', '--limit', most);
      expect(code).toBe(0);
      expect(out).toContain(
        `hit${most === '1' ? '' : 's'} by chain and offset, as many as were asked for: there are more\n`,
      );
      expect(out).toContain(`as asked: at least ${Number(most) + 1} hits are there\n`);
    }
    const { out } = await find('--text', 'alice', '--limit', '2', '--json');
    const { statement } = JSON.parse(out.trimEnd().split('\n').at(-1) as string);
    expect(statement).toMatchObject({ end: 'limit', beyondLimit: { hasHit: true, segments: 1 } });
  });

  it('says that these are all, if there are no more than were asked for', async () => {
    const { code, out } = await find('--text', 'alice', '--limit', '3');
    expect([code, out]).toEqual([0, expect.stringContaining('\n3 hits, and nothing was left out: ')]);
    expect(out).not.toContain('as asked');
  });

  it('says of a field that two conditions ask for only once that records lack it', async () => {
    const { out } = await find('--where', '/name~a', '--where', '/name=alice');
    expect(out.split('3 records without a value for /name\n').length).toBe(2);
  });

  it('prints no heading of a table without a hit', async () => {
    expect((await find('--text', 'nobody')).out).toMatch(/^none, and nothing was left out/);
  });

  it('says that it was interrupted', async () => {
    const { io, out } = capturedIo();
    const stopping = new AbortController();
    const args = ['find', at('archive'), ...key, '--text', 'alice', '--limit', '5'];
    const running = runCli(args, { ...io, signal: stopping.signal });
    stopping.abort(new Error('stopped by SIGINT'));
    expect([await running, out()]).toEqual([3, expect.not.stringContaining('nothing was left out')]);
  });

  it('says without a key that nothing is verified', async () => {
    const { code, out } = await ledgerstone(['find', at('archive'), '--text', 'alice']);
    expect(code).toBe(0);
    expect(out).toContain('\nnot verified, since no key was given: 3 hits, and nothing was left out: ');
  });

  it('ends with 1 where a chain is broken, and says which segment was not searched', async () => {
    const builder = new ArchiveBuilder();
    const { dataKey } = await builder.chain('orders').seal({ lines: recordsOf(VALUES) });
    writeCopy(builder.archive, at('broken'));
    unlinkSync(join(at('broken'), dataKey as string));
    const { code, out } = await ledgerstone(['find', at('broken'), ...key, '--text', 'alice']);
    expect([code, out]).toEqual([1, expect.stringContaining('left out: orders/0: segment 0: data-missing')]);
    expect(out).toMatch(
      /\n {2}rests on: orders\/0: 1 segment, root \S+, sealed up to \S+; the chain is broken, see/,
    );
  });
});

describe('wrong questions are usage, with an example', () => {
  it.each([
    [['--where', '/whom=alice'], 'did you mean "/who"'],
    [['--where', '/NAME=alice'], 'did you mean "/name"'],
    [['--where', '/user/person=alice'], 'did you mean "/person"'],
    [['--where', '/who=alice', '--from', '2026-12-01', '--to', '2026-11-01'], 'is not before --to'],
    [['--where', '/who=alice', '--from', 'yesterday'], 'is not a time such as'],
    [['--where', 'whom=alice'], 'is not known in any chain'],
    [['--where', '/who'], 'is no condition'],
    [['--where', '/a~1b=x'], 'can mean two things'],
    [['--where', '/n>many'], 'neither a number nor a time'],
    [['--where', 'wh o=x'], 'is no field'],
    [[], 'nothing was asked for'],
    [['--text', 'x', '--time', 'event'], 'without a range'],
    [['--text', 'x', '--prove'], 'Add --out FOLDER'],
    [['--text', 'x', '--topic', 'nothing'], 'has no topic nothing'],
    [['--text', 'x', '--limit', '0'], 'finds nothing'],
    [['--text', 'x', '--fields', 'no-such-file.yaml'], "can't read"],
  ])('%s', async (args, said) => {
    const { code, err } = await find(...args);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(err.split('\n').length).toBeGreaterThan(2);
  });

  it('names the line of a wrong file of fields', async () => {
    mkdirSync(at('wrong'), { recursive: true });
    writeFileSync(at('wrong/fields.yaml'), 'orders:\n  actor: who\n');
    const { code, err } = await find('--text', 'x', '--fields', at('wrong/fields.yaml'));
    expect([code, err]).toEqual([2, expect.stringContaining('2:3  orders.actor: must be a JSON pointer')]);
  });
});
