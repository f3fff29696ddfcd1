// Does the npm package install into an empty folder and run there, without the checkout?
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage } from '../../src/apps/cli/page-build.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { CHROMIUM, openBrowser } from '../support/browser.ts';

const ROOT = join(import.meta.dirname, '../..');

/** One that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Without the checkout's own `node_modules/.bin`, where a newer Node lies than the machine's. */
const env = (): NodeJS.ProcessEnv => {
  const path = (process.env['PATH'] ?? '').split(':').filter((entry) => !entry.startsWith(ROOT));
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  return { ...Object.fromEntries(clean), PATH: path.join(':') };
};

const LIBRARY_PROGRAM = `
import { readFileSync } from 'node:fs';
import { checkProof, openArchive, verifyArchive } from 'ledgerstone';
const keys = [readFileSync(process.argv[2] + '/archive.vkey', 'utf8')];
const { proof, line } = JSON.parse(readFileSync('proof.json', 'utf8'));
const bytes = (text) => new TextEncoder().encode(text);
const checked = await checkProof({ proof: bytes(proof), line: bytes(line), keys });
let archive;
try {
  archive = (await verifyArchive(await openArchive(process.argv[2] + '/archive'), { keys })).verdict;
} catch (error) {
  archive = error.code;
}
console.log(JSON.stringify({ version: process.versions.node, proof: checked.verdict, archive }));
`;

const TYPED_PROGRAM = `
import { type Archive, find, openArchive, type Report, type Verdict, verifyArchive } from 'ledgerstone';
const archive: Archive = await openArchive('x');
const report: Report = await verifyArchive(archive, { keys: [] });
const verdict: Verdict = report.verdict;
const { hits, statement } = await find(archive, { keys: [], text: [verdict] });
for await (const { line, offset } of hits) line.subarray(offset);
const complete: boolean = statement().isComplete;
export { complete };
`;

