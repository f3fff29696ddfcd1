// How much memory does the archiver use for the worst batches that a broker accepts, and for how long does its
// event loop stand still?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { readyStack, startStack } from '../localstack/stack.ts';
import { KafkaWorld } from '../test/contract/ingest-kafka-world.ts';
import { loopStoodStill, probed } from '../test/support/process-probe.ts';
import { batchBytes, type Codec, joined, varint } from '../test/unit/ingest/kafka/protocol/encode.ts';

const { values } = parseArgs({
  options: {
    /** Of those below, separated by commas. */
    only: { type: 'string' },
    seconds: { type: 'string', default: '180' },
    stack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const MIB = 1024 * 1024;
const LIMIT_MIB = 350;
const LOOP_LIMIT_MS = 1_000;
const CONFIGURED_BATCH_BYTES = 64 * MIB;

type Case = {
  readonly codec: Codec;
  readonly count: number;
  readonly packed: () => Uint8Array | Promise<Uint8Array>;
  /** Where its chain stands in the end: at this offset, all sealed, or halted. */
  readonly end: number;
  readonly halted: boolean;
};

/** What stands before the value of a record that has nothing else. */
const head = (offset: number, bytes: number): Uint8Array => {
  const body = [0, 0, ...varint(offset), 1, ...varint(bytes)];
  return new Uint8Array([...varint(body.length + bytes + 1), ...body]);
};
const record = (offset: number, value: Uint8Array): Uint8Array =>
  joined(head(offset, value.length), value, new Uint8Array(1));

function recordsOfNothing(count: number): Uint8Array {
  const out = new Uint8Array(count * 13);
  let at = 0;
  for (let offset = 0; offset < count; offset++) {
    const one = record(offset, new Uint8Array(0));
    out.set(one, at);
    at += one.length;
  }
  return out.subarray(0, at);
}

function manyHeaders(count: number): Uint8Array {
  const body = joined(new Uint8Array([0, 0, 0, 1, 1, ...varint(count)]), new Uint8Array(2 * count));
  return joined(new Uint8Array(varint(body.length)), body);
}

/** A record of one GiB between two of nothing, in a frame that refers as far back as any may. */
async function giant(): Promise<Uint8Array> {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
  const packed: Uint8Array[] = [];
  stream.on('data', (bytes) => packed.push(bytes));
  const write = (bytes: Uint8Array) => new Promise((resolve) => stream.write(bytes, resolve));
  await write(joined(record(0, new Uint8Array(0)), head(1, 1024 * MIB)));
  for (let left = 1024; left > 0; left -= 16) await write(new Uint8Array(16 * MIB));
  stream.end(joined(new Uint8Array(1), record(2, new Uint8Array(0))));
  await once(stream, 'end');
  return joined(...packed);
}

const MANY = 3_000_000;
const wide = () => joined(...Array.from({ length: 20 }, (_, n) => record(n, new Uint8Array(10 * MIB - 100))));
const CASES: Record<string, Case> = {
  '3,000,000 records of nothing, zstd': {
    ...{ codec: 'zstd', count: MANY, end: MANY, halted: false },
    packed: () => zstdCompressSync(recordsOfNothing(MANY)),
  },
  '3,000,000 records of nothing, not compressed': {
    ...{ codec: 'none', count: MANY, end: MANY, halted: false },
    packed: () => recordsOfNothing(MANY),
  },
  '20 records of 10 MiB of zeros, zstd': {
    ...{ codec: 'zstd', count: 20, end: 20, halted: false },
    packed: () => zstdCompressSync(wide()),
  },
  '20 records of 10 MiB of zeros, lz4': {
    ...{ codec: 'lz4', count: 20, end: 20, halted: false },
    packed: () => compressFrameSync(Buffer.from(wide())),
  },
  'a record of 1 GiB, zstd with a window of 128 MiB': {
    ...{ codec: 'zstd', count: 3, end: 1, halted: true },
    packed: giant,
  },
  'a record of 100,000 headers, zstd': {
    ...{ codec: 'zstd', count: 1, end: 1, halted: false },
    packed: () => zstdCompressSync(manyHeaders(100_000)),
  },
};

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-batches-'));
const joinedStack = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joinedStack ?? (await startStack());
const world = new KafkaWorld(stack.kafka.bootstrap);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function archiverOn(topic: string, port: number): Promise<string> {
  const { s3, kms, kafka } = stack;
  const config = join(dir, `${topic}.yaml`);
  writeFileSync(
    config,
    `archive:
  origin: bench.example.com/${topic}
  store: { kind: s3, bucket: ${s3.bucket}, region: ${s3.region}, endpoint: "${s3.endpoint}", prefix: "${topic}/" }
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => `"${address}"`).join(', ')}]
  groupId: ${topic}
  topics: [{ name: ${topic}, retention: bench }]
retention:
  bench: { mode: COMPLIANCE, period: 1d }
server: { port: ${port} }
log: { level: warn }
`,
  );
  return config;
}

type Status = { partitions: { head: { nextOffset: number } | null; halt: { code: string } | null }[] };

async function statusOf(port: number): Promise<Status | null> {
  try {
    return (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as Status;
  } catch {
    return null;
  }
}

async function measure(name: string, { codec, count, packed, end, halted }: Case) {
  const topic = await world.topic({ config: { 'max.message.bytes': String(CONFIGURED_BATCH_BYTES) } });
  const content = await packed();
  await world.sendBytes(topic, batchBytes({ packed: content, codec, count, lastOffsetDelta: count - 1 }));
  const port = await freePort();
  const { credentials, region } = stack.s3;
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../src/apps/cli/main.ts'),
      ...['archive', '--config', await archiverOn(topic, port)],
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_REGION: region,
        ...probed({ loop: '1' }),
      },
    },
  );
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const closed = once(child, 'close');
  let rssMib = 0;
  let ended = 'not in time';
  /** What the probe said of the process's start is not meant here. */
  let startedFrom: number | null = null;
  try {
    while (performance.now() - startedMs < Number(values.seconds) * 1_000 && child.exitCode === null) {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      rssMib = Math.max(rssMib, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      const partition = (await statusOf(port))?.partitions[0];
      if (partition !== undefined && startedFrom === null) startedFrom = said.length;
      const isThere = partition?.head?.nextOffset === end && (partition.halt !== null) === halted;
      if (isThere) {
        ended = partition.halt?.code ?? 'all sealed';
        break;
      }
      await sleep(100);
    }
    // What was held is freed only now and then, and the probe tells once a second.
    await sleep(2_000);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
  return {
    batch: name,
    bytes: content.length,
    ended,
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    rssMibPeak: Math.round(rssMib),
    loopMsMax: Math.max(0, ...loopStoodStill(said.slice(startedFrom ?? 0))),
  };
}

try {
  const wanted = values.only?.split(';');
  const results = [];
  for (const [name, one] of Object.entries(CASES)) {
    if (wanted !== undefined && !wanted.some((part) => name.includes(part))) continue;
    results.push(await measure(name, one));
  }
  if (values.json) {
    for (const result of results)
      console.log(JSON.stringify({ bench: 'batches', ...result, limitMib: LIMIT_MIB, LOOP_LIMIT_MS }));
  } else console.table(results.map((result) => ({ ...result, limitMib: LIMIT_MIB })));
} finally {
  await world.close();
  if (joinedStack === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
