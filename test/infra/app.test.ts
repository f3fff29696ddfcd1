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

const template = (name: string) =>
  JSON.parse(readFileSync(join(folder, 'out', `${name}.template.json`), 'utf8'));

it('writes the template of the configuration that it is given', () => {
  const { status, stdout, stderr } = synth(CONFIG.replace('origin:', 'stack: acme\norigin:'));
  expect([status, stdout]).toEqual([0, '']);
  expect(stderr).toContain('acme.template.json');
  expect(Object.keys(template('acme')['Resources'])).toHaveLength(9);
});

it('writes a template for each party, and the bundle that the function runs', async () => {
  const { status, stderr } = synth(APART);
  expect([status, stderr.match(/^error/im)]).toEqual([0, null]);
  expect(template('ledgerstone')['Resources']).not.toEqual({});
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

it('takes the file from the CDK context first, as the CDK CLI passes it on', () => {
  const file = join(folder, 'other.yaml');
  writeFileSync(file, CONFIG.replace('origin:', 'stack: other\norigin:'));
  const { status } = synth(CONFIG, { CDK_CONTEXT_JSON: JSON.stringify({ config: file }) });
  expect(status).toBe(0);
  expect(template('other')['Description']).toContain('audit.example.com/prod');
});

it('ends with 2 and every problem, and no stack trace', () => {
  const { status, stderr } = synth('origin: 1\nfoo: 2\n');
  expect(status).toBe(2);
  expect(stderr).toContain('origin');
  expect(stderr).toContain('foo');
  expect(stderr).not.toContain('    at ');
});
