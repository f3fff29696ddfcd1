// What do probes, scrapers and people get from the service's HTTP server?
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/apps/archiver/server.ts';
import { serverNotes } from '../../../src/apps/cli/server-notes.ts';
import type { HttpServer } from '../../../src/apps/http.ts';
import { ArchiverMetrics } from '../../../src/archiver/metrics.ts';
import type { ServiceStatus } from '../../../src/archiver/status.ts';

const status = (reasons: string[]): ServiceStatus => ({
  instance: 'test-1',
  version: '1.0.0',
  origin: 'audit.example.com/test',
  startedAt: '2026-11-22T10:00:00.000Z',
  ready: reasons.length === 0,
  reasons,
  bufferedBytes: 0,
  pausedForMemory: false,
  topics: [],
  partitions: [],
});

describe('the status server', () => {
  const open: HttpServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  const start = async (reasons: () => string[], port = 0, production = false): Promise<HttpServer> => {
    const metrics = new ArchiverMetrics();
    metrics.records.inc({ topic: 'orders', partition: '0' }, 5);
    const server = await startServer(
      { host: '127.0.0.1', port, names: ['audit.example.com'], auth: null, tls: null, production },
      { status: () => status(reasons()), metrics: () => metrics.registry.metrics() },
    );
    open.push(server);
    return server;
  };

  it('is ready only while there is no reason against it, and says the reasons', async () => {
    let reasons = ['orders/0: the store is down'];
    const { url } = await start(() => reasons);
    const unready = await fetch(`${url}/readyz`);
    expect([unready.status, await unready.json()]).toEqual([503, { ready: false, reasons, halted: [] }]);
    reasons = [];
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('answers with metrics and the whole status', async () => {
    const { url } = await start(() => []);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('ledgerstone_records_sealed_total{topic="orders",partition="0"} 5');
    expect(await (await fetch(`${url}/status`)).json()).toEqual(status([]));
  });

  it('refuses what it does not know', async () => {
    const { url } = await start(() => []);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/status`, { method: 'POST' })).status).toBe(405);
  });

  it('takes a free port where another holds the one that was wanted', async () => {
    const first = await start(() => []);
    const second = await start(() => ['second'], Number(new URL(first.url).port));
    expect(second.url).not.toBe(first.url);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${second.url}/readyz`)).status).toBe(503);
  });

  it('stays away from a taken port in production, and says so', async () => {
    const first = await start(() => []);
    const { port } = new URL(first.url);
    await expect(start(() => [], Number(port), true)).rejects.toMatchObject({
      code: 'server',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  const asked = async (url: string, path: string, host: string): Promise<[number, string]> => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}${path}`, { headers: { host } }, resolve).on('error', reject);
    });
    return [answer.statusCode ?? 0, await text(answer)];
  };

  it.each([
    'evil.example.com',
    'evil.example.com:80',
    '127.0.0.1.evil.example',
    'xn--a.example',
    '[::1',
    'archiver:9464',
    'a.ns.svc',
  ])('tells nothing to a page that asks by the name %s', async (host) => {
    const { url } = await start(() => ['secret reason']);
    for (const path of ['/status', '/metrics', '/readyz', '/x', '/status?/healthz']) {
      const [code, body] = await asked(url, path, host);
      expect([path, code]).toEqual([path, 403]);
      expect(body).toContain('server.names');
      expect(body).not.toContain('reason');
      expect(body).not.toContain('ledgerstone_');
    }
    expect(await asked(url, '/healthz', host)).toEqual([200, '{"ok":true}\n']);
  });

  it.each(['127.0.0.1:9464', 'localhost', '10.1.2.3:80', '[::1]:9464', 'AUDIT.example.com:1'])(
    'answers who asks by %s',
    async (host) => {
      const { url } = await start(() => []);
      expect((await asked(url, '/status', host))[0]).toBe(200);
    },
  );

  it('says where and why when it can not listen', async () => {
    await expect(
      startServer(
        { host: '203.0.113.1', port: 1, names: [], auth: null, tls: null, production: false },
        { status: () => status([]), metrics: async () => '' },
      ),
    ).rejects.toMatchObject({
      code: 'server',
      message: expect.stringContaining('203.0.113.1:1'),
      remedy: expect.stringContaining('server.port'),
    });
  });
});

describe('in a pod', () => {
  const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
  it.each<readonly [host: string, port: number, env: NodeJS.ProcessEnv, isTold: boolean]>([
    ['127.0.0.1', 9464, POD, true],
    ['localhost', 9464, POD, true],
    ['::1', 9464, POD, true],
    ['0.0.0.0', 9464, POD, false],
    ['127.0.0.1', 0, POD, false],
    ['127.0.0.1', 9464, {}, false],
  ])('%s, port %i, %o: probes that find nobody are announced: %s', (host, port, env, isTold) => {
    const server = { host, port, names: [], auth: null, tls: null };
    expect(serverNotes(server, 'server', env).map(({ name }) => name)).toEqual(isTold ? ['probes'] : []);
  });
});
