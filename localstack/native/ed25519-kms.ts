// How does ministack, a KMS that knows Ed25519 keys, run as a plain process?
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ServiceState, stackPaths } from '../state.ts';
import { freePorts, HOST } from './ports.ts';
import { interpreter, type PythonPart, pythonEnvironment } from './python.ts';
import { answersOk, serverEnv, startPart, untilReady } from './server.ts';

const NAME = 'ed25519-kms';

export const ED25519_KMS_PART: PythonPart = { name: NAME, recipe: 1 };

export async function startEd25519Kms(dir: string, log: (line: string) => void): Promise<ServiceState> {
  const environment = await pythonEnvironment(ED25519_KMS_PART, log);
  const [port] = (await freePorts(1)) as [number];
  const home = path.join(stackPaths(dir).data, NAME);
  await mkdir(home, { recursive: true });
  const server = {
    name: NAME,
    command: interpreter(environment),
    args: ['-m', 'ministack'],
    cwd: home,
    logFile: path.join(stackPaths(dir).logs, `${NAME}.log`),
    env: { ...serverEnv(home), BIND_HOST: HOST, GATEWAY_PORT: String(port), IOT_MTLS_ENABLED: '0' },
  };
  const endpoint = `http://${HOST}:${port}`;
  await untilReady(server, startPart(dir, server), 180_000, answersOk(`${endpoint}/_ministack/health`));
  return { endpoint, process: NAME };
}
