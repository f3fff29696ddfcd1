// What do probes, scrapers and people get from the service's HTTP server?
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/apps/archiver/server.ts';
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
  partitions: [],
});

describe('the status server', () => {
  const open: HttpServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  const start = async (reasons: () => string[], port = 0): Promise<HttpServer> => {
    const metrics = new ArchiverMetrics();
    metrics.records.inc({ topic: 'orders', partition: '0' }, 5);
    const server = await startServer('127.0.0.1', port, {
      status: () => status(reasons()),
      metrics: () => metrics.registry.metrics(),
    });
    open.push(server);
    return server;
  };

  it('is ready only while there is no reason against it, and says the reasons', async () => {
    let reasons = ['orders/0: the store is down'];
    const { url } = await start(() => reasons);
    const unready = await fetch(`${url}/readyz`);
    expect([unready.status, await unready.json()]).toEqual([503, { ready: false, reasons }]);
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

  it('says where and why when it can not listen', async () => {
    await expect(
      startServer('203.0.113.1', 1, { status: () => status([]), metrics: async () => '' }),
    ).rejects.toMatchObject({
      code: 'server',
      message: expect.stringContaining('203.0.113.1:1'),
      remedy: expect.stringContaining('server.port'),
    });
  });
});
