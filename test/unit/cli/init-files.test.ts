// Does `init` leave alone what is there already, whatever path it is given?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-init-'));
  writeFileSync(
    join(dir, 'ledgerstone.yaml'),
    `archive:
  origin: test.example.com/init
  store: { kind: directory, path: ./archive }
  signing: { kind: local, keyFile: ./key.pem }
source: { kind: file, path: ./events.jsonl, topic: { name: t, retention: r } }
retention: { r: { mode: COMPLIANCE, period: 1h } }
`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const init = (vkey: string) => cli(['init', '--config', 'ledgerstone.yaml', '--vkey', vkey], { cwd: dir });
const textOf = (name: string) => readFileSync(join(dir, name), 'utf8');

it('says of a directory that it locks nothing', async () => {
  const stdout = String((await cli(['init', '--config', 'ledgerstone.yaml'], { cwd: dir })).stdout);
  expect(stdout).toMatch(
    /r: 1h, COMPLIANCE: sealed now, the seal says until \S+Z, and nothing is locked: a directory/,
  );
  expect(stdout).not.toContain('stored now, locked until');
});

it('writes no verifier key over a file that holds something else, the signing key least of all', async () => {
  expect(await init('archive.vkey')).toMatchObject({ code: 0 });
  const key = textOf('key.pem');
  const over = await init('key.pem');
  expect(over.code).toBe(2);
  expect(over.stderr).toContain('key.pem holds something else');
  expect(textOf('key.pem')).toBe(key);
  expect(await init('archive.vkey')).toMatchObject({ code: 0 });
});
