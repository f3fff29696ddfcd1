// What does the independent verifier take: to start, per segment and event, in memory, and in money for a billion events?
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleVerifier } from '../src/apps/verifier/bundle.ts';
import { CONFIG_VARIABLE, parseVerifierConfig } from '../src/apps/verifier/config.ts';
import { makeVerifier, openEdges } from '../src/apps/verifier/edges.ts';
import { answerEvent } from '../src/apps/verifier/handler.ts';
import { runWork } from '../src/apps/verifier/run.ts';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../src/format/vkey.ts';
import { directoryStore } from '../src/store/directory.ts';
import { s3Store } from '../src/store/s3.ts';
import type { Store } from '../src/store/store.ts';
import { portableChecker } from '../src/verify/block-checker.ts';
import { nodeContentTools } from '../src/verify/node/tools.ts';
import { type Built, buildArchive, NOW_MS, ORIGIN, signer } from './build-archive.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    /** Content of the archive whose speed is measured, MiB, in segments of so many. */
    mib: { type: 'string', default: '128' },
    segment: { type: 'string', default: '16' },
    /** Small segments, whose overhead is measured. */
    segments: { type: 'string', default: '500' },
    starts: { type: 'string', default: '7' },
    /** List prices in USD (eu-central-1 or as given), all per million but for the GB-second. */
    lambdaGbSecond: { type: 'string', default: '0.0000133334' },
    lambdaRequests: { type: 'string', default: '0.20' },
    s3Get: { type: 'string', default: '0.43' },
    s3PutList: { type: 'string', default: '5.40' },
    kmsSign: { type: 'string', default: '15' },
    sqs: { type: 'string', default: '0.40' },
    memoryGb: { type: 'string', default: '0.5' },
    eventsPerSegment: { type: 'string', default: '5000' },
    /** Time that a call of S3 or KMS takes in its Region, ms: what a Lambda waits for, one after the other. */
    callMs: { type: 'string', default: '20' },
    /** Memory over the real S3 client too, against the local stack. */
    s3: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const MIB = 1024 * 1024;
const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-verifier-'));
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

const keyFile = join(dir, 'verifier.pem');
writeFileSync(keyFile, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), {
  mode: 0o600,
});
type Place = { readonly kind: 'directory'; readonly path: string } | S3Place;
type S3Place = Readonly<Record<'bucket' | 'region' | 'endpoint' | 'prefix', string>> & {
  readonly kind: 's3';
};
const directory = (path: string): Place => ({ kind: 'directory', path });

const configText = (archive: Place, own: string): string =>
  JSON.stringify({
    archive: {
      store: archive,
      trusted: [encodeVkey(verifierKey(ORIGIN, signer.publicKey, nodeSha256))],
    },
    attestations: {
      store: { kind: 'directory', path: own },
      retention: { mode: 'COMPLIANCE', period: '7y' },
    },
    cosigner: { name: 'verifier.example.com/bench', signing: { kind: 'local', keyFile } },
  });

/** Loads the bundle and answers one event; prints how long each took, and the most memory that the process ever had. */
const CHILD = `
const started = performance.now();
const { handler } = await import(process.argv[1]);
const loadedMs = performance.now() - started;
const answer = await handler({ task: 'confirm' }, { getRemainingTimeInMillis: () => 900000 });
const { readFileSync } = await import('node:fs');
const peakMib = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
console.error(JSON.stringify({ loadedMs, answeredMs: performance.now() - started, peakMib, answer }));
`;
type ChildResult = {
  loadedMs: number;
  answeredMs: number;
  peakMib: number;
  answer: { chains: { size: number }[] };
};

