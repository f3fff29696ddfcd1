// Is the watching process alive, and does it get through its rounds? /healthz, /status and /metrics over plain HTTP.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { WatchState } from './watch.ts';
import type { WatchMetrics } from './watch-metrics.ts';

export type WatchServer = { readonly url: string; close(): Promise<void> };

/** `isHealthy`: whether rounds get through; a probe then knows more than that the process runs. */
export async function startWatchServer(
  { host, port }: { readonly host: string; readonly port: number },
  state: WatchState,
  isHealthy: () => boolean,
  metrics: WatchMetrics,
): Promise<WatchServer> {
  const server = createServer((request, response) => {
    const answer = (code: number, body: object) => {
      response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, { error: 'GET only' });
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/healthz')
      return answer(isHealthy() ? 200 : 503, { ok: isHealthy(), trouble: state.trouble });
    if (path === '/status') return answer(200, { ...state, chains: Object.fromEntries(state.chains) });
    if (path === '/metrics') {
      metrics.text(state).then(
        (text) => {
          response.writeHead(200, {
            'content-type': metrics.registry.contentType,
            'cache-control': 'no-store',
          });
          response.end(request.method === 'HEAD' ? undefined : text);
        },
        (error: unknown) => answer(500, { error: messageOf(error) }),
      );
      return;
    }
    answer(404, { error: 'try /healthz /status /metrics' });
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new LedgerstoneError('server', `can't listen on ${host}:${port}: ${messageOf(cause)}`, {
          remedy: 'Set watch.host and watch.port in the configuration, or port 0 for no server.',
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
