// What does one seal cost beside its bytes: requests to S3 and KMS, CPU of the main thread, and time?
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { parseArgs } from 'node:util';
import { readyStack, startStack } from '../localstack/stack.ts';
import { MemoryLedger } from '../src/archiver/memory.ts';
import { systemClock } from '../src/base/clock.ts';
import { zstdCompressor } from '../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../src/format/vkey.ts';
import { Sealer } from '../src/sealing/sealer.ts';
import { BodyBuilder } from '../src/segment/body.ts';
import { type Head, makeSegment, newChainHead, type Segment } from '../src/segment/segment.ts';
import { kmsSigner } from '../src/sign/kms.ts';
import type { Signer } from '../src/sign/signer.ts';
import { s3Store } from '../src/store/s3.ts';

const { values } = parseArgs({
  options: {
    seals: { type: 'string', default: '30' },
    partitions: { type: 'string', default: '4' },
    /** Bytes of one data object, before compression; they hardly compress. */
    mib: { type: 'string', default: '16' },
    /** A stack that runs already; else one is started and stopped. */
    stack: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const MIB = 1024 * 1024;
const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 }, policy: 'bench' } as const;

/** Counted where they leave the process: the SDK's own retries are among them. */
const requests = new Map<string, number>();
subscribe('http.client.request.start', (message) => {
  const { method, path, getHeader } = (message as { request: RequestFacts }).request;
  const target = getHeader.call((message as { request: RequestFacts }).request, 'x-amz-target');
  const query = /[?&](versions|retention|legal-hold|tagging)\b/.exec(path)?.[1];
  const name = target === undefined ? [method, query].filter(Boolean).join(' ') : String(target);
  requests.set(name, (requests.get(name) ?? 0) + 1);
});
type RequestFacts = { method: string; path: string; getHeader(name: string): unknown };

function segmentAfter(head: Head, signer: Signer): Segment {
  const tools = { sha256: nodeSha256, sha256Into: nodeSha256Into, encoding: 'zstd' } as const;
  const builder = new BodyBuilder(head.nextOffset, { ...tools, compress: zstdCompressor(1) });
  const noise = randomBytes(Math.round((Number(values.mib) * MIB * 3) / 4)).toString('base64');
  builder.record({
    offset: head.nextOffset,
    timestamp: BigInt(Date.now()),
    timestampType: 'create',
    key: null,
    headers: [],
    value: Buffer.from(`{"noise":"${noise}"}`),
  });
  return makeSegment(nodeSha256, head, builder.finish(), {
    source: { kind: 'kafka', cluster: 'bench', topic: 'bench', topicId: null, partition: head.partition },
    continues: null,
    anchoredMs: Date.now(),
    nowMs: Date.now(),
    retention: RETENTION,
    keys: [encodeVkey(verifierKey(head.origin, signer.publicKey, nodeSha256))],
    writer: { id: 'bench', version: '0' },
  });
}

const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack({ kafka: false }));
try {
  const { s3, kms } = stack;
  const prefix = `seals-${Date.now().toString(36)}/`;
  const store = s3Store({
    ...{ bucket: s3.bucket, region: s3.region, endpoint: s3.endpoint, credentials: s3.credentials },
    prefix,
  });
  const signer = await kmsSigner({
    keyId: kms.keyId,
    region: kms.region,
    endpoint: kms.endpoint,
    credentials: kms.credentials,
  });
  const sealer = new Sealer({
    ...{ store, signersOf: () => [signer], sha256: nodeSha256, clock: systemClock, random: Math.random },
    memory: new MemoryLedger(),
    sealRetention: RETENTION,
    signal: new AbortController().signal,
  });
  const partitions = Number(values.partitions);
  const heads = Array.from({ length: partitions }, (_, partition) =>
    newChainHead(`bench.example.com/${prefix}bench/${partition}`, 'bench', partition, 0),
  );
  let cpuMicros = 0;
  let wallMs = 0;
  let seals = 0;
  /** One of each partition at once; making the bodies is the other threads' work and is not counted. */
  const round = async (): Promise<void> => {
    const segments = heads.map((head) => segmentAfter(head, signer));
    const cpu = process.threadCpuUsage();
    const startedMs = performance.now();
    await Promise.all(
      segments.map(async (segment) => {
        const outcome = await sealer.carry(segment, (error) => error && console.error(error));
        if (outcome.kind !== 'stored') throw new Error('fenced');
        heads[segment.manifest.source.partition ?? 0] = segment.after;
      }),
    );
    wallMs += performance.now() - startedMs;
    const used = process.threadCpuUsage(cpu);
    cpuMicros += used.user + used.system;
    seals += segments.length;
  };
  // Connections, credentials and code warm up outside of the count.
  for (let warm = 0; warm < 3; warm++) await round();
  requests.clear();
  [cpuMicros, wallMs, seals] = [0, 0, 0];
  while (seals < Number(values.seals)) await round();
  const each = Object.fromEntries([...requests].map(([name, count]) => [name, +(count / seals).toFixed(2)]));
  const result = {
    seals,
    mib: Number(values.mib),
    mainCpuMsPerSeal: Number((cpuMicros / 1000 / seals).toFixed(2)),
    wallMsPerSeal: Number((wallMs / seals).toFixed(2)),
    requestsPerSeal: Number((Object.values(each).reduce((a, b) => a + b, 0) || 0).toFixed(2)),
  };
  if (values.json) console.log(JSON.stringify({ bench: 'seals', ...result, each }));
  else {
    console.table([result]);
    console.table([each]);
  }
  await store.close();
} finally {
  if (joined === undefined) await stack.stop();
}
process.exit();
