// Does a file end, whose last sealed line is longer than the limit that holds now?
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runArchiver } from '../../src/apps/archiver/main.ts';
import { parseConfig } from '../../src/config/archiver.ts';

it('a file whose last sealed line is longer than a lowered limit', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'adv-'));
  mkdirSync(join(dir, 'archive'));
  writeFileSync(
    join(dir, 'key.pem'),
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    { mode: 0o600 },
  );
  const config = (limit: string) =>
    parseConfig(
      `archive:
  origin: test.example.com/file
  store: { kind: directory, path: ${join(dir, 'archive')} }
  signing: { kind: local, keyFile: ${join(dir, 'key.pem')} }
source: { kind: file, path: ${join(dir, 'events')}, topic: { name: t, retention: r } }
retention: { r: { mode: COMPLIANCE, period: 1h } }
limits: { recordBytes: ${limit} }
server: { port: 0 }
`,
      'test.yaml',
      {},
    );
  const log: string[] = [];
  const say = (o: object, m: string) => {
    log.push(`${m} ${JSON.stringify(o)}`);
  };
  const logger = { debug() {}, info: say, warn: say, error: say };
  writeFileSync(join(dir, 'events'), `one\n${'x'.repeat(3000)}\n`);
  const first = await runArchiver(config('10MiB'), { signal: new AbortController().signal, log: logger });
  expect(first).toMatchObject({ end: 'finished', records: 2 });
  appendFileSync(join(dir, 'events'), 'three\n');
  log.length = 0;
  const again = runArchiver(config('1KiB'), { signal: AbortSignal.timeout(8_000), log: logger });
  // Stopped after 8 s, it would say that it drained.
  await expect(again).rejects.toMatchObject({ code: 'undecodable' });
});
