// How many events a second are sealed, compared with a bare kafkajs consumer of the same topic?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { type Codec, fillTopic } from '../localstack/kafka-tools.ts';
import type { RunningStack } from '../localstack/running.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { configFor, credentialsOf, measuredScript, median, type Round, SEALING_OPTIONS } from './sealing.ts';

const { values } = parseArgs({ options: SEALING_OPTIONS });

const RECORDS = Number(values.records);
const PARTITIONS = Number(values.partitions);
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
  const env = credentialsOf(stack);
  const bare: Round[] = [];
  const sealed: Round[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    // In turn, so that a slow minute of the machine affects both.
    bare.push(
      await measuredScript(
        'bare-consumer.ts',
        [stack.kafka.bootstrap.join(','), topic, String(RECORDS), `bare-${run}-${round}`],
        env,
      ),
    );
    const config = configFor(stack, topic, `${run}-${round}`, dir);
    sealed.push(await measuredScript('sealing-child.ts', [config, String(RECORDS)], env));
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
