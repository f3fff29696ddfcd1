// How does LocalStack, our S3 with Object Lock and KMS, run as a plain process?
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ServiceState, stackPaths } from '../state.ts';
import { run } from './command.ts';
import { freePorts, HOST } from './ports.ts';
import { interpreter, type PythonPart, pythonEnvironment } from './python.ts';
import { answersOk, serverEnv, startPart, untilReady } from './server.ts';

const NAME = 's3-kms';

/** Where LocalStack looks for what was built before its start, below its own root of the file system. */
const STATIC_LIBS = 'usr/lib/localstack';

/**
 * Before its first answer LocalStack reads the models of all AWS services, which takes 3 s and 340 MB, unless it finds
 * its index of them. So that is built once.
 */
export const S3_KMS_PART: PythonPart = {
  name: NAME,
  recipe: 2,
  prepare: async (dir, python) => {
    await mkdir(path.join(dir, STATIC_LIBS), { recursive: true });
    await run('indexing AWS services', python, ['-m', 'localstack.aws.spec'], {
      cwd: dir,
      env: { ...localstackEnv(dir), HOME: dir },
      timeoutMs: 600_000,
    });
  },
};

const localstackEnv = (root: string) => ({
  FILESYSTEM_ROOT: root,
  OVERRIDE_IN_DOCKER: '0', // else it takes some virtual machines for its container and writes to /var/lib
});

/** One process and one address for both. Any credentials pass; everything is in memory, so a restart is empty. */
export async function startS3Kms(dir: string, log: (line: string) => void): Promise<ServiceState> {
  const environment = await pythonEnvironment(S3_KMS_PART, log);
  const [port] = (await freePorts(1)) as [number];
  const home = path.join(stackPaths(dir).data, NAME);
  await cp(path.join(environment, STATIC_LIBS), path.join(home, STATIC_LIBS), { recursive: true });
  const address = `${HOST}:${port}`;
  const server = {
    name: NAME,
    command: interpreter(environment),
    args: [path.join(import.meta.dirname, 's3_kms.py')],
    cwd: home,
    logFile: path.join(stackPaths(dir).logs, `${NAME}.log`),
    env: {
      ...serverEnv(home), // bodies are spooled below TMPDIR
      ...localstackEnv(home),
      SERVICES: 's3,kms,sts,sqs',
      GATEWAY_LISTEN: address,
      LOCALSTACK_HOST: address,
      DNS_ADDRESS: '0',
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
    },
  };
  await untilReady(
    server,
    startPart(dir, server),
    300_000,
    answersOk(`http://${address}/_localstack/health`),
  );
  return { endpoint: `http://${address}`, process: NAME };
}
