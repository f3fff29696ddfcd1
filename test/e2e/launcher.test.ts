// Does the launcher find a Node that runs us, whatever Node it is started with?
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BIN = join(import.meta.dirname, '../../src/apps/cli/bin.cjs');

const CONFIG = `archive:
  origin: test.example/launcher
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: key.pem }
source: { kind: file, path: "-", topic: { name: t, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1s } }
server: { port: 0 }
`;

describe('the launcher', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ledgerstone-launcher-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** Runs it as a Node of that version would. */
  async function run(
    version: string,
    args: readonly string[],
    platform = process.platform,
    input: string | number = '',
  ) {
    const preload = join(directory, `as-${version}-${platform}.cjs`);
    // Only the launcher: the Node that it starts is a process of its own, without this.
    await writeFile(
      preload,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
       Object.defineProperty(process, 'platform', { value: '${platform}' });`,
    );
    const child = spawn(process.execPath, ['--require', preload, BIN, ...args], {
      stdio: [typeof input === 'number' ? input : 'pipe', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout!.on('data', (part: Buffer) => (said.out += part.toString()));
    child.stderr!.on('data', (part: Buffer) => (said.err += part.toString()));
    if (typeof input === 'string') child.stdin!.end(input);
    const closed = once(child, 'close') as Promise<[number | null, string | null]>;
    return { child, said, closed };
  }

  test('is written in what Node 12 can read', async () => {
    const source = await readFile(BIN, 'utf8');
    const options = { format: 'cjs', loader: 'js', legalComments: 'none' } as const;
    const [plain, lowered] = await Promise.all([
      transform(source, { ...options, target: 'esnext' }),
      transform(source, { ...options, target: 'node12.20' }),
    ]);
    expect(lowered.code).toBe(plain.code);
    expect(source).not.toContain("require('node:");
  });

  test.each(['12.22.12', '18.20.0', '20.0.0', '24.2.0'])(
    'under Node %s it starts the one that came along',
    async (version) => {
      const { said, closed } = await run(version, ['--version']);
      expect(await closed).toEqual([0, null]);
      expect(said.err).toBe('');
      expect(said.out).toMatch(/^\d+\.\d+\.\d+\n$/);
    },
  );

  test('every platform package is a Node that it accepts', async () => {
    const source = await readFile(BIN, 'utf8');
    const [, major, minor] = /MAJOR, MINOR\] = \[(\d+), (\d+)\]/.exec(source)?.map(Number) ?? [];
    const packages = [...source.matchAll(/: '(node-[a-z0-9-]+)'/g)].map(([, name]) => name as string);
    const { optionalDependencies } = JSON.parse(
      await readFile(join(BIN, '../../../../package.json'), 'utf8'),
    );
    expect(packages.sort()).toEqual(Object.keys(optionalDependencies).sort());
    for (const name of packages) {
      const [its = 0, itsMinor = 0] = optionalDependencies[name].split('.').map(Number);
      expect([name, its * 1000 + itsMinor >= (major ?? Number.NaN) * 1000 + (minor ?? 0)]).toEqual([
        name,
        true,
      ]);
    }
  });

  test('every dependency runs under the oldest Node that we say we take', async () => {
    const root = join(BIN, '../../../..');
    const ours = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const least = (range: string) => (/\d+(?:\.\d+)*/.exec(range)?.[0] ?? '0').split('.').map(Number);
    const isMet = (range: string) => {
      const [major = 0, minor = 0] = least(range);
      const [our = 0, ourMinor = 0] = least(ours.engines.node);
      return major * 1000 + minor <= our * 1000 + ourMinor;
    };
    const names = Object.keys(ours.dependencies);
    expect(names).toContain('commander');
    for (const name of names) {
      const { engines = {} } = JSON.parse(
        await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'),
      );
      const ranges = String(engines.node ?? '>=0').split('||');
      expect([name, engines.node, ranges.some(isMet)]).toEqual([name, engines.node, true]);
    }
  });

  test('passes the exit code on', async () => {
    const { said, closed } = await run('20.0.0', ['verify', '/nowhere/at/all']);
    expect(await closed).toEqual([2, null]);
    expect(said.err).toContain('there is no directory');
  });

  test('runs in its own process where Node is new enough', async () => {
    const { said, closed } = await run('26.0.0', ['--version']);
    expect(await closed).toEqual([0, null]);
    expect(said.out).toMatch(/^\d/);
  });

  test('says what to install where no Node came along', async () => {
    const { said, closed } = await run('20.0.0', ['--version'], 'freebsd');
    expect(await closed).toEqual([3, null]);
    expect(said.err).toContain('needs Node 24.3 or newer; this is 20.0.0');
    expect(said.err).toContain('Install Node 24');
  });

  /** An archiver that reads its standard input, once it does. */
  async function archiving() {
    const config = join(directory, 'ledgerstone.yaml');
    await writeFile(config, CONFIG);
    const init = await run('20.0.0', ['init', '--config', config]);
    expect(await init.closed).toEqual([0, null]);
    // Open for both: it has no end, whoever is killed.
    const fifo = join(directory, 'input');
    execFileSync('mkfifo', [fifo]);
    const input = openSync(fifo, 'r+');
    writeSync(input, 'one line\n');
    const started = await run('20.0.0', ['archive', '--config', config], process.platform, input);
    closeSync(input);
    await rm(fifo);
    while (!started.said.out.includes('"streaming"')) await new Promise((resolve) => setTimeout(resolve, 50));
    return started;
  }

  test('SIGTERM reaches the service, which ends in order', async () => {
    const { child, said, closed } = await archiving();
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
    expect(said.out).toContain('"end":"drained"');
  });

  test('SIGHUP reaches it too: it reads its configuration again, and goes on', async () => {
    const { child, said, closed } = await archiving();
    const lines = (part: string) =>
      said.out
        .split('\n')
        .filter((line) => line.includes(part))
        .map((line) => JSON.parse(line));
    const reload = async (text: string, part: string) => {
      await writeFile(join(directory, 'ledgerstone.yaml'), text);
      child.kill('SIGHUP');
      while (lines(part).length === 0) await once(child.stdout!, 'data');
      return lines(part)[0];
    };
    const stays = 'the configuration stays as it was';
    expect(await reload(`${CONFIG}log: { level: loud }\n`, `${stays}: `)).toMatchObject({
      ...{ level: 'error', code: 'config' },
      msg: expect.stringContaining('log.level'),
    });
    expect(
      await reload(`${CONFIG}greatestLock: 1y\nlog: { level: debug }\n`, `${stays}: some`),
    ).toMatchObject({
      ...{ level: 'warn', restart: ['greatestLock'], changed: ['greatestLock', 'log.level'] },
    });
    expect(await reload(`${CONFIG}log: { level: debug }\n`, 'is in force')).toMatchObject({
      changed: ['log.level'],
    });
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
    expect(lines('"end":"drained"')).toHaveLength(1);
    // The level that it was started with would not show it.
    expect(lines('pipeline down')).toMatchObject([{ level: 'debug' }]);
  });

  test('killed, the launcher leaves no service behind', async () => {
    const { child, said, closed } = await archiving();
    child.kill('SIGKILL');
    // Its streams close when the service has ended too, which has them from it.
    expect(await closed).toEqual([null, 'SIGKILL']);
    expect(said.out).toContain('"end":"drained"');
  });
});
