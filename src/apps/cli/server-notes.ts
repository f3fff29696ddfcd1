// What should be said of the HTTP server at the start: can probes reach it, and who may read the token?
import type { HttpConfig } from '../../config/http.ts';
import { isLoopback } from '../../config/loopback.ts';

export type ServerNote = { readonly name: string; readonly found: string; readonly remedy: string };

/** `member`: of the configuration, for the server. */
export const serverNotes = (
  server: HttpConfig,
  member: string,
  env: NodeJS.ProcessEnv,
): readonly ServerNote[] => [
  ...[unreachableByProbes(server, member, env), readableToken(server, member)].filter(
    (note) => note !== null,
  ),
];

/** Kubelet and load balancers ask from outside the pod or task. Null: nothing to say. */
function unreachableByProbes(
  { host, port }: HttpConfig,
  member: string,
  env: NodeJS.ProcessEnv,
): ServerNote | null {
  const platform = env['KUBERNETES_SERVICE_HOST'] ? 'Kubernetes' : null;
  if (platform === null || port === 0 || !isLoopback(host)) return null;
  return {
    name: 'probes',
    found: `listens on ${host} only: probes and collectors of ${platform} ask the address of the pod`,
    remedy: `Set ${member}.host: 0.0.0.0 and ${member}.auth, or use exec probes that ask from within.`,
  };
}

function readableToken({ host, port, auth, tls }: HttpConfig, member: string): ServerNote | null {
  if (port === 0 || isLoopback(host) || auth === null || auth === 'public' || tls !== null) return null;
  return {
    name: 'token',
    found: `takes its token on ${host} without TLS: who listens on the way can read it`,
    remedy: `Set ${member}.tls, or let nobody but a proxy with TLS reach it.`,
  };
}
