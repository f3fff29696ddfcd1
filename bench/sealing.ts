// How do benches run the archiver, and others, as processes of their own on a stack?
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunningStack } from '../localstack/running.ts';

/** Of the benches that let the archiver seal a topic. */
export const SEALING_OPTIONS = {
  lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
  records: { type: 'string', default: '1000000' },
  rounds: { type: 'string', default: '3' },
  codecs: { type: 'string', default: 'none,zstd' },
  partitions: { type: 'string', default: '4' },
  /** A stack that runs already; else one is started and stopped. */
  stack: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Events of about 250 bytes instead of 1,250. */
export const SHORT_OPTION = { short: { type: 'boolean', default: false } } as const;

/** What one process measured of itself, from its first record on. */
export type Round = {
  readonly eventsPerSecond: number;
  readonly rssMib: number;
  /** All threads, from the start of the process. */
  readonly cpuMicrosPerEvent?: number;
  /** The same from the assignment of partitions on: without what each start costs. */
  readonly cpuMicrosPerEventRunning?: number;
  /** Of Kafka, S3 and KMS meanwhile, for this round's events. */
  readonly serversMicrosPerEvent?: number | null;
  /** Seconds of CPU by the name of the thread. Linux only. */
  readonly cpuByThread?: Readonly<Record<string, number>>;
};

const ROUND_MS_MAX = 300_000;

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

/**
 * Seconds of CPU that the stack's servers have used. Null where that can't be read: in containers, and on
 * other systems than Linux.
 */
export function serverSeconds({ kafka, s3 }: RunningStack): number | null {
  let seconds = 0;
  for (const pid of [...kafka.brokers.map((broker) => broker.pid), s3.pid]) {
    const file = `/proc/${pid}/stat`;
    if (pid === undefined || !existsSync(file)) return null;
    seconds += secondsOf(readFileSync(file, 'utf8'));
  }
  return seconds;
}

/** Linux counts in hundredths of a second (proc_pid_stat(5)); the name of the process may hold anything. */
export function secondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** One JSON line on its stdout is the answer. */
export async function measured(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Round> {
  const child: ChildProcess = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    timeout: ROUND_MS_MAX,
  });
  let answer: Round | undefined;
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) answer = JSON.parse(line) as Round;
  }
  if (answer === undefined) throw new Error(`${command} ${args[0]} gave no result`);
  return answer;
}

/** The same for one of our own scripts, under this Node. */
export const measuredScript = (
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): Promise<Round> => measured(process.execPath, [...flags, join(import.meta.dirname, script), ...args], env);

export const credentialsOf = ({ s3: { credentials, region } }: RunningStack): NodeJS.ProcessEnv => ({
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_REGION: region,
});

/** A configuration with nothing but defaults beside what the stack needs. Returns its path. */
export function configFor(stack: RunningStack, topic: string, round: string, dir: string): string {
  const { s3, kms, kafka } = stack;
  const file = join(dir, `${topic}-${round}.yaml`);
  writeFileSync(
    file,
    `archive:
  origin: bench.example.com/${topic}-${round}
  store: { kind: s3, bucket: ${s3.bucket}, region: ${s3.region}, endpoint: "${s3.endpoint}", prefix: "${topic}-${round}/" }
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => `"${address}"`).join(', ')}]
  groupId: bench-${topic}-${round}
  topics:
    - { name: ${topic}, retention: bench }
retention:
  bench: { mode: COMPLIANCE, period: 1d }
server: { port: 0 }
`,
  );
  return file;
}
