// How long does a backlog over many partitions take, in one process and in two of one group?
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { type Codec, fillTopic } from '../localstack/kafka-tools.ts';
import type { RunningStack } from '../localstack/running.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { writeDistinctEvents } from './distinct-events.ts';
import { configFor, credentialsOf, median, SEALING_OPTIONS, SHORT_OPTION, serverSeconds } from './sealing.ts';

const { codecs: _codecs, partitions: _partitions, ...shared } = SEALING_OPTIONS;
const { values } = parseArgs({
  options: {
    ...{ ...shared, ...SHORT_OPTION },
    partitions: { type: 'string', default: '64' },
    processes: { type: 'string', default: '1,2' },
    codec: { type: 'string', default: 'none' },
  },
});
const RECORDS = Number(values.records);
/** Nothing was accepted for so long: all is. Not part of what is measured. */
const QUIET_MS = 3_000;
const ROUND_MS_MAX = 600_000;

/** What catch-up-child.ts tells. */
type Told = {
  readonly accepted: number;
  readonly sealed: number;
  readonly partitions: number;
  readonly end?: { readonly cpuSeconds: number; readonly rssMib: number };
};

type Archiver = { told: Told; changedMs: number; assignedMs: number; stop(): void; ended: Promise<void> };

function startArchiver(config: string, env: NodeJS.ProcessEnv): Archiver {
  const script = join(import.meta.dirname, 'catch-up-child.ts');
  const child = spawn(process.execPath, [script, config], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    timeout: ROUND_MS_MAX,
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`an archiver ended with ${code}`)),
    );
  });
  // It may end before anybody waits for it.
  ended.catch(() => {});
  const archiver: Archiver = {
    told: { accepted: 0, sealed: 0, partitions: 0 },
    ...{ changedMs: Number.POSITIVE_INFINITY, assignedMs: Number.POSITIVE_INFINITY },
    stop: () => child.stdin.end(),
    ended,
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line) as Told;
    if (told.partitions > 0) archiver.assignedMs = Math.min(archiver.assignedMs, performance.now());
    if (told.accepted !== archiver.told.accepted) archiver.changedMs = performance.now();
    archiver.told = told;
  });
  return archiver;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/**
 * From the first assignment to the last accepted record, and from the word to stop until all is sealed: the
 * quiet between them, by which the end of the backlog is known, is left out.
 */
async function round(stack: RunningStack, config: string, processes: number) {
  const serversBefore = serverSeconds(stack);
  const archivers = Array.from({ length: processes }, () => startArchiver(config, credentialsOf(stack)));
  const failed = Promise.all(archivers.map(({ ended }) => ended));
  const isAccepted = () =>
    sum(archivers.map(({ told }) => told.accepted)) >= RECORDS &&
    performance.now() - Math.max(...archivers.map(({ changedMs }) => changedMs)) > QUIET_MS;
  while (!isAccepted()) {
    await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  const acceptedMs =
    Math.max(...archivers.map(({ changedMs }) => changedMs)) -
    Math.min(...archivers.map(({ assignedMs }) => assignedMs));
  const partitions = archivers.map(({ told }) => told.partitions);
  const stoppedMs = performance.now();
  for (const archiver of archivers) archiver.stop();
  await failed;
  const seconds = (acceptedMs + performance.now() - stoppedMs) / 1000;
  const sealed = sum(archivers.map(({ told }) => told.sealed));
  if (sealed !== RECORDS) throw new Error(`${sealed} of ${RECORDS} records are sealed`);
  const accepted = sum(archivers.map(({ told }) => told.accepted));
  const serversAfter = serverSeconds(stack);
  const servers = serversBefore === null || serversAfter === null ? null : serversAfter - serversBefore;
  const micros = (cpuSeconds: number) => Number(((cpuSeconds * 1e6) / RECORDS).toFixed(2));
  return {
    ...{ processes, partitions: partitions.join('+'), seconds: Number(seconds.toFixed(2)) },
    eventsPerSecond: Math.round(RECORDS / seconds),
    /** Records that a rebalance took away before they were sealed. */
    acceptedTwice: accepted - RECORDS,
    cpuMicrosPerEventRunning: micros(sum(archivers.map(({ told }) => told.end?.cpuSeconds ?? Number.NaN))),
    serversMicrosPerEvent: servers === null ? null : micros(servers),
    rssMib: archivers.map(({ told }) => told.end?.rssMib).join('+'),
  };
}

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-catch-up-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
try {
  const topic = `catch-up-${Date.now().toString(36)}`;
  const payloadFile = join(dir, 'events.jsonl');
  writeDistinctEvents(values.lines, payloadFile, { short: values.short });
  await ensureTopic(stack.kafka.bootstrap, { topic, partitions: Number(values.partitions) });
  await fillTopic(stack, { topic, records: RECORDS, payloadFile, codec: values.codec as Codec });
  const rounds: Awaited<ReturnType<typeof round>>[] = [];
  for (let number = 0; number < Number(values.rounds); number++) {
    // In turns, so that a slow minute of the machine affects all.
    for (const processes of values.processes.split(',').map(Number)) {
      const config = configFor(stack, topic, `${number}-${processes}`, dir);
      rounds.push(await round(stack, config, processes));
      console.error(JSON.stringify(rounds.at(-1)));
    }
  }
  const results = values.processes.split(',').map((count) => {
    const own = rounds.filter(({ processes }) => processes === Number(count));
    const seconds = median(own.map((one) => one.seconds));
    const micros = Math.min(...own.map((one) => one.cpuMicrosPerEventRunning));
    return {
      ...{ processes: Number(count), seconds, eventsPerSecond: Math.round(RECORDS / seconds) },
      cpuMicrosPerEventRunning: micros,
      rssMib: own.map(({ rssMib }) => rssMib).join(', '),
    };
  });
  const of = { records: RECORDS, partitions: Number(values.partitions), codec: values.codec };
  if (values.json) console.log(JSON.stringify({ bench: 'catch-up', ...of, results }));
  else console.table(results);
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
