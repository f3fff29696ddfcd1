// Can the probes of a container platform reach the HTTP server?

const LOOPBACK = /^(?:localhost|127\.[0-9.]+|::1|\[::1\])$/;

/** Kubelet and load balancers ask from outside the pod or task. Null: nothing to say. */
export function unreachableByProbes(
  { host, port }: { readonly host: string; readonly port: number },
  member: string,
  env: NodeJS.ProcessEnv,
): { readonly found: string; readonly remedy: string } | null {
  const platform = env['KUBERNETES_SERVICE_HOST'] ? 'Kubernetes' : null;
  if (platform === null || port === 0 || !LOOPBACK.test(host)) return null;
  return {
    found: `listens on ${host} only: probes and collectors of ${platform} ask the address of the pod`,
    remedy: `Set ${member}.host: 0.0.0.0, or use exec probes that ask from within.`,
  };
}
