// How long until an archiver of many partitions streams: with chains made anew, and at its next start?
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import kafkajs from 'kafkajs';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { configFor, credentialsOf, serverSeconds } from './sealing.ts';

const { values } = parseArgs({
  options: {
    ...{ topics: { type: 'string', default: '20' }, partitions: { type: 'string', default: '10' } },
    ...{ port: { type: 'string', default: '19464' }, stack: { type: 'string' } },
    json: { type: 'boolean', default: false },
  },
});
const [TOPICS, PARTITIONS] = [Number(values.topics), Number(values.partitions)];
const ALL = TOPICS * PARTITIONS;
const MS_MAX = 600_000;
const url = `http://127.0.0.1:${values.port}`;

type Status = { readonly partitions: readonly { readonly state: string }[] };

async function streaming(): Promise<number> {
  const answer = await fetch(`${url}/status`).catch(() => null);
  if (answer === null) return 0;
  const { partitions } = (await answer.json()) as Status;
  return partitions.filter(({ state }) => state === 'streaming').length;
}

/** Requests by operation, over all outcomes. */
async function requests(): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts: Record<string, number> = {};
  for (const [, operation = '', n] of text.matchAll(
    /^ledgerstone_(?:s3|kms)_requests_total\{.*?operation="(\w+)".*?\} (\d+)$/gm,
  ))
    counts[operation] = (counts[operation] ?? 0) + Number(n);
  return counts;
}

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-starts-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());

/** Seconds from the process's start, and its CPU to that moment. */
async function start(config: string, what: string) {
  const [serversBefore, startedMs] = [serverSeconds(stack), performance.now()];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'catch-up-child.ts'), config], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, ...credentialsOf(stack) },
    timeout: MS_MAX,
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  while ((await streaming()) < ALL) {
    if (performance.now() - startedMs > MS_MAX || child.exitCode !== null)
      throw new Error(`${what} did not stream`);
    await sleep(100);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const cpuSeconds = (Number(stat[11]) + Number(stat[12])) / 100;
  const serversAfter = serverSeconds(stack);
  const servers = serversBefore === null || serversAfter === null ? null : serversAfter - serversBefore;
  const counts = await requests();
  child.stdin.end();
  await ended;
  const each = Object.fromEntries(
    Object.entries(counts).map(([name, n]) => [name, Number((n / ALL).toFixed(2))]),
  );
  const rounded = (n: number | null) => (n === null ? null : Number(n.toFixed(2)));
  return {
    what,
    seconds: rounded(seconds),
    cpuSeconds: rounded(cpuSeconds),
    servers: rounded(servers),
    each,
  };
}

/** Some records in each partition. */
async function produce(topics: readonly string[]): Promise<void> {
  const { Kafka, logLevel, Partitioners } = kafkajs;
  const client = new Kafka({ brokers: [...stack.kafka.bootstrap], logLevel: logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: PARTITIONS * 5 }, (_, n) => ({
    ...{ partition: n % PARTITIONS, value: `{"n":${n}}` },
  }));
  for (const topic of topics) await producer.send({ topic, messages });
  await producer.disconnect();
}

try {
  const family = `starts${Date.now().toString(36)}`;
  const names = Array.from({ length: TOPICS }, (_, i) => `${family}.${i}`);
  const { bootstrap } = stack.kafka;
  for (const topic of names) await ensureTopic(bootstrap, { topic, partitions: PARTITIONS });
  const config = configFor(stack, family, 'all', dir);
  const text = readFileSync(config, 'utf8')
    .replace(`{ name: ${family}, retention`, `{ pattern: '^${family}.', retention`)
    .replace('server: { port: 0 }', `server: { port: ${values.port} }`);
  writeFileSync(config, `${text}segment: { maxAge: 1s }\n`);
  const results = [await start(config, 'chains made anew')];
  results.push(await start(config, 'next start, nothing in them'));
  await produce(names);
  results.push(await start(config, 'next start, records wait'));
  await sleep(1000);
  results.push(await start(config, 'next start, records in all'));
  const of = { topics: TOPICS, partitions: ALL };
  if (values.json) console.log(JSON.stringify({ bench: 'starts', ...of, results }));
  else for (const one of results) console.log(JSON.stringify({ ...of, ...one }));
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
