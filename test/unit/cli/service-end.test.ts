// Does the log of a service say why it ended, for those who collect the log alone?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let config: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-end-'));
  config = join(dir, 'ledgerstone.yaml');
  // The key file is missing.
  writeFileSync(
    config,
    `archive:
  origin: end.example.com/test
  store: { kind: directory, path: ${join(dir, 'archive')} }
  signing: { kind: local, keyFile: ${join(dir, 'key.json')} }
source: { kind: file, path: ${join(dir, 'events.jsonl')}, topic: { name: events, retention: short } }
retention:
  short: { mode: COMPLIANCE, period: 1d }
server: { port: 0 }
`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('as JSON, with its code and its remedy, and once more for people', async () => {
  const { code, out, err } = await ledgerstone(['archive', '--config', config]);
  expect(code).not.toBe(0);
  const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
  expect(last).toMatchObject({
    level: 'error',
    code: expect.any(String),
    msg: expect.stringMatching(/^ended: ./),
  });
  expect(err).toContain(last.msg.slice('ended: '.length));
});
