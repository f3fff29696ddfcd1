// Does `doctor` say that it uses no proxy, where somebody set one?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateLocalKey } from '../../../src/sign/local-key.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-proxy-'));
  await generateLocalKey(join(dir, 'k.pem'), 'ed25519');
  const config = {
    archive: {
      origin: 'audit.example.com/prod',
      store: { kind: 'directory', path: 'archive' },
      signing: { kind: 'local', keyFile: 'k.pem' },
    },
    source: { kind: 'file', path: '-', topic: { name: 'orders', retention: 'r' } },
    retention: { r: { mode: 'COMPLIANCE', period: '1d' } },
  };
  writeFileSync(join(dir, 'ledgerstone.yaml'), JSON.stringify(config));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each<readonly [env: NodeJS.ProcessEnv, found: string | null]>([
  [{}, null],
  [{ NO_PROXY: '*' }, null],
  [{ HTTPS_PROXY: '' }, null],
  [{ https_proxy: 'http://p:1' }, 'HTTPS_PROXY is set and not used'],
  [{ HTTP_PROXY: 'http://p:1', ALL_PROXY: 'x' }, 'HTTP_PROXY, ALL_PROXY is set and not used'],
])('%o', async (env, found) => {
  const { out } = await ledgerstone(['doctor', '--config', join(dir, 'ledgerstone.yaml'), '--json'], env);
  const check = JSON.parse(out).checks.find(({ name }: { name: string }) => name === 'proxy');
  if (found === null) expect(check).toBeUndefined();
  else expect(check).toMatchObject({ verdict: 'warning', found: expect.stringContaining(found) });
});
