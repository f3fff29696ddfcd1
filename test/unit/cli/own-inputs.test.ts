// Is an archive ever called broken because of a file that the user gave wrongly?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { type Captured, ledgerstone } from './captured-io.ts';

let dir: string;
let key: string[];
const at = (name: string) => join(dir, name);
const write = (name: string, text: string) => {
  writeFileSync(at(name), text);
  return at(name);
};
/** Nothing was checked, and nothing says so: no verdict, exit code 2, and the file's name in the message. */
function expectUsage({ code, out, err }: Captured, file: string, reason: RegExp): void {
  expect(err).toMatch(reason);
  expect(err).toContain(file);
  expect([code, out.includes('verdict'), out.includes('broken')]).toEqual([2, false, false]);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-inputs-'));
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 3) });
  writeCopy(builder.archive, at('archive'));
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('verify --since', () => {
  const since = (file: string, ...more: string[]) =>
    ledgerstone(['verify', at('archive'), ...key, '--since', file, ...more]);
  let good: string;

  beforeAll(async () => {
    good = (await ledgerstone(['verify', at('archive'), ...key, '--checkpoints'])).out;
    expect(good).toContain('\n— ');
  });

  it('takes what --checkpoints wrote, with the line ends of any system', async () => {
    expect((await since(write('good', good))).code).toBe(0);
    expect((await since(write('crlf', good.replaceAll('\n', '\r\n')))).code).toBe(0);
    expect((await since(write('twice', `${good}\n${good}`))).code).toBe(0);
  });

  it.each<readonly [what: string, text: (good: string) => string, reason: RegExp]>([
    ['an empty file', () => '', /is empty.*first/s],
    ['an empty line', () => '\n', /no signed checkpoint/],
    ['garbage', () => 'garbage\n', /no signed checkpoint/],
    ['a file that is cut', (text) => text.slice(0, -5), /checkpoint 1/],
    ['its first two lines', (text) => text.split('\n').slice(0, 2).join('\n'), /checkpoint 1/],
    ['a second checkpoint that is cut', (text) => `${text}\n${text.slice(0, -5)}`, /checkpoint 2/],
    [
      'a checkpoint of something that is no chain',
      (text) => text.replaceAll('audit.example.com/prod/orders/0', 'nochain'),
      /checkpoint 1/,
    ],
    ['a report', () => '{"verdict":"verified"}\n', /no signed checkpoint/],
  ])('refuses %s, and says what it is', async (what, text, reason) => {
    const file = write(what, text(good));
    expectUsage(await since(file), file, reason);
    expectUsage(await since(file, '--json'), file, reason);
  });

  it('refuses a file that is not there', async () => {
    expectUsage(await since(at('nowhere')), 'nowhere', /ENOENT/);
  });
});

describe('check', () => {
  let proof: string;
  let line: string;
  const check = (proofFile: string, entry: string, ...more: string[]) =>
    ledgerstone(['check', proofFile, '--entry', entry, ...key, ...more]);

  beforeAll(async () => {
    const event = ['--topic', 'orders', '--partition', '0', '--offset', '1', '--json'];
    const { out } = await ledgerstone(['prove', at('archive'), ...key, ...event]);
    ({ proof, line } = JSON.parse(out) as { proof: string; line: string });
    write('proof', proof);
    write('line', line);
  });

  it('takes the proof and the line, with or without the line feed', async () => {
    expect((await check(at('proof'), at('line'))).code).toBe(0);
    expect((await check(at('proof'), write('lf', `${line.trimEnd()}\n`))).code).toBe(0);
  });

  it.each<readonly [what: string, text: (line: string) => string, reason: RegExp]>([
    ['CRLF at its end', (text) => `${text.trimEnd()}\r\n`, /carriage return/],
    ['a pretty-printed line', (text) => JSON.stringify(JSON.parse(text), null, 2), /lines/],
    ['a line that was parsed and written anew', (text) => text.replace(':', ': '), /not a line/],
    ['two lines', (text) => `${text.trimEnd()}\n${text}`, /lines/],
    ['an empty file', () => '', /empty/],
    ['a byte order mark', (text) => `\uFEFF${text}`, /not a line/],
    ['the proof', () => proof, /proof.*other way round/s],
  ])('gives no verdict over %s in the place of the line', async (what, text, reason) => {
    const file = write(`line ${what}`, text(line));
    expectUsage(await check(at('proof'), file), file, reason);
    expectUsage(await check(at('proof'), file, '--json'), file, reason);
  });

  it.each<readonly [what: string, text: (proof: string) => string, reason: RegExp]>([
    ['the line', () => line, /line.*other way round/s],
    ['garbage', () => 'garbage', /no proof/],
    ['an empty file', () => '', /empty/],
    ['a proof that is cut', (text) => text.slice(0, -9), /no proof/],
    ['CRLF', (text) => text.replaceAll('\n', '\r\n'), /carriage return/],
    ['a seal', () => readFileSync(sealFile(), 'utf8'), /no proof/],
  ])('gives no verdict over %s in the place of the proof', async (what, text, reason) => {
    const file = write(`proof ${what}`, text(proof));
    expectUsage(await check(file, at('line')), file, reason);
    expectUsage(await check(file, at('line'), '--json'), file, reason);
  });

  const sealFile = () => at('archive/seals/topic=orders/partition=0/000000000000.tlog-proof');

  it('gives one over a line that says something else', async () => {
    const file = write('altered', line.replace('"offset":1', '"offset":2'));
    const { code, out } = await check(at('proof'), file);
    expect([code, out]).toEqual([1, expect.stringContaining('broken: entry-root-mismatch')]);
  });
});

