// Does any command send a terminal what somebody else wrote: to colour, to overwrite, to feign a line of ours?
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/apps/cli/cli.ts';
import { openLog } from '../../../src/apps/cli/logger.ts';
import { ROOT_HELP } from '../../../src/apps/cli/root-help.ts';
import { jsonLog } from '../../../src/apps/verifier/json-log.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { capturedIo, ledgerstone } from '../../unit/cli/captured-io.ts';

const FEIGNED = 'verified  all is well';
/** Erases the line, colours, rings, turns text round, ends lines in three ways, and clears by an 8-bit code. */
const HOSTILE = `x\r\u001b[2K\u001b[32mgood\u001b[39m\u0007\u202e\u2028\u009b2J\n${FEIGNED}\n`;
/** What a name of a file can't hold is left out. */
const NAME = HOSTILE.replaceAll('\n', '\u0085');

const OBEYED = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
function expectHarmless(...texts: readonly string[]): void {
  for (const text of texts) {
    expect(text).not.toMatch(OBEYED);
    expect(text.split('\n')).not.toContain(FEIGNED);
  }
}

/** As at a terminal, without colours. */
async function atTerminal(args: readonly string[]) {
  const { io, out, err } = capturedIo({ NO_COLOR: '1' });
  Object.assign(io.stdout, { isTTY: true });
  Object.assign(io.stderr, { isTTY: true });
  const code = await runCli(args, { ...io, env: { NO_COLOR: '1', TERM: 'dumb' } });
  return { code, out: out(), err: err() };
}

let dir: string;
let key: string[];
const at = (name: string) => join(dir, name);
const COMMANDS = [...ROOT_HELP.matchAll(/^ {2}([a-z-]+(?:, [a-z-]+)*) {2}/gm)].flatMap(([, names = '']) =>
  names.split(', '),
);
const WITH_CONFIG: Readonly<Record<string, readonly string[]>> = {
  init: [],
  doctor: [],
  archive: [],
  alerts: [],
  status: [],
  resume: ['--topic', 't', '--partition', '0', '--from', '0', '--to', '1', '--reason', 'r', '--by', 'b'],
  verify: [],
  watch: [],
  drill: ['--yes'],
  find: ['--text', 'x'],
  get: ['--topic', 'orders', '--partition', '0'],
  show: ['--topic', 'orders', '--partition', '0'],
  losses: [],
  prove: ['--topic', 'orders', '--partition', '0', '--offset', '1'],
  export: [
    ...[
      '--topic',
      'orders',
      '--partition',
      '0',
      '--offsets',
      '1',
      '--case',
      'c',
      '--purpose',
      'p',
      '--by',
      'b',
    ],
    ...['--out', '/nowhere/case.zip'],
  ],
  copy: [
    '/nowhere/a',
    '/nowhere/b',
    '--lock-until',
    'same',
    '--by',
    'b',
    '--reason',
    'r',
    '--receipt',
    '/nowhere/r',
  ],
  replay: ['--topic', 'orders', '--to-topic', 't', '--brokers', '127.0.0.1:9'],
  adopt: ['/nowhere/a', '--key', 'k', '--by', 'b', '--reason', 'r'],
  import: [
    ...['/nowhere/a', '--format', 'syslog', '--topic', 't', '--provenance', '/nowhere/p', '--by', 'b'],
    ...['--reason', 'r', '--dry-run'],
  ],
  report: ['losses', '--out', '/nowhere/report.html'],
  sql: ['duckdb'],
  sample: ['--n', '1', '--seed', 's', '--out', '/nowhere/sample'],
  finding: ['list'],
  custody: ['list'],
  access: ['review', 's3://a-b/c', '--log-key', 'x', '--policies', '/nowhere'],
  governance: ['show'],
  hold: ['list'],
  keys: ['list'],
  retention: ['plan'],
  index: [],
  stamp: [],
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-hostile-'));
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 3) });
  const escaped = JSON.stringify(HOSTILE).slice(1, -1);
  await builder.chain('manifest').seal({
    lines: entries(0, 3),
    manifestText: (text) => text.replace('archiver-test', escaped).replace('cluster-1', escaped),
  });
  await builder.chain('seal').seal({ lines: entries(0, 3), seal: () => Buffer.from(HOSTILE) });
  await builder.chain('note').seal({
    lines: entries(0, 3),
    note: (note) => Buffer.concat([note, Buffer.from(`— ${NAME} AAAA\n`)]),
  });
  await builder.chain('lines').seal({ lines: entries(0, 3), block: () => Buffer.from(HOSTILE) });
  const value = Buffer.from(HOSTILE);
  await builder.chain('values').seal({ lines: entries(0, 1).map((one) => ({ ...one, value })) });
  builder.archive.put(`keys/${'0'.repeat(64)}.vkey`, Buffer.from(HOSTILE));
  writeCopy(builder.archive, at('archive'));
  writeFileSync(at(`archive/${NAME}`), 'junk');
  mkdirSync(at(`archive/seals/topic=${NAME}/partition=0`), { recursive: true });
  writeFileSync(at(`archive/seals/topic=${NAME}/partition=0/000000000000.tlog-proof`), HOSTILE);
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('every command', () => {
  it('is in this test', () => {
    expect(COMMANDS.toSorted()).toEqual(
      [
        ...Object.keys(WITH_CONFIG),
        ...['check', 'config', 'demo', 'explain', 'receipt', 'verify-package'],
      ].toSorted(),
    );
  });

  it.each(COMMANDS)('%s shows what it was asked with, harmless', async (command) => {
    const more = WITH_CONFIG[command] ?? [];
    for (const args of [
      [command, `--${HOSTILE}`],
      [command, ...more, HOSTILE, HOSTILE],
      [command, ...more, '--config', at(NAME)],
      [command, ...more, '--config', HOSTILE, '--json'],
      [command, at(NAME), '--entry', at(NAME), '--key', HOSTILE],
    ]) {
      for (const { code, out, err } of [await ledgerstone(args), await atTerminal(args)]) {
        expect([args, code]).toEqual([args, expect.toBeOneOf([2, 3])]);
        expectHarmless(out, err);
      }
    }
  });

  it('config migrate shows a hostile file and its changes, harmless', async () => {
    writeFileSync(at(NAME), `source: ${JSON.stringify(HOSTILE)}\nallowLongRetention: true # ${NAME}\n`);
    for (const more of [[], ['--json'], ['--check']]) {
      const { out, err, code } = await atTerminal(['config', 'migrate', at(NAME), ...more]);
      expect(out).toContain('allowLongRetention');
      expect(code).toBe(more[0] === '--check' ? 1 : 3);
      expectHarmless(out, err);
    }
  });

  it.each(Object.keys(WITH_CONFIG))('%s shows a hostile configuration, harmless', async (command) => {
    const quoted = JSON.stringify(HOSTILE);
    const texts = [
      `${quoted}: 1\narchive: { ${quoted}: ${quoted} }\n`,
      `archive: { origin: "a" ${HOSTILE}\n`,
      `archive: !${NAME} x\nversion: *${NAME}\n`,
      `archive:\n  store: { kind: directory, path: ${quoted} }\n  origin: ${quoted}\n`,
    ];
    for (const text of texts) {
      writeFileSync(at('hostile.yaml'), text);
      const args = [command, ...(WITH_CONFIG[command] ?? []), '--config', at('hostile.yaml')];
      for (const all of [args, [...args, '--json']]) {
        const { code, out, err } = await atTerminal(all);
        expect([all, code]).toEqual([all, 2]);
        expectHarmless(out, err);
      }
    }
  });
});

