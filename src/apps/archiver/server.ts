// What do probes, scrapers and people learn of the archiver? /healthz, /readyz, /metrics and /status over
// plain HTTP.
import type { ServiceStatus } from '../../archiver/status.ts';
import type { Config } from '../../config/archiver.ts';
import { type Handler, type HttpServer, json, type Routes, serve } from '../http.ts';

export type ServerRoutes = {
  status(): ServiceStatus;
  metrics(): Promise<string>;
};

export type ServerOptions = Config['server'] &
  Pick<Config, 'production'> & { readonly handler?: Handler | null; readonly page?: Routes };

export const startServer = (options: ServerOptions, routes: ServerRoutes): Promise<HttpServer> =>
  serve(
    {
      ...options.page,
      '/healthz': () => json(200, { ok: true }),
      '/readyz': ({ isKnown }) => {
        const { ready, reasons, partitions } = routes.status();
        const halted = partitions.flatMap(({ topic, partition, halt }) =>
          halt === null ? [] : [{ topic, partition, code: halt.code }],
        );
        // Probes carry no login; reasons name topics, buckets and roles.
        return json(ready ? 200 : 503, isKnown ? { ready, reasons, halted } : { ready });
      },
      '/metrics': async () => ({ code: 200, type: METRICS_TYPE, body: await routes.metrics() }),
      '/status': () => json(200, routes.status()),
    },
    // A second instance on one machine finds the port taken, and in a trial takes a free one; `url` says
    // which. In production nobody would find it there, neither probes nor collectors.
    { ...options, orFreePort: !options.production, member: 'server' },
  );

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