describe('a command that there is not', () => {
  it.each([['holds'], ['erase'], ['verfy']])('%s: exit code 2, with --help too', async (name) => {
    for (const args of [[name], [name, '--help'], [name, '-h'], ['--help', name]]) {
      const { code, out, err } = await ledgerstone(args);
      expect([args, code, out]).toEqual([args, 2, '']);
      expect(err).toContain(`unknown command '${name}'`);
    }
  });

  it('is told the one that was meant', async () => {
    expect((await ledgerstone(['verfy'])).err).toContain('verify');
    expect((await ledgerstone(['verfy', '--help'])).err).toContain('verify');
  });

  it('and the help of the others is as it was', async () => {
    expect((await ledgerstone(['--help'])).code).toBe(0);
    expect((await ledgerstone(['verify', '--help'])).code).toBe(0);
    expect((await ledgerstone(['--version'])).code).toBe(0);
  });
});

describe('a file that can not be read says what to do', () => {
  const FOLDER = 'That is a folder: give the name of a file.';
  const PATH = 'A part of the path before the last one is no folder: check the name.';
  it.each([
    [['verify', '.', '--since', '.'], FOLDER],
    [['verify', '.', '--since', 'package.json/x'], PATH],
    [['verify', '.', '--keep', 'package.json/x'], PATH],
    [['verify', '.', '--keep', 'no/such/folder'], 'There is no such file or folder'],
    [['verify', '.', '--since', 'no-such-file'], 'There is no such file or folder'],
    [['check', '.', '--entry', 'package.json'], FOLDER],
    [['check', 'package.json', '--entry', 'no-such-file'], 'There is no such file or folder'],
    [['demo', '--dir', 'package.json'], 'Something else has that name already'],
    [['archive', '--config', '.'], 'Name an existing YAML file'],
  ])('%j', async (args, remedy) => {
    const pinned = args[0] === 'check' ? key : [];
    const { code, err } = await ledgerstone([...args, ...pinned]);
    expect([code, err]).toEqual([2, expect.stringContaining(remedy)]);
  });
});

it.each(['verify', 'status', 'find', 'prove'])(
  '%s --cosigner with a file that is no text is wrong usage, and no broken archive',
  async (command) => {
    writeFileSync(
      at('binary'),
      Uint8Array.from({ length: 500 }, (_, index) => (index * 7919) % 256),
    );
    const more = { find: ['--text', 'x'], prove: ['--topic', 'orders', '--partition', '0', '--offset', '1'] };
    const ran = await ledgerstone([
      ...[command, at('archive'), ...key, '--attestations', at('archive'), '--cosigner', at('binary')],
      ...(more[command as keyof typeof more] ?? []),
    ]);
    expectUsage(ran, at('binary'), /is not a file of keys: not valid UTF-8/);
  },
);

it.each(['garbage', ''])(
  'export --sign-key with a file that holds no key is wrong usage: %j',
  async (text) => {
    const ran = await ledgerstone([
      ...['export', at('archive'), ...key, '--topic', 'orders', '--partition', '0', '--offsets', '1'],
      ...[
        '--case',
        '1',
        '--purpose',
        'x',
        '--by',
        'y',
        '--out',
        at('x.zip'),
        '--sign-key',
        write('no-key', text),
      ],
    ]);
    expectUsage(ran, at('no-key'), /can't use the signing key/);
  },
);
