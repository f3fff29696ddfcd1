// What do probes, scrapers and people learn of the archiver? /healthz, /readyz, /metrics and /status over
// plain HTTP.
import type { ServiceStatus } from '../../archiver/status.ts';
import { type HttpServer, json, serve } from '../http.ts';

export type ServerRoutes = {
  status(): ServiceStatus;
  metrics(): Promise<string>;
};

/**
 * A second instance on one machine finds the port taken. Archiving matters more than a fixed port, so it
 * takes a free one; `url` says which.
 */
export const startServer = (host: string, port: number, routes: ServerRoutes): Promise<HttpServer> =>
  serve(
    {
      '/healthz': () => json(200, { ok: true }),
      '/readyz': () => {
        const { ready, reasons } = routes.status();
        return json(ready ? 200 : 503, { ready, reasons });
      },
      '/metrics': async () => ({ code: 200, type: METRICS_TYPE, body: await routes.metrics() }),
      '/status': () => json(200, routes.status()),
    },
    { host, port, member: 'server', orFreePort: true },
  );

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