describe('the package', () => {
  let dir: string;
  let packed: readonly string[];
  const at = (name: string) => join(dir, name);
  function run(command: string, args: readonly string[], cwd: string) {
    const ran = spawnSync(command, args, { cwd, env: env(), encoding: 'utf8', timeout: 900_000 });
    return { code: ran.status, out: ran.stdout, err: ran.stderr };
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-package-'));
    await mkdir(at('user'));
    await writeFile(at('user/package.json'), '{"name":"user","version":"1.0.0","private":true}\n');
    const pack = run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', dir], ROOT);
    expect(pack.code, pack.err).toBe(0);
    const described = JSON.parse(pack.out.slice(pack.out.indexOf('['))) as [
      { filename: string; files: { path: string }[] },
    ];
    packed = described[0].files.map(({ path }) => path);
    const install = run(
      'npm',
      [
        'install',
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        at(described[0].filename),
      ],
      at('user'),
    );
    expect(install.code, install.err).toBe(0);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('holds built JavaScript, the specification and the licence, and no sources or tests', () => {
    for (const file of [
      'dist/ledgerstone.js',
      'dist/index.js',
      'dist/types/index.d.ts',
      'dist/lane-worker.js',
      'dist/index-worker.js',
      'dist/search-worker.js',
      'dist/verify-worker.js',
      'dist/FORMAT.md',
      'dist/verify.sh',
      'dist/open-me.html',
    ]) {
      expect(packed).toContain(file);
    }
    for (const file of [
      'src/apps/cli/bin.cjs',
      'src/format/FORMAT.md',
      'dist/demo-data/SOURCES.md',
      // The notes of a release name it.
      'CHANGELOG.md',
      'LICENSE',
    ]) {
      expect(packed).toContain(file);
    }
    const isSource = (file: string) => file.endsWith('.ts') && !file.startsWith('dist/types/');
    expect(packed.filter((file) => isSource(file) || file.startsWith('test/'))).toEqual([]);
  });

  it('has the page that the checkout makes', async () => {
    const packedPage = await readFile(at('user/node_modules/ledgerstone/dist/open-me.html'));
    expect(packedPage.equals(await buildPage())).toBe(true);
  });

  it('brings no development tools along', async () => {
    const installed = await readdir(at('user/node_modules'));
    expect(installed).toContain('ledgerstone');
    for (const tool of ['vitest', 'typescript', 'esbuild', 'aws-cdk-lib', 'testcontainers', '@biomejs']) {
      expect(installed).not.toContain(tool);
    }
  });

  it('runs the demo and verifies its archive', async () => {
    const demo = run('npx', ['ledgerstone', 'demo', '--dir', at('demo'), '--json'], at('user'));
    expect(demo.code, demo.err).toBe(0);
    expect(JSON.parse(demo.out)).toMatchObject({ verdict: 'verified', archived: { records: 4712 } });
    const verify = run(
      'npx',
      ['ledgerstone', 'verify', at('demo/archive'), '--key', at('demo/archive.vkey'), '--json'],
      at('user'),
    );
    expect(verify.code, verify.err).toBe(0);
    expect(JSON.parse(verify.out).verdict).toBe('verified');
    const help = run('npx', ['ledgerstone', '--help'], at('user'));
    expect(help.code).toBe(0);
    expect(help.out).toContain('Usage: ledgerstone COMMAND');
  });

  it.skipIf(CHROMIUM === undefined)('serves its page, whose script renews it in a browser', async () => {
    const port = await freePort();
    await generateLocalKey(at('verifier-key.pem'), 'ed25519');
    await mkdir(at('attestations'), { recursive: true });
    const vkey = (await readFile(at('demo/archive.vkey'), 'utf8')).trim();
    await writeFile(
      at('verifier.yaml'),
      `archive: { store: { kind: directory, path: demo/archive }, trusted: [ "${vkey}" ] }
attestations: { store: { kind: directory, path: attestations }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: verifier.example.com/package, signing: { kind: local, keyFile: verifier-key.pem } }
watch: { port: ${port}, every: 1s }
`,
    );
    const [launcher] = [at('user/node_modules/ledgerstone/src/apps/cli/bin.cjs')];
    const watch = spawn('node', [launcher, 'watch', '--config', at('verifier.yaml'), '--json'], {
      ...{ cwd: at('user'), env: env(), stdio: ['ignore', 'ignore', 'pipe'] },
    });
    const url = `http://127.0.0.1:${port}`;
    const browser = await openBrowser('en-GB', 'Europe/Berlin', url);
    try {
      const isUp = () =>
        fetch(`${url}/healthz`).then(
          ({ status }) => status,
          () => 0,
        );
      await expect.poll(isUp, { timeout: 60_000 }).toBe(200);
      const page = await browser.page();
      await page.goto(`${url}/`);
      await page.getByText('Live: it renews itself.').waitFor({ timeout: 20_000 });
      // It comes while the page is open: the first round, and the first whole sweep.
      await page
        .getByText(/^audit\/0$/)
        .first()
        .waitFor({ timeout: 60_000 });
      await page.getByText('The store keeps no locks.').waitFor({ timeout: 60_000 });
      expect(await page.locator('.verdict .label').textContent()).toMatch(/verified|not everything/i);
      expect([browser.errors, browser.requests]).toEqual([[], []]);
    } finally {
      await browser.close();
      watch.kill('SIGTERM');
      if (watch.exitCode === null) await once(watch, 'exit');
    }
  });

  /** This machine's own Node, which may be 20, and the Node 24 that the package brings along. */
  const nodes = (): string[] => {
    const brought = at(`user/node_modules/node-${process.platform}-${process.arch}/bin/node`);
    return existsSync(brought) ? ['node', brought] : ['node'];
  };

  it('is a library: imported, it checks a proof under each Node, and verifies an archive under Node 24', async () => {
    const chain = ['--topic', 'audit', '--partition', '0'];
    const prove = run(
      'npx',
      ['ledgerstone', 'prove', at('demo/archive'), ...chain, '--offset', '3', '--json'],
      at('user'),
    );
    expect(prove.code, prove.err).toBe(0);
    await writeFile(at('user/proof.json'), prove.out);
    await writeFile(at('user/library.mjs'), LIBRARY_PROGRAM);
    for (const node of nodes()) {
      const ran = run(node, ['library.mjs', at('demo')], at('user'));
      expect(ran.code, ran.err).toBe(0);
      const { version, proof, archive } = JSON.parse(ran.out);
      const isNew = Number(version.split('.')[0]) >= 24;
      expect({ node, version, proof, archive }).toMatchObject({
        proof: 'verified',
        archive: isNew ? 'verified' : 'old-node',
      });
    }
  });

  it('has types that are whole for a program that has no other package', async () => {
    await mkdir(at('typed'));
    await rename(at('user/node_modules/ledgerstone'), at('typed/ledgerstone'));
    await mkdir(at('typed/node_modules'));
    await rename(at('typed/ledgerstone'), at('typed/node_modules/ledgerstone'));
    await writeFile(at('typed/package.json'), '{"type":"module"}');
    await writeFile(at('typed/program.ts'), TYPED_PROGRAM);
    const options = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
    };
    await writeFile(
      at('typed/tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['program.ts'] }),
    );
    const tsc = run(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'],
      at('typed'),
    );
    await rename(at('typed/node_modules/ledgerstone'), at('user/node_modules/ledgerstone'));
    expect({ code: tsc.code, out: tsc.out }).toEqual({ code: 0, out: '' });
  });

  it('loads the clients of S3, KMS and Kafka', async () => {
    const config = `archive:
  origin: test.example/package
  store: { kind: s3, bucket: nothing-here, region: eu-central-1, endpoint: "http://127.0.0.1:1" }
  signing: { kind: kms, keyId: some-key, endpoint: "http://127.0.0.1:1" }
source: { kind: kafka, brokers: "127.0.0.1:1", topics: [{ name: t, retention: short }] }
retention: { short: { mode: COMPLIANCE, period: 1d } }
`;
    await writeFile(at('user/nowhere.yaml'), config);
    const doctor = run('npx', ['ledgerstone', 'doctor', '--config', 'nowhere.yaml', '--json'], at('user'));
    expect(doctor.code, doctor.err).toBe(3);
    const bad = JSON.parse(doctor.out).checks.filter(({ verdict }: { verdict: string }) => verdict === 'bad');
    expect(bad.map(({ area, name }: { area: string; name: string }) => `${area} ${name}`)).toEqual([
      'store reachable',
      'signing key',
      'source reachable',
    ]);
    for (const { found } of bad) expect(found).not.toMatch(/Cannot find|is not a function|not defined/);
  });
});
