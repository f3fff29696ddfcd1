// How does the stack run as plain processes of this machine?
import type { Backend } from '../backend.ts';
import { startEd25519Kms } from './ed25519-kms.ts';
import { restartBroker, startKafka } from './kafka.ts';
import { startTool } from './kafka-tool.ts';
import { endProcesses, processesOf, signalIfAlive } from './process.ts';
import { startS3Kms } from './s3-kms.ts';
import { restartSecondS3, startSecondS3 } from './second-s3.ts';

const pids = (dir: string, name: string): number[] =>
  processesOf(dir).flatMap((process) => (process.name === name ? [process.pid] : []));

export const nativeBackend: Backend = {
  name: 'native',
  startKafka,
  startS3Kms,
  startEd25519Kms,
  startSecondS3,
  alive: async (dir) => new Set(processesOf(dir).map(({ name }) => name)),
  pid: (dir, name) => pids(dir, name)[0],
  signal: async (dir, name, signal) => {
    for (const pid of pids(dir, name)) signalIfAlive(pid, signal);
  },
  kill: async (dir, name) => {
    await endProcesses(dir, name);
  },
  restartBroker,
  restartSecondS3,
  startTool,
  end: (dir) => endProcesses(dir),
};
