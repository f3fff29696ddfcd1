// Is the watching process alive, and does it complete its rounds? /healthz, /status and /metrics over HTTP.
import type { VerifierConfig } from '../../config/verifier.ts';
import { type HttpServer, json, serve } from '../http.ts';
import type { WatchState } from './watch.ts';
import type { WatchMetrics } from './watch-metrics.ts';

/** `isHealthy`: whether rounds complete. So a probe sees more than that the process runs. */
export const startWatchServer = (
  { host, port, names }: Pick<VerifierConfig['watch'], 'host' | 'port' | 'names'>,
  state: WatchState,
  isHealthy: () => boolean,
  metrics: WatchMetrics,
): Promise<HttpServer> =>
  serve(
    {
      '/healthz': () => json(isHealthy() ? 200 : 503, { ok: isHealthy(), trouble: state.trouble }),
      '/status': () => json(200, { ...state, chains: Object.fromEntries(state.chains) }),
      '/metrics': async () => ({
        ...{ code: 200, type: metrics.registry.contentType },
        body: await metrics.text(state),
      }),
    },
    { host, port, names, member: 'watch' },
  );
