// How much CPU do our consumer and the archiver use while nothing happens, compared with plain kafkajs?
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { probed, timersFired } from '../test/support/process-probe.ts';

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '60' },
    /** A stack that runs already; else one is started and stopped. */
    stack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const SECONDS = Number(values.seconds);
/** Time for compilation and first connections. */
const WARM_UP_MS = 30_000;
const READY_MS_MAX = 60_000;
const MAIN = join(import.meta.dirname, '../src/apps/cli/main.ts');
const CHILD = join(import.meta.dirname, 'idle-child.ts');

const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-idle-'));
const run = Date.now().toString(36);
const topic = `bench-idle-${run}`;
const brokers = stack.kafka.bootstrap.join(',');

function configFor(group: string): string {
  const { s3, kms } = stack;
  const file = join(dir, `${group}.yaml`);
  writeFileSync(
    file,
    `archive:
  origin: bench.example.com/${group}
  store: { kind: s3, bucket: ${s3.bucket}, region: ${s3.region}, endpoint: "${s3.endpoint}", prefix: "${group}/" }
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source: { kind: kafka, brokers: "${brokers}", groupId: ${group}, topics: [{ name: ${topic}, retention: bench }] }
retention: { bench: { mode: COMPLIANCE, period: 1d } }
server: { port: 0 }
`,
  );
  return file;
}

const SUBJECTS = {
  'kafkajs as it is': (group: string) => [CHILD, 'kafkajs', brokers, topic, group],
  'the consumer': (group: string) => [CHILD, 'ours', brokers, topic, group],
  'the archiver': (group: string) => [MAIN, 'archive', '--config', configFor(group)],
} as const;

/** CPU time of all threads, in seconds of one core. */
function cpuSeconds(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks / Number(execFileSync('getconf', ['CLK_TCK']));
}

async function idle<T>(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  look: (child: ChildProcess, said: () => string) => Promise<T>,
): Promise<T> {
  const { credentials, region } = stack.s3;
  const child = spawn(process.execPath, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      ...env,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  const closed = once(child, 'close');
  try {
    const endMs = performance.now() + READY_MS_MAX;
    while (!/ready|"streaming"/.test(said)) {
      if (child.exitCode !== null || performance.now() > endMs)
        throw new Error(`it does not get ready:\n${said}`);
      await sleep(100);
    }
    return await look(child, () => said);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

const cpuPercent = (args: readonly string[]) =>
  idle(args, {}, async (child) => {
    await sleep(WARM_UP_MS);
    const before = cpuSeconds(child);
    await sleep(SECONDS * 1000);
    return Number((((cpuSeconds(child) - before) / SECONDS) * 100).toFixed(2));
  });

/** Measured separately from CPU time, since counting costs CPU time. */
const timersPerSecond = (args: readonly string[]) =>
  idle(args, probed({ timers: 'yes' }), async (_, said) => {
    await sleep(5_000);
    const before = timersFired(said()).length;
    await sleep(Math.min(SECONDS, 10) * 1000);
    const fired = timersFired(said()).slice(before);
    const mean = fired.reduce((sum, count) => sum + count, 0) / fired.length;
    return { timersPerSecond: Math.round(mean), warns: /TimeoutNegativeWarning/.test(said()) };
  });

try {
  await ensureTopic(stack.kafka.bootstrap, { topic, partitions: Number(values.partitions) });
  const rows: object[] = [];
  for (const [subject, argsFor] of Object.entries(SUBJECTS)) {
    const name = subject.replaceAll(' ', '-');
    const percent = await cpuPercent(argsFor(`idle-${name}-${run}`));
    const timers = await timersPerSecond(argsFor(`idle-${name}-timers-${run}`));
    rows.push({ subject, partitions: Number(values.partitions), cpuPercentOfOneCore: percent, ...timers });
  }
  const conditions = {
    node: process.version,
    kafka: stack.kafka.version,
    cores: cpus().length,
    load1m: Number(loadavg()[0]?.toFixed(2)),
  };
  if (values.json) console.log(JSON.stringify({ bench: 'idle', ...conditions, rows }));
  else {
    console.table(rows);
    console.log(JSON.stringify(conditions));
  }
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
