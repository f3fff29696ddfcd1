// Are the files of a release the same bytes wherever they are built, and do they list what is in the package?
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const json = (file: string) => JSON.parse(readFileSync(at('one', 'release', file), 'utf8'));

/** Builds in a copy of its own: other tests build in this checkout. */
async function build(name: string): Promise<number | null> {
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const needed = tracked
    .split('\n')
    .filter((file) => file !== '' && !/^(test|bench|localstack)\//.test(file));
  for (const file of needed) cpSync(join(ROOT, file), at(name, file));
  symlinkSync(join(ROOT, 'node_modules'), at(name, 'node_modules'));
  const child = spawn('npm', ['run', '--silent', 'release-files', '--', 'release'], {
    cwd: at(name),
    env: { ...process.env, SOURCE_DATE_EPOCH: '1767225600' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'ledgerstone-release-')));
  expect(await Promise.all([build('one'), build('another')])).toEqual([0, 0]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('are the same bytes in another folder', () => {
  const sums = readFileSync(at('one/release/SHA256SUMS'), 'utf8');
  expect(sums.trim().split('\n')).toHaveLength(3);
  expect(readFileSync(at('another/release/SHA256SUMS'), 'utf8')).toBe(sums);
  expect(
    execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: at('one/release') }),
  ).toHaveLength(0);
});

it('list each package that an install brings, with its hash, and no tool of development', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const installed = Object.entries<{ version: string; dev?: boolean }>(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`);
  const { components, metadata, bomFormat, specVersion } = json('ledgerstone.cdx.json');
  expect({ bomFormat, specVersion }).toEqual({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  expect(metadata).toMatchObject({
    timestamp: '2026-01-01T00:00:00.000Z',
    component: { name: 'ledgerstone' },
  });
  const listed = components.map(
    ({ name, version }: { name: string; version: string }) => `${name}@${version}`,
  );
  expect([...new Set(listed)].sort()).toEqual([...new Set(installed)].sort());
  for (const component of components)
    expect(component).toMatchObject({ purl: expect.any(String), hashes: [{ alg: 'SHA-512' }] });
  const spdx = json('ledgerstone.spdx.json');
  expect(spdx).toMatchObject({ spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', name: 'ledgerstone@1.0.0' });
  expect(spdx.packages).toHaveLength(components.length + 1);
});
