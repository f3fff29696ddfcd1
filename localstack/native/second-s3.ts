// How does SeaweedFS, the second S3 with Object Lock, run as a plain process?
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SECOND_S3_CREDENTIALS } from '../provisioning.ts';
import { addOutsideFiles, type ServiceState, stackPaths } from '../state.ts';
import { freePorts, HOST } from './ports.ts';
import { interpreter, type PythonPart, pythonEnvironment } from './python.ts';
import { answersOk, serverEnv, startPart, startPartAgain, untilReady } from './server.ts';

const NAME = 'second-s3';
const READY_WITHIN_MS = 180_000;

/** Its wheel has one program and no Python code. */
const SECOND_S3_PART: PythonPart = { name: NAME, recipe: 1 };

export async function startSecondS3(dir: string, log: (line: string) => void): Promise<ServiceState> {
  const environment = await pythonEnvironment(SECOND_S3_PART, log);
  const home = path.join(stackPaths(dir).data, NAME);
  await mkdir(path.join(home, 'files'), { recursive: true });
  const config = path.join(home, 's3.json');
  await writeFile(config, JSON.stringify({ identities: [IDENTITY] }));
  const names = ['s3', 'master', 'volume', 'filer', 'admin'];
  const ports = await freePorts(names.length, GRPC_OFFSET);
  const port = ports[0] as number;
  await addOutsideFiles(
    dir,
    names.flatMap((name, index) => sockets(name, ports[index] as number)),
  );
  const server = {
    name: NAME,
    command: path.join(path.dirname(interpreter(environment)), 'weed'),
    args: [
      ...[
        'mini',
        `-dir=${path.join(home, 'files')}`,
        `-ip=${HOST}`,
        `-ip.bind=${HOST}`,
        `-s3.config=${config}`,
      ],
      ...['-webdav=false', '-admin.ui=false', '-s3.port.iceberg=0', '-s3.port.lance=0'],
      ...names.map((name, index) => `-${name}.port=${ports[index]}`),
    ],
    cwd: home,
    logFile: path.join(stackPaths(dir).logs, `${NAME}.log`),
    env: serverEnv(home),
  };
  await untilReady(server, startPart(dir, server), READY_WITHIN_MS, answersOk(healthUrl(port)));
  return { endpoint: `http://${HOST}:${port}`, process: NAME };
}

/** Starts it again after a kill, with the same port and objects. */
export async function restartSecondS3(dir: string, { endpoint, process }: ServiceState): Promise<void> {
  const { pid, server } = startPartAgain(dir, process);
  await untilReady(server, pid, READY_WITHIN_MS, answersOk(`${endpoint}/healthz`));
}

const IDENTITY = {
  name: 'archiver',
  credentials: [
    { accessKey: SECOND_S3_CREDENTIALS.accessKeyId, secretKey: SECOND_S3_CREDENTIALS.secretAccessKey },
  ],
  actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
};

const healthUrl = (port: number): string => `http://${HOST}:${port}/healthz`;

/** For each port it also opens port + 10000 for gRPC. */
const GRPC_OFFSET = 10_000;

/** Unix sockets that it makes outside TMPDIR and leaves after a kill. */
const sockets = (name: string, port: number): string[] => [
  `/tmp/seaweedfs-${name}-${port}.sock`,
  `/tmp/seaweedfs-${name}-grpc-${port + GRPC_OFFSET}.sock`,
];
