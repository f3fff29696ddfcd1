// A store that takes locks and forgets them: what does `init` call that?
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ledgerstone } from './captured-io.ts';

const LOCKED_BUCKET =
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>';
let dir: string;
let server: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-forgetful-'));
  const objects = new Map<string, Buffer>();
  const listed = (key: string) =>
    `<Version><Key>${key}</Key><VersionId>v</VersionId><LastModified>2026-11-23T10:00:00.000Z</LastModified><Size>${objects.get(key)?.length}</Size></Version>`;
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { pathname, searchParams: asks } = new URL(request.url ?? '/', 'http://stub');
    const key = decodeURIComponent(pathname).replace(/^\/bucket\/?/, '');
    const answer = (content: string | Buffer, status = 200) => {
      response.statusCode = status;
      response.end(content);
    };
    response.setHeader('x-amz-version-id', 'v').setHeader('etag', '"e"');
    if (asks.has('object-lock')) answer(LOCKED_BUCKET);
    else if (asks.has('versioning'))
      answer('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');
    else if (asks.has('versions')) {
      const found = [...objects.keys()].filter((one) => one.startsWith(asks.get('prefix') ?? ''));
      answer(`<ListVersionsResult><IsTruncated>false</IsTruncated>${found.map(listed)}</ListVersionsResult>`);
    } else if (asks.has('retention') && request.method === 'GET')
      answer('<Error><Code>NoSuchObjectLockConfiguration</Code></Error>', 404);
    else {
      if (request.method === 'PUT' && !asks.has('retention')) objects.set(key, body);
      answer(request.method === 'GET' ? (objects.get(key) ?? '') : '');
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

// Exit code 1 says that an archive is not what was signed: here there is none yet.
it('a failure, and no broken archive', async () => {
  const config = join(dir, 'ledgerstone.yaml');
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    config,
    `archive:
  origin: forgetful.example.com/test
  store: { kind: s3, bucket: bucket, region: eu-central-1, endpoint: "http://127.0.0.1:${port}" }
  signing: { kind: local, keyFile: ${join(dir, 'key.json')} }
source: { kind: file, path: ${join(dir, 'events.jsonl')}, topic: { name: events, retention: short } }
retention:
  short: { mode: COMPLIANCE, period: 1d }
`,
  );
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const { code, err } = await ledgerstone(['init', '--config', config]);
  expect(err).toContain('is stored without the lock that it was sent with');
  expect(code).toBe(3);
});
