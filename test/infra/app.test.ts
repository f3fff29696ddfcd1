// Does `node infra/app.ts` write a template, and say why if it can't?
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { CONFIG } from './synthesised.ts';
import { APART } from './two-parties.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-infra-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function synth(config: string, variables: Readonly<Record<string, string>> = {}) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config);
  const env = {
    ...process.env,
    CDK_OUTDIR: join(folder, 'out'),
    LEDGERSTONE_INFRA_CONFIG: file,
    ...variables,
  };
  return spawnSync(process.execPath, ['infra/app.ts'], { cwd: root, env, encoding: 'utf8' });
}

/** CloudFormation's quotas of a template, in the call itself and in a bucket. */
const INLINE_BYTES_MAX = 51_200;
const S3_BYTES_MAX = 1_000_000;
const fileOf = (name: string) => join(folder, 'out', `${name}.template.json`);
const template = (name: string) => JSON.parse(readFileSync(fileOf(name), 'utf8'));
const bytesOf = (name: string) => readFileSync(fileOf(name)).length;

it('writes a template for each party, and the bundle that the function runs', async () => {
  const { status, stderr } = synth(APART);
  expect([status, stderr.match(/^error/im)]).toEqual([0, null]);
  // The archive's template goes to CloudFormation as it is; the verifier's has an asset, which the CDK uploads.
  expect(bytesOf('ledgerstone')).toBeLessThan(INLINE_BYTES_MAX);
  expect(bytesOf('ledgerstone-verifier')).toBeLessThan(S3_BYTES_MAX);
  const types = Object.values(
    template('ledgerstone-verifier')['Resources'] as Record<string, { Type: string }>,
  );
  expect(types.map(({ Type }) => Type)).toContain('AWS::Lambda::Function');
  const assets = readdirSync(join(folder, 'out')).filter((name) => name.startsWith('asset.'));
  expect(assets.map((name) => readdirSync(join(folder, 'out', name)))).toEqual([['index.mjs']]);
  expect(JSON.stringify(template('ledgerstone-verifier'))).toContain(assets[0]?.slice('asset.'.length));
  const { handler } = await import(join(folder, 'out', String(assets[0]), 'index.mjs'));
  await expect(handler({}, {})).rejects.toThrow('LEDGERSTONE_VERIFIER_CONFIG is not set');
});

it('writes the template of the file that the CDK CLI passes on, whatever else is named', () => {
  const file = join(folder, 'other.yaml');
  writeFileSync(file, CONFIG.replace('origin:', 'stack: other\norigin:'));
  const { status, stdout, stderr } = synth(CONFIG, { CDK_CONTEXT_JSON: JSON.stringify({ config: file }) });
  expect([status, stdout]).toEqual([0, '']);
  expect(stderr).toContain('other.template.json');
  expect(template('other')['Description']).toContain('audit.example.com/prod');
  expect(Object.keys(template('other')['Resources'])).toHaveLength(9);
  expect(bytesOf('other')).toBeLessThan(INLINE_BYTES_MAX);
});

it('ends with 2 and every problem, and no stack trace', () => {
  const { status, stderr } = synth('origin: 1\nfoo: 2\n');
  expect(status).toBe(2);
  expect(stderr).toContain('origin');
  expect(stderr).toContain('foo');
  expect(stderr).not.toContain('    at ');
});
