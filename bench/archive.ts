// How many events a second are sealed, compared with a bare kafkajs consumer of the same topic?
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { type Codec, fillTopic } from '../localstack/kafka-tools.ts';
import type { RunningStack } from '../localstack/running.ts';
import { readyStack, startStack } from '../localstack/stack.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    codecs: { type: 'string', default: 'none,zstd' },
    partitions: { type: 'string', default: '4' },
    /** A stack that runs already; else one is started and stopped. */
    stack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const RECORDS = Number(values.records);
const PARTITIONS = Number(values.partitions);
const ROUND_MS_MAX = 300_000;

export type Round = { readonly eventsPerSecond: number; readonly rssMib: number };

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

/** One JSON line on stdout is the answer of a child. */
async function measured(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Round> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    timeout: ROUND_MS_MAX,
  });
  let answer: Round | undefined;
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) answer = JSON.parse(line) as Round;
  }
  if (answer === undefined) throw new Error(`${script} gave no result`);
  return answer;
}

function configFor(stack: RunningStack, topic: string, round: string, dir: string): string {
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

type Result = {
  readonly codec: string;
  readonly records: number;
  readonly partitions: number;
  readonly bareEventsPerSecond: number;
  readonly sealedEventsPerSecond: number;
  readonly ratio: number;
  readonly rssMibMax: number;
};

async function measureCodec(stack: RunningStack, codec: Codec, dir: string): Promise<Result> {
  const run = Date.now().toString(36);
  const topic = `bench-${codec}-${run}`;
  await ensureTopic(stack.kafka.bootstrap, { topic, partitions: PARTITIONS });
  await fillTopic(stack, { topic, records: RECORDS, payloadFile: values.lines, codec });
  const { credentials, region } = stack.s3;
  const env = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
  };
  const bare: Round[] = [];
  const sealed: Round[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    // In turn, so that a slow minute of the machine affects both.
    bare.push(
      await measured(
        'bare-consumer.ts',
        [stack.kafka.bootstrap.join(','), topic, String(RECORDS), `bare-${run}-${round}`],
        env,
      ),
    );
    const config = configFor(stack, topic, `${run}-${round}`, dir);
    sealed.push(await measured('sealing-child.ts', [config, String(RECORDS)], env));
  }
  const rate = (rounds: readonly Round[]) => Math.round(median(rounds.map((round) => round.eventsPerSecond)));
  return {
    codec,
    records: RECORDS,
    partitions: PARTITIONS,
    bareEventsPerSecond: rate(bare),
    sealedEventsPerSecond: rate(sealed),
    ratio: Number((rate(sealed) / rate(bare)).toFixed(3)),
    rssMibMax: Math.round(Math.max(...sealed.map((round) => round.rssMib))),
  };
}

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
try {
  const results: Result[] = [];
  for (const codec of values.codecs.split(',')) results.push(await measureCodec(stack, codec as Codec, dir));
  if (values.json) console.log(JSON.stringify({ bench: 'archive', results }));
  else console.table(results);
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
