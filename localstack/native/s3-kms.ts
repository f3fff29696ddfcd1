// How does LocalStack, our S3 with Object Lock and KMS, run as a plain process?
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ServicePlace, stackPaths } from '../state.ts';
import { freePorts, HOST } from './ports.ts';
import { serverEnv, startServer, untilReady } from './process.ts';
import { pythonEnvironment } from './python.ts';

export const S3_KMS = 's3-kms';

/** One process and one address for both. Any credentials pass; everything is in memory, so a restart is empty. */
export async function startS3Kms(dir: string, log: (line: string) => void): Promise<ServicePlace> {
  const python = await pythonEnvironment(S3_KMS, log);
  const [port] = (await freePorts(1)) as [number];
  const home = path.join(stackPaths(dir).data, S3_KMS);
  await mkdir(home, { recursive: true });
  const address = `${HOST}:${port}`;
  const server = {
    name: S3_KMS,
    command: python,
    args: [path.join(import.meta.dirname, 's3_kms.py')],
    cwd: home,
    logFile: path.join(stackPaths(dir).logs, `${S3_KMS}.log`),
    env: {
      ...serverEnv(home), // bodies are spooled below TMPDIR
      FILESYSTEM_ROOT: home,
      OVERRIDE_IN_DOCKER: '0', // else it takes some virtual machines for its container and writes to /var/lib
      SERVICES: 's3,kms,sts,sqs',
      GATEWAY_LISTEN: address,
      LOCALSTACK_HOST: address,
      DNS_ADDRESS: '0',
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
    },
  };
  const pid = startServer(dir, server);
  await untilReady(server, pid, 60_000, async () => {
    const answer = await fetch(`http://${address}/_localstack/health`, {
      signal: AbortSignal.timeout(2_000),
    });
    return answer.ok;
  });
  return { endpoint: `http://${address}`, process: S3_KMS };
}