describe('an archive that somebody else wrote', () => {
  const chains = ['orders', 'manifest', 'seal', 'note', 'lines', 'values', NAME];
  const commands = [
    ['verify'],
    ['verify', '--checkpoints'],
    ['status'],
    ['losses'],
    ['losses', '--csv'],
    ...chains.flatMap((chain) => {
      const of = ['--topic', chain, '--partition', '0'];
      return [
        ['show', ...of],
        ['get', ...of],
        ['get', ...of, '--values'],
        ['prove', ...of, '--offset', '1'],
      ];
    }),
  ];

  it.each(commands)('%s %s %s', async (command, ...more) => {
    for (const trusted of [[], key]) {
      for (const json of [[], ['--json']]) {
        if (command === 'get' && json.length > 0 && !more.includes('--values')) continue;
        if (more.includes('--csv') && json.length > 0) continue;
        const args = [command, at('archive'), ...more, ...trusted, ...json];
        const { out, err } = await atTerminal(args);
        // A value that was asked for may have several lines.
        expectHarmless(more.includes('--values') ? out.replaceAll('\n', ' ') : out, err);
      }
    }
  });

  it('keeps its values byte for byte where they do not go to a terminal', async () => {
    const args = ['get', at('archive'), '--topic', 'values', '--partition', '0', '--values'];
    expect((await ledgerstone(args)).out).toBe(`${HOSTILE}\n`);
  });

  it('is shown beside another, harmless', async () => {
    const older = ['--older', at('archive'), '--older-key', key[1] as string];
    for (const more of [[], ['--json']]) {
      const { out, err } = await atTerminal(['verify', at('archive'), ...key, ...older, ...more]);
      expectHarmless(out, err);
    }
  });

  it('is copied, and what lay beside it is named', async () => {
    for (const [index, more] of [key, ['--as-it-is'], ['--as-it-is', '--json', ...key]].entries()) {
      const who = ['--by', 'b', '--reason', 'r', '--lock-until', 'same', '--receipt', at(`receipt-${index}`)];
      const { out, err } = await atTerminal(['copy', at('archive'), at(`copy-${index}`), ...who, ...more]);
      expectHarmless(out, err);
      if (index > 0) expect(out).toContain(NAME.slice(0, 1));
    }
  });

  it('is asked whether a hostile package is recorded', async () => {
    mkdirSync(at('package'), { recursive: true });
    for (const bytes of [HOSTILE, JSON.stringify({ payloadType: HOSTILE, payload: '', signatures: [] })]) {
      writeFileSync(at('package/manifest.dsse.json'), bytes);
      for (const file of [at('package'), at(NAME.slice(0, 20)), at('package/manifest.dsse.json')])
        for (const more of [key, [...key, '--json']]) {
          const { out, err } = await atTerminal(['custody', 'check', file, at('archive'), ...more]);
          expectHarmless(out, err);
        }
    }
  });

  it('has the same meaning as JSON', async () => {
    const { out } = await ledgerstone(['verify', at('archive'), ...key, '--json']);
    expectHarmless(out);
    expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(NAME).slice(1, -1));
  });
});

