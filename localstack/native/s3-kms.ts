// How does LocalStack, our S3 with Object Lock and KMS, run as a plain process?
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ServiceState, stackPaths } from '../state.ts';
import { run } from './command.ts';
import { freePorts, HOST } from './ports.ts';
import { interpreter, type PythonPart, pythonEnvironment } from './python.ts';
import { answersOk, serverEnv, startPart, untilReady } from './server.ts';

const NAME = 's3-kms';

/** Folder below its own root in which LocalStack looks for files that were built before its start. */
const STATIC_LIBS = 'usr/lib/localstack';

/**
 * LocalStack needs an index of the models of all AWS services. Without it each start takes 3 s more and 340
 * MB. So the index is built once.
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

/** One process and one address for both. It accepts any credentials, and everything is lost at its end. */
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
