// Is the watching process alive, and does it complete its rounds? /healthz, /status and /metrics over HTTP.
import type { HttpConfig } from '../../config/http.ts';
import { type HttpServer, json, type Routes, serve } from '../http.ts';
import type { WatchState } from './watch.ts';
import type { WatchMetrics } from './watch-metrics.ts';

/** `isHealthy`: whether rounds complete. So a probe sees more than that the process runs. */
export const startWatchServer = (
  { host, port, names, auth, tls }: HttpConfig,
  state: WatchState,
  isHealthy: () => boolean,
  metrics: WatchMetrics,
  page: Routes = {},
): Promise<HttpServer> =>
  serve(
    {
      ...page,
      '/healthz': () => json(isHealthy() ? 200 : 503, { ok: isHealthy() }),
      '/status': () => json(200, statusOf(state, metrics)),
      '/metrics': async () => ({
        ...{ code: 200, type: metrics.registry.contentType },
        body: await metrics.text(state),
      }),
    },
    { host, port, names, auth, tls, member: 'watch' },
  );

/**
 * `trouble`: the one that lasts longest. The verdict of a chain is that of the last walk along its newest
 * seals, at `lookedAtMs`; what other tasks found is in `openFindings`.
 */
const statusOf = ({ chains, troubles, lastWhole, ...state }: WatchState, metrics: WatchMetrics) => ({
  ...state,
  openFindings: metrics.openFindings(),
  lastWhole: Object.fromEntries(lastWhole),
  trouble: [...troubles.values()][0] ?? null,
  troubles: Object.fromEntries(troubles),
  chains: Object.fromEntries(chains),
});
