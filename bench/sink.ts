// How does the archiver compare with a sink that proves nothing? Bare kafkajs, a Go sink, and the archiver, in turns.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { type Codec, fillTopic } from '../localstack/kafka-tools.ts';
import type { RunningStack } from '../localstack/running.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { writeDistinctEvents } from './distinct-events.ts';
import {
  configFor,
  credentialsOf,
  measured,
  measuredScript,
  median,
  type Round,
  SEALING_OPTIONS,
  SHORT_OPTION,
} from './sealing.ts';

const { values } = parseArgs({ options: { ...SEALING_OPTIONS, ...SHORT_OPTION } });

/** Compiles it where Go is installed. Null, and a word to the reader, where it is not. */
function buildGoSink(dir: string): string | null {
  const binary = join(dir, 'go-sink');
  const cwd = join(import.meta.dirname, 'go-sink');
  const built = spawnSync('go', ['build', '-o', binary, '.'], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (built.status === 0) return binary;
  console.error(
    built.error === undefined
      ? 'The Go sink did not compile: no comparison with it.'
      : 'Go is not installed: no comparison with the Go sink. https://go.dev/doc/install',
  );
  return null;
}

type Rounds = { bare: Round[]; go: Round[]; archiver: Round[] };

async function measureCodec(stack: RunningStack, codec: Codec, dir: string, goSink: string | null) {
  const { bootstrap } = stack.kafka;
  const { s3 } = stack;
  const [records, run] = [values.records, Date.now().toString(36)];
  const topic = `sink-${codec}-${run}`;
  const payloadFile = join(dir, 'events.jsonl');
  writeDistinctEvents(values.lines, payloadFile, { short: values.short });
  await ensureTopic(bootstrap, { topic, partitions: Number(values.partitions) });
  await fillTopic(stack, { topic, records: Number(records), payloadFile, codec });
  const env = credentialsOf(stack);
  const brokers = bootstrap.join(',');
  const rounds: Rounds = { bare: [], go: [], archiver: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    // In turns, so that a slow minute of the machine affects all.
    const group = `${run}-${round}`;
    rounds.bare.push(
      await measuredScript('bare-consumer.ts', [brokers, topic, records, `bare-${group}`], env),
    );
    if (goSink !== null) {
      const target = ['-endpoint', s3.endpoint, '-bucket', s3.bucket, '-region', s3.region];
      const source = ['-brokers', brokers, '-topic', topic, '-group', `go-${group}`, '-records', records];
      rounds.go.push(await measured(goSink, [...source, ...target], env));
    }
    rounds.archiver.push(
      await measuredScript('sealing-child.ts', [configFor(stack, topic, group, dir), records], env),
    );
    console.error(JSON.stringify({ codec, round, go: rounds.go.at(-1), archiver: rounds.archiver.at(-1) }));
  }
  return { codec, ...summary(rounds) };
}

function summary({ bare, go, archiver }: Rounds) {
  const rate = (of: readonly Round[]) => Math.round(median(of.map((round) => round.eventsPerSecond)));
  const cpu = (of: readonly Round[]) =>
    Number(median(of.map((one) => one.cpuMicrosPerEvent ?? 0)).toFixed(2));
  const rss = (of: readonly Round[]) => Math.round(Math.max(...of.map((round) => round.rssMib)));
  const over = (of: readonly Round[]) =>
    of.length === 0 ? null : Number((rate(archiver) / rate(of)).toFixed(3));
  return {
    bareEventsPerSecond: rate(bare),
    goEventsPerSecond: go.length === 0 ? null : rate(go),
    eventsPerSecond: rate(archiver),
    overBare: over(bare),
    overGo: over(go),
    goCpuMicrosPerEvent: go.length === 0 ? null : cpu(go),
    cpuMicrosPerEvent: cpu(archiver),
    goRssMib: go.length === 0 ? null : rss(go),
    rssMib: rss(archiver),
  };
}

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-sink-'));
const goSink = buildGoSink(dir);
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
try {
  const results = [];
  for (const codec of values.codecs.split(',')) {
    results.push(await measureCodec(stack, codec as Codec, dir, goSink));
  }
  const of = { records: Number(values.records), partitions: Number(values.partitions), short: values.short };
  if (values.json) console.log(JSON.stringify({ bench: 'sink', ...of, results }));
  else console.table(results);
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
