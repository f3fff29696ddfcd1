// Is an archiver that is stopped before it began an orderly end, and not a failure that a supervisor would report?

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { runArchiver } from '../../../src/apps/archiver/main.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { parseConfig } from '../../../src/config/archiver.ts';

const sockets = new Set<Socket>();
/** tcpmux: a port on which nothing listens. */
const NOBODY = 1;
let silent: Server;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-stop-'));
  silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test').stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  silent.close();
  rmSync(dir, { recursive: true, force: true });
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

const places = (port: number, dir: string) => ({
  S3: `store: { kind: s3, bucket: bucket, region: eu-central-1, endpoint: "http://127.0.0.1:${port}" }
  signing: { kind: kms, keyId: "arn:aws:kms:eu-central-1:000000000000:key/1", endpoint: "http://127.0.0.1:${port}" }`,
  Kafka: `store: { kind: directory, path: ${join(dir, 'archive')} }
  signing: { kind: local, keyFile: ${join(dir, 'key.pem')} }`,
});

const configOf = (what: 'S3' | 'Kafka', port: number, server: string) =>
  parseConfig(
    `archive:
  origin: test.example.com/stop
  ${places(port, dir)[what]}
source: { kind: kafka, brokers: ["127.0.0.1:${what === 'Kafka' ? port : NOBODY}"], topics: [{ name: t, retention: r }] }
retention: { r: { mode: COMPLIANCE, period: 1h } }
server: ${server}
`,
    'test.yaml',
    {},
  );

it.each(['S3', 'Kafka'] as const)('ends as drained when it is stopped while %s is silent', async (what) => {
  const { port } = silent.address() as AddressInfo;
  mkdirSync(join(dir, 'archive'), { recursive: true });
  writeFileSync(
    join(dir, 'key.pem'),
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    { mode: 0o600 },
  );
  const config = configOf(what, port, '{ port: 0 }');
  const stopping = new AbortController();
  const run = runArchiver(config, { signal: stopping.signal, log: silentLogger });
  while (sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  stopping.abort(new Error('stopped by SIGTERM'));
  expect(await run).toEqual({ end: 'drained', records: 0, segments: 0 });
  // Nothing was tried again after the stop.
  expect(sockets.size).toBe(1);
});

it('lets go of all that it opened when its status server finds no address to listen on', async () => {
  const { port } = silent.address() as AddressInfo;
  const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const before = threads();
  // RFC 5737: an address of nobody's.
  const config = configOf('Kafka', port, '{ host: 192.0.2.1, port: 9464, auth: public }');
  const run = runArchiver(config, { signal: new AbortController().signal, log: silentLogger });
  await expect(run).rejects.toMatchObject({ code: 'server' });
  expect(threads()).toBe(before);
});

it('takes no partition that its source assigns after the end', async () => {
  writeFileSync(join(dir, 'lines'), 'one\n');
  const { port } = silent.address() as AddressInfo;
  const config = parseConfig(
    `archive:
  origin: test.example.com/stop
  ${places(port, dir).Kafka}
source: { kind: file, path: ${join(dir, 'lines')}, topic: { name: t, retention: r } }
retention: { r: { mode: COMPLIANCE, period: 1h } }
server: { port: 0 }
`,
    'test.yaml',
    {},
  );
  const stopping = new AbortController();
  const said: string[] = [];
  const info = (_: object, message: string) => {
    said.push(message);
    // The file is opened next, and assigns its partition then.
    if (message === 'ledgerstone archive starts') stopping.abort(new Error('stopped by SIGTERM'));
  };
  const run = runArchiver(config, { signal: stopping.signal, log: { ...silentLogger, info } });
  expect(await run).toEqual({ end: 'drained', records: 0, segments: 0 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const drains = 'stopping: what is held is sealed first';
  expect(said).toEqual(['ledgerstone archive starts', drains, 'archiver stopped']);
});