async function runChild(
  archive: Place,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildResult & { readonly wallMs: number }> {
  const own = mkdtempSync(join(dir, 'own-'));
  const started = performance.now();
  const args = ['--input-type=module', '-e', CHILD, join(dir, 'index.mjs')];
  const child = spawn(process.execPath, args, {
    env: { ...env, PATH: process.env['PATH'], [CONFIG_VARIABLE]: configText(archive, own) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (part: Buffer) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  const wallMs = performance.now() - started;
  if (code !== 0) throw new Error(`the bundle ended with ${code}: ${text}`);
  return { ...(JSON.parse(text.trim().split('\n').at(-1) as string) as ChildResult), wallMs };
}

/** Calls by kind, as S3 and KMS would bill them. */
type Calls = { get: number; putList: number; sign: number };
function counted(store: Store, calls: Calls): Store {
  return {
    ...store,
    listVersions: (...args) => {
      calls.putList++;
      return store.listVersions(...args);
    },
    read: (...args) => {
      calls.get++;
      return store.read(...args);
    },
    lock: (...args) => {
      calls.get++;
      return store.lock(...args);
    },
    putIfAbsent: (...args) => {
      calls.putList++;
      return store.putIfAbsent(...args);
    },
  };
}

async function verifyAll(archive: string, built: Built): Promise<{ seconds: number; segments: number }> {
  const config = parseVerifierConfig(
    configText(directory(archive), mkdtempSync(join(dir, 'own-'))),
    'bench',
    {},
  );
  const edges = await openEdges(config);
  const log = { info() {}, warn() {}, error() {} };
  const verifier = makeVerifier(config, edges, { checker: portableChecker(nodeContentTools), log });
  const started = process.cpuUsage();
  const answer = (await answerEvent(verifier, { task: 'confirm' }, () => 900_000)) as ChildResult['answer'];
  const { user, system } = process.cpuUsage(started);
  const segments = answer.chains[0]?.size ?? 0;
  if (segments < 2)
    throw new Error(`of ${built.lines} lines nothing was attested: ${JSON.stringify(answer)}`);
  // By processor time: the machine may have others to serve.
  return { seconds: (user + system) / 1e6, segments };
}

/** What one event for one new segment costs in calls: the second of two, as in a chain that is under way. */
async function callsOfOneEvent(archive: string): Promise<Calls & { cpuMs: number }> {
  const calls: Calls = { get: 0, putList: 0, sign: 0 };
  const config = parseVerifierConfig(
    configText(directory(archive), mkdtempSync(join(dir, 'own-'))),
    'bench',
    {},
  );
  const { archive: store, own, signer: key } = await openEdges(config);
  const counting = {
    archive: counted(store, calls),
    own: counted(own, calls),
    signer: {
      ...key,
      sign: (...args: Parameters<typeof key.sign>) => {
        calls.sign++;
        return key.sign(...args);
      },
    },
  };
  const log = { info() {}, warn() {}, error() {} };
  const verifier = makeVerifier(config, counting, { checker: portableChecker(nodeContentTools), log });
  // All but the last few seals are confirmed first, with a stop in front of them.
  let left = 0;
  const place = { chain: 'cloudtrail', partition: 0 };
  const work = (hintSize: number) => ({
    ...{ isQueue: false, objects: [], tasks: [], calls: [], ignored: [] },
    chains: [{ place, hintSize, seals: [] }],
  });
  const run = (steps: number) => {
    left = steps;
    return runWork(verifier, work(1), { remainingMs: () => 900_000, mayGoOn: () => --left > 0 });
  };
  await run(20);
  const before = { ...calls };
  const cpu = process.cpuUsage();
  await run(2);
  const { user, system } = process.cpuUsage(cpu);
  return {
    get: calls.get - before.get,
    putList: calls.putList - before.putList,
    sign: calls.sign - before.sign,
    cpuMs: (user + system) / 1000,
  };
}

function costPerBillion({ get, putList, sign, cpuMs }: Calls & { cpuMs: number }) {
  const number = (name: keyof typeof values) => Number(values[name]);
  const segments = 1e9 / number('eventsPerSegment');
  // The work's own time, and the waiting: reads ahead run side by side, the rest one after the other.
  const seconds = (cpuMs * 2 + 10 * number('callMs')) / 1000;
  const perMillion = (price: number, calls: number) => (segments * calls * price) / 1e6;
  const parts = {
    lambda:
      segments * seconds * number('memoryGb') * number('lambdaGbSecond') +
      perMillion(number('lambdaRequests'), 1),
    s3: perMillion(number('s3Get'), get) + perMillion(number('s3PutList'), putList),
    kms: perMillion(number('kmsSign'), sign),
    // In, out, done.
    sqs: perMillion(number('sqs'), 3),
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const cents = (value: number) => Math.round(value * 100) / 100;
  return {
    ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, cents(value)])),
    total: cents(total),
  };
}

/** The same archive, read through the SDK. */
async function runOverS3(archive: string): Promise<ChildResult> {
  const { startStack } = await import('../localstack/stack.ts');
  const stack = await startStack({ kafka: false });
  try {
    const { bucket, region, endpoint, credentials } = stack.s3;
    const place: S3Place = { kind: 's3', bucket, region, endpoint, prefix: 'bench/' };
    const to = s3Store({ ...place, credentials });
    const from = directoryStore({ path: archive });
    const lock = { mode: 'COMPLIANCE', untilMs: NOW_MS + 2 * 86_400_000 } as const;
    for await (const { key, versionId } of from.listVersions('')) {
      await to.putIfAbsent(key, await from.read(key, versionId, { maxBytes: 64 * MIB }), lock);
    }
    await to.close();
    return await runChild(place, {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
  } finally {
    await stack.stop();
  }
}

/** Bytes that do not compress: a segment of 16 MiB is then stored as 16 MiB. */
function noiseFile(): string {
  const file = join(dir, 'noise.jsonl');
  const lines = Array.from({ length: 4_000 }, () => `{"noise":"${randomBytes(1_500).toString('base64')}"}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

try {
  await bundleVerifier(join(dir, 'index.mjs'));
  const bundleKb = Math.round(statSync(join(dir, 'index.mjs')).size / 1000);
  const segmentBytes = Number(values.segment) * MIB;
  const options = { lines: values.lines, level: 1 };
  const [tiny, big, small, noise] = ['tiny', 'big', 'small', 'noise'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  await buildArchive(tiny, { ...options, segmentBytes: 100_000, records: 100 });
  const builtBig = await buildArchive(big, {
    ...options,
    segmentBytes,
    contentBytes: Number(values.mib) * MIB,
  });
  const perSegment = 20;
  const builtSmall = await buildArchive(small, {
    ...{ ...options, segmentBytes: 20_000, records: Number(values.segments) * perSegment },
  });
  await buildArchive(noise, { lines: noiseFile(), level: 1, segmentBytes, contentBytes: 12 * segmentBytes });

  const starts: Awaited<ReturnType<typeof runChild>>[] = [];
  for (let i = 0; i < Number(values.starts); i++) starts.push(await runChild(directory(tiny)));
  const bareMs = median(
    starts.map(() => {
      const started = performance.now();
      spawnSync(process.execPath, ['-e', '0']);
      return performance.now() - started;
    }),
  );
  const memory = await runChild(directory(noise));
  const overS3 = values.s3 ? await runOverS3(noise) : null;
  const bigRun = await verifyAll(big, builtBig);
  const smallRun = await verifyAll(small, builtSmall);
  const calls = await callsOfOneEvent(small);
  const result = {
    bench: 'verifier',
    bundleKb,
    coldStart: {
      bareNodeMs: Math.round(bareMs),
      loadBundleMs: Math.round(median(starts.map(({ loadedMs }) => loadedMs))),
      firstEventMs: Math.round(median(starts.map(({ answeredMs, loadedMs }) => answeredMs - loadedMs))),
      processMs: Math.round(median(starts.map(({ wallMs }) => wallMs))),
      peakMib: Math.round(median(starts.map(({ peakMib }) => peakMib))),
    },
    perCoreSecond: {
      bigSegments: Number((bigRun.segments / bigRun.seconds).toFixed(1)),
      events: Math.round(builtBig.lines / bigRun.seconds),
      contentMBps: Math.round(builtBig.contentBytes / 1e6 / bigRun.seconds),
      smallSegments: Math.round(smallRun.segments / smallRun.seconds),
    },
    memory: {
      segmentMib: Number(values.segment),
      incompressible: true,
      peakMib: Math.round(memory.peakMib),
      overS3PeakMib: overS3 === null ? null : Math.round(overS3.peakMib),
      limitMib: 256,
    },
    callsPerEvent: { ...calls, cpuMs: Math.round(calls.cpuMs * 10) / 10 },
    usdPerBillionEvents: costPerBillion(calls),
  };
  // Other work on the machine makes every figure of time worse.
  if (!values.json)
    console.error(
      `load average: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(' ')}`,
    );
  console.log(JSON.stringify(result, null, values.json ? 0 : 2));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
