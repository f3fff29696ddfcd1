// How much memory does the archiver use with 16 partitions, while S3 is slow, silent and back?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
server: { port: 0 }
log: { level: warn }
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
  const phase = async (name: string, seconds: number): Promise<void> => {
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs && child.exitCode === null) {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const mib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      peaks[name] = Math.round(Math.max(peaks[name] ?? 0, mib));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const seconds = Number(values.seconds);
  await phase('fast', 6);
  proxy.set({ kind: 'throttle', bytesPerSecond: 200_000 });
  await phase('slow', seconds);
  proxy.set({ kind: 'silent' });
  await phase('silent', seconds);
  proxy.set({ kind: 'pass' });
  await phase('back', seconds);
  child.kill('SIGKILL');
  await ended;
  const result = {
    partitions: Number(values.partitions),
    incompressible: values.incompressible,
    segment: values.segment ?? 'default',
    rssMibPeak: peaks,
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
