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
  serverSeconds,
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
  const withServers = async (run: () => Promise<Round>): Promise<Round> => {
    const before = serverSeconds(stack);
    const round = await run();
    const after = serverSeconds(stack);
    const micros = before === null || after === null ? null : ((after - before) * 1e6) / Number(records);
    return { ...round, serversMicrosPerEvent: micros };
  };
  for (let round = 0; round < Number(values.rounds); round++) {
    // In turns, so that a slow minute of the machine affects all.
    const group = `${run}-${round}`;
    rounds.bare.push(
      await measuredScript('bare-consumer.ts', [brokers, topic, records, `bare-${group}`], env),
    );
    if (goSink !== null) {
      const target = ['-endpoint', s3.endpoint, '-bucket', s3.bucket, '-region', s3.region];
      const source = ['-brokers', brokers, '-topic', topic, '-group', `go-${group}`, '-records', records];
      rounds.go.push(await withServers(() => measured(goSink, [...source, ...target], env)));
    }
    const config = configFor(stack, topic, group, dir);
    rounds.archiver.push(await withServers(() => measuredScript('sealing-child.ts', [config, records], env)));
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
    cpuMicrosPerEventRunning: least(archiver, (one) => one.cpuMicrosPerEventRunning),
    ...byCpu(go, archiver),
    goRssMib: go.length === 0 ? null : rss(go),
    rssMib: rss(archiver),
  };
}

/** The best of the rounds: other work on the machine only adds. */
function least(of: readonly Round[], value: (one: Round) => number | null | undefined): number | null {
  const values = of.map(value).filter((one) => one !== null && one !== undefined);
  return values.length === 0 ? null : Number(Math.min(...values).toFixed(2));
}

/**
 * CPU of the sink and of the servers together. On a machine that has other work the times say little, and
 * these still compare. The archiver's start is left out: it is the same for ten events and for a billion.
 */
function byCpu(go: readonly Round[], archiver: readonly Round[]) {
  const servers = (one: Round) => one.serversMicrosPerEvent;
  const [goServers, archiverServers] = [least(go, servers), least(archiver, servers)];
  const goOwn = least(go, (one) => one.cpuMicrosPerEvent);
  const own = least(archiver, (one) => one.cpuMicrosPerEventRunning);
  const isWhole = goServers !== null && archiverServers !== null && goOwn !== null && own !== null;
  const ratio = isWhole ? (goOwn + goServers) / (own + archiverServers) : null;
  return {
    goServersMicrosPerEvent: goServers,
    serversMicrosPerEvent: archiverServers,
    overGoByCpu: ratio === null ? null : Number(ratio.toFixed(3)),
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
