// How much memory does the archiver use with 16 partitions, while S3 is slow, silent and back?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { fillTopic } from '../localstack/kafka-tools.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { tcpProxy } from '../test/support/tcp-proxy.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    records: { type: 'string', default: '1500000' },
    partitions: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '25' },
    codec: { type: 'string', default: 'zstd' },
    /** Bytes that hardly compress, so that stored bytes are as many as those that were read. */
    incompressible: { type: 'boolean', default: false },
    /** segment.maxBytes, where the default is not meant. */
    segment: { type: 'string' },
    /** Clients that ask for 100 receipts at a time, one request after the other. */
    receipts: { type: 'string', default: '0' },
    /** receipts.perSecond of the archiver. */
    'per-second': { type: 'string', default: '1000' },
    stack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const LIMIT_MIB = 350;

/** Lines of base64 noise, about as long as an event. */
function noiseFile(dir: string): string {
  const file = join(dir, 'noise.jsonl');
  const lines = Array.from({ length: 4_000 }, () =>
    JSON.stringify({ noise: Buffer.from(crypto.getRandomValues(new Uint8Array(900))).toString('base64') }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const clients = Number(values.receipts);
const port = await freePort();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

type Sealed = { readonly partition: number; readonly nextOffset: number };

/** Of each partition of which something is sealed, by the archiver's own status. */
async function sealedPartitions(): Promise<Sealed[]> {
  const status = (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as {
    partitions: { partition: number; head: { nextOffset: number } | null }[];
  };
  return status.partitions.flatMap(({ partition, head }) =>
    head === null || head.nextOffset === 0 ? [] : [{ partition, nextOffset: head.nextOffset }],
  );
}
const sumOf = (sealed: readonly Sealed[]): number =>
  sealed.reduce((sum, { nextOffset }) => sum + nextOffset, 0);

const randomBelow = (end: number): number => Math.floor(Math.random() * end);

/**
 * Asks for random offsets of all partitions until `signal` aborts, and counts what comes of each. If
 * `isSealed`, of what is sealed alone: then each answer has a proof.
 */
async function askReceipts(
  topic: string,
  seen: Map<string, number>,
  signal: AbortSignal,
  isSealed = false,
): Promise<void> {
  const partitions = Number(values.partitions);
  const anywhere = () => ({
    topic,
    partition: randomBelow(partitions),
    offset: randomBelow(Number(values.records) / partitions),
  });
  while (!signal.aborted) {
    const sealed = isSealed ? await sealedPartitions().catch(() => []) : [];
    const from = sealed[randomBelow(sealed.length)];
    // Of one segment, mostly: an answer about sixteen of them takes half a minute.
    const first = Math.max(0, randomBelow((from?.nextOffset ?? 0) - 100));
    const wanted = Array.from({ length: 100 }, (_, index) =>
      from === undefined ? anywhere() : { topic, partition: from.partition, offset: first + index },
    );
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/receipts`, {
        ...{ method: 'POST', body: JSON.stringify(wanted), signal },
        headers: { 'content-type': 'application/json' },
      });
      const { receipts } = (await response.json()) as { receipts?: { status: number }[] };
      for (const { status } of receipts ?? []) count(String(status));
      if (receipts === undefined) count(`refused ${response.status}`);
      if (receipts === undefined) await new Promise((resolve) => setTimeout(resolve, 200));
    } catch {
      if (!signal.aborted) count('no answer');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-memory-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
const { s3, kms, kafka } = stack;
const endpoint = new URL(s3.endpoint);
const proxy = await tcpProxy({ host: '127.0.0.1', port: Number(endpoint.port) });
const run = Date.now().toString(36);
const topic = `bench-memory-${run}`;
try {
  await ensureTopic(kafka.bootstrap, { topic, partitions: Number(values.partitions) });
  const payloadFile = values.incompressible ? noiseFile(dir) : values.lines;
  await fillTopic(stack, {
    topic,
    records: Number(values.records),
    payloadFile,
    codec: values.codec as 'zstd',
  });
  const config = join(dir, 'ledgerstone.yaml');
  writeFileSync(
    config,
    `archive:
  origin: bench.example.com/${run}
  store: { kind: s3, bucket: ${s3.bucket}, region: ${s3.region}, endpoint: "http://127.0.0.1:${proxy.port}", prefix: "memory-${run}/" }
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => `"${address}"`).join(', ')}]
  groupId: memory-${run}
  topics: [{ name: ${topic}, retention: bench }]
retention:
  bench: { mode: COMPLIANCE, period: 1d }
server: { port: ${port} }
${clients === 0 ? '' : `receipts: { serve: loopback, perSecond: ${values['per-second']} }\n`}log: { level: warn }
${values.segment === undefined ? '' : `segment: { maxBytes: ${values.segment} }\n`}`,
  );
  const { credentials, region } = s3;
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../src/apps/cli/main.ts'), 'archive', '--config', config],
    {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_REGION: region,
      },
    },
  );
  const ended = once(child, 'close');
  const peaks: Record<string, number> = {};
  const phase = async (name: string, seconds: number, isDone = () => false): Promise<void> => {
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs && child.exitCode === null && !isDone()) {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const mib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      peaks[name] = Math.round(Math.max(peaks[name] ?? 0, mib));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const seconds = Number(values.seconds);
  const receipts = new Map<string, number>();
  const stopping = new AbortController();
  const asking = Array.from({ length: clients }, () => askReceipts(topic, receipts, stopping.signal));
  await phase('fast', 6);
  proxy.set({ kind: 'throttle', bytesPerSecond: 200_000 });
  await phase('slow', seconds);
  proxy.set({ kind: 'silent' });
  await phase('silent', seconds);
  stopping.abort();
  await Promise.all(asking);
  proxy.set({ kind: 'pass' });
  const proofs = new Map<string, number>();
  const ending = new AbortController();
  const proving = Array.from({ length: clients }, () => askReceipts(topic, proofs, ending.signal, true));
  await phase('back', seconds);
  // Until there are some answers with proofs, on a machine that is busy.
  if (clients > 0) await phase('proofs', 4 * seconds, () => (proofs.get('200') ?? 0) >= 100 * clients);
  const sealed = await sealedPartitions().catch(() => []);
  ending.abort();
  await Promise.all(proving);
  if (clients > 0 && (proofs.get('200') ?? 0) === 0)
    throw new Error('no receipt had a proof: of their memory this run says nothing');
  child.kill('SIGKILL');
  await ended;
  const result = {
    partitions: Number(values.partitions),
    incompressible: values.incompressible,
    segment: values.segment ?? 'default',
    rssMibPeak: peaks,
    sealed: sumOf(sealed),
    receipts: { clients, perSecond: Number(values['per-second']), ...Object.fromEntries(receipts) },
    /** Of offsets that were sealed: 200 is one with its proof. */
    proofs: Object.fromEntries(proofs),
    limitMib: LIMIT_MIB,
  };
  if (values.json) console.log(JSON.stringify({ bench: 'memory', ...result }));
  else
    console.table([
      { partitions: result.partitions, incompressible: result.incompressible, ...peaks, limitMib: LIMIT_MIB },
    ]);
} finally {
  await proxy.close();
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
