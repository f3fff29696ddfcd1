// How do probes and scrapers ask? /healthz, /readyz, /metrics and /status over plain HTTP.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServiceStatus } from '../../archiver/status.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';

export type ServerRoutes = {
  status(): ServiceStatus;
  metrics(): Promise<string>;
};

export type StatusServer = { readonly url: string; close(): Promise<void> };

/** Where the port is taken by another, a free one is used: `url` tells. */
export async function startServer(host: string, port: number, routes: ServerRoutes): Promise<StatusServer> {
  const server: Server = createServer((request, response) => {
    const answer = (code: number, type: string, body: string) => {
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const json = (code: number, body: object) =>
      answer(code, 'application/json', `${JSON.stringify(body)}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'GET only' });
    switch ((request.url ?? '/').split('?')[0]) {
      case '/healthz':
        return json(200, { ok: true });
      case '/readyz': {
        const { ready, reasons } = routes.status();
        return json(ready ? 200 : 503, { ready, reasons });
      }
      case '/status':
        return json(200, routes.status());
      case '/metrics':
        routes.metrics().then(
          (text) => answer(200, 'text/plain; version=0.0.4; charset=utf-8', text),
          (error: unknown) => json(500, { error: messageOf(error) }),
        );
        return;
      default:
        return json(404, { error: 'try /healthz /readyz /metrics /status' });
    }
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A second instance on one machine finds the port taken: archiving matters more, so it takes a free one and says so. */
async function listen(server: Server, host: string, port: number): Promise<void> {
  const attempt = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  try {
    await attempt(port);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') return attempt(0);
    throw new LedgerstoneError('server', `can't listen on ${host}:${port}: ${messageOf(cause)}`, {
      remedy: 'Set server.host and server.port in the configuration, or port 0 for no server.',
      cause,
    });
  }
}
