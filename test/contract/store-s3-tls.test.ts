// Does a store with an authority of its own answer, and one without say what to do? And is a bucket addressed as asked?
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { inspectBucket } from '../../src/store/preflight.ts';
import { connectS3 } from '../../src/store/s3-connection.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';

let dir: string;
let certificates: Certificates;
let server: Server;
let asked: { host: string; path: string }[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-tls-'));
  certificates = makeCertificates(dir);
  const read = (name: string) => readFileSync(certificates.at(name));
  server = createServer({ key: read('server.key'), cert: read('server.pem') }, (request, response) => {
    asked.push({ host: request.headers.host ?? '', path: new URL(request.url ?? '', 'http://x').pathname });
    response.writeHead(request.method === 'HEAD' ? 200 : 501).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
});

const port = () => (server.address() as AddressInfo).port;
const inspected = (more: object, host = '127.0.0.1') =>
  inspectBucket({
    ...{ bucket: 'audit', region: 'eu-west-1', prefix: '', endpoint: `https://${host}:${port()}` },
    ...{ credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, attemptsMax: 1 },
    ...more,
  });

it('an authority of its own is trusted where it is named, for this store', async () => {
  expect((await inspected({ caFile: certificates.at('ca.pem') })).state).toBe('there');
  for (const more of [{}, { caFile: certificates.at('other-ca.pem') }]) {
    const { state, checks } = await inspected(more);
    expect(state).toBe('unreachable');
    expect(checks).toMatchObject([
      { name: 'reachable', verdict: 'bad', remedy: expect.stringContaining('caFile') },
    ]);
  }
});

it('a file that is not there is named, and nothing is asked', async () => {
  const { state, checks } = await inspected({ caFile: '/nowhere.pem' });
  expect(state).toBe('unreachable');
  expect(checks).toMatchObject([
    { found: expect.stringContaining('store.caFile'), remedy: expect.stringContaining('PEM file') },
  ]);
  expect(asked).toEqual([]);
});

it('the bucket stands in the path with an endpoint, unless a host name of its own is asked for', async () => {
  await inspected({ caFile: certificates.at('ca.pem') });
  expect(asked[0]).toEqual({ host: `127.0.0.1:${port()}`, path: '/audit/' });
  const styleOf = (more: object) => {
    const s3 = connectS3({ bucket: 'audit', region: 'eu-west-1', prefix: '', ...more });
    s3.close();
    return s3.client.config.forcePathStyle;
  };
  expect([styleOf({}), styleOf({ endpoint: 'https://a' })]).toEqual([false, true]);
  expect(styleOf({ endpoint: 'https://a', forcePathStyle: false })).toBe(false);
});