describe('what a service says that answers in the place of ours', () => {
  it('is shown by status, harmless', async () => {
    const halt = { code: HOSTILE, message: HOSTILE, remedy: HOSTILE, gap: null };
    const one = { topic: HOSTILE, partition: 0, chain: HOSTILE, origin: HOSTILE, state: HOSTILE, lag: null };
    const trouble = { code: HOSTILE, message: HOSTILE, remedy: HOSTILE, since: HOSTILE };
    const partitions = [
      { ...one, head: null, halt, trouble: null },
      { ...one, head: null, halt: null, trouble, chain: 'other' },
    ];
    const said = {
      ...{ instance: HOSTILE, version: HOSTILE, origin: 'a.example.com/x', ready: false },
      ...{ reasons: [HOSTILE], partitions },
    };
    const server = createServer((_, response) => response.end(JSON.stringify(said)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { privateKey } = generateKeyPairSync('ed25519');
      writeFileSync(at('k.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      const { port } = server.address() as AddressInfo;
      const config = {
        archive: {
          origin: 'a.example.com/x',
          store: { kind: 'directory', path: 'archive' },
          signing: { kind: 'local', keyFile: 'k.pem' },
        },
        source: { kind: 'kafka', brokers: ['127.0.0.1:9'], topics: [{ name: 'orders', retention: 'r' }] },
        retention: { r: { mode: 'GOVERNANCE', period: '1d' } },
        server: { host: '127.0.0.1', port },
      };
      writeFileSync(at('good.yaml'), JSON.stringify(config));
      const { out, err } = await atTerminal(['status', '--config', at('good.yaml')]);
      expect([out, err]).toEqual([expect.stringContaining('halted'), '']);
      expect(out).toContain('trying again');
      expectHarmless(out, err);
    } finally {
      server.close();
    }
  });
});

describe('logs', () => {
  const fields = { key: HOSTILE, [HOSTILE]: [HOSTILE], err: new LedgerstoneError('x', HOSTILE) };

  it.each([
    ['readable', true, false],
    ['JSON at a terminal', true, true],
    ['JSON', false, false],
  ])('%s: show it, harmless', async (_, isTTY, json) => {
    const { io, out } = capturedIo({ NO_COLOR: '1' });
    Object.assign(io.stdout, { isTTY });
    const { log } = await openLog(io, 'info', json);
    log.warn(fields, HOSTILE);
    await new Promise((resolve) => setImmediate(resolve));
    expect(out()).toContain('good');
    expectHarmless(out());
  });

  it('of the Lambda function too', () => {
    let text = '';
    jsonLog('info', { write: (line) => (text += line) }).warn(fields, HOSTILE);
    expectHarmless(text);
    expect(JSON.parse(text).message).toBe(HOSTILE);
  });

  it('name their level by its word', async () => {
    const { io, out } = capturedIo();
    (await openLog(io, 'info', true)).log.info({ a: 1 }, 'hello');
    expect(JSON.parse(out())).toMatchObject({ level: 'info', msg: 'hello', a: 1 });
  });
});
