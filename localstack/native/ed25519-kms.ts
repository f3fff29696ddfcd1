// How does ministack, a KMS that knows Ed25519 keys, run as a plain process?
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ServicePlace, stackPaths } from '../state.ts';
import { freePorts, HOST } from './ports.ts';
import { serverEnv, startServer, untilReady } from './process.ts';
import { pythonEnvironment } from './python.ts';

export const ED25519_KMS = 'ed25519-kms';

export async function startEd25519Kms(dir: string, log: (line: string) => void): Promise<ServicePlace> {
  const python = await pythonEnvironment(ED25519_KMS, log);
  const [port] = (await freePorts(1)) as [number];
  const home = path.join(stackPaths(dir).data, ED25519_KMS);
  await mkdir(home, { recursive: true });
  const server = {
    name: ED25519_KMS,
    command: python,
    args: ['-m', 'ministack'],
    cwd: home,
    logFile: path.join(stackPaths(dir).logs, `${ED25519_KMS}.log`),
    env: { ...serverEnv(home), BIND_HOST: HOST, GATEWAY_PORT: String(port), IOT_MTLS_ENABLED: '0' },
  };
  const pid = startServer(dir, server);
  const endpoint = `http://${HOST}:${port}`;
  await untilReady(server, pid, 30_000, async () => {
    const answer = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok;
  });
  return { endpoint, process: ED25519_KMS };
}
