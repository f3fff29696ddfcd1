// Does a second party find out within seconds, when somebody tampers with an archive on a real S3 while it grows?

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureTopic } from '../../localstack/kafka-admin.ts';
import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { makeVerifier, openClients, type VerifierClients } from '../../src/apps/verifier/wiring.ts';
import { silentLogger } from '../../src/base/log.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { parseKey } from '../../src/format/paths.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { cli, type RunningService, startCommand, startService } from '../support/cli.ts';
import { PATIENCE_MS, until } from '../support/patience.ts';
import { type TestProducer, testProducer } from '../support/produce.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { s3Record } from '../support/verifier-store.ts';

/** Of 20 records each. CI takes few; 2,000 take some minutes. */
const SEGMENTS = Number(process.env['LEDGERSTONE_WATCH_SEGMENTS'] ?? '20');
const LONG = { patienceMs: PATIENCE_MS + SEGMENTS * 1_000 };
/** Of each kind. A hundredth of all says something only where there are hundreds. */
const ACTS = SEGMENTS < 200 ? 5 : 34;

/** Finding lines of a log: code, key and the moment at which they were read. */
type Seen = { readonly code: string; readonly key: string; readonly atMs: number };

describeWithStack('archiver and verifier side by side', { kafka: true, s3: true }, (stack) => {
  const run = Date.now().toString(36);
  const topic = `watched-${run}`;
  const seen: Seen[] = [];
  const services: RunningService[] = [];
  let dir: string;
  let env: Record<string, string>;
  let s3: S3Client;
  let producer: TestProducer;
  let edges: VerifierClients;
  let lambda: Verifier;
  let verifierYaml: string;
  let stopNotifying = () => {};
  let notifying: Promise<void> = Promise.resolve();
  const at = (name: string) => join(dir, name);
  const bucket = () => stack().s3.bucket;
  const delays: number[] = [];
  let sweptMs = 0;

  const note = (line: string) => {
    if (!line.includes('"finding"')) return;
    const { code, key } = JSON.parse(line) as { code: string; key: string };
    seen.push({ code, key, atMs: performance.now() });
  };

  async function* versionsUnder(Prefix: string) {
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (;;) {
      const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket(), Prefix, ...markers }));
      for (const { Key = '', VersionId = '' } of page.Versions ?? [])
        yield { Key, VersionId, isMarker: false };
      for (const { Key = '', VersionId = '' } of page.DeleteMarkers ?? [])
        yield { Key, VersionId, isMarker: true };
      if (page.IsTruncated !== true) return;
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
  }

  /** S3's notifications, as a queue would bring them: whatever is new under the prefix, within a moment. */
  async function notify(signal: AbortSignal): Promise<void> {
    const known = new Set<string>();
    while (!signal.aborted) {
      const fresh: { key: string; name: string }[] = [];
      for await (const { Key, VersionId, isMarker } of versionsUnder(`${topic}/`)) {
        if (known.has(`${Key} ${VersionId}`)) continue;
        known.add(`${Key} ${VersionId}`);
        fresh.push({ key: Key, name: isMarker ? 'ObjectRemoved:DeleteMarkerCreated' : 'ObjectCreated:Put' });
      }
      const Records = fresh.map(({ key, name }) => s3Record(key, name, bucket()));
      if (Records.length > 0) await answerEvent(lambda, { Records }, () => 60_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  beforeAll(async () => {
    const { s3: server, kms, kafka } = stack();
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-watch-'));
    env = {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      AWS_REGION: server.region,
    };
    Object.assign(process.env, env);
    const { endpoint, region, credentials } = server;
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await ensureTopic(kafka.bootstrap, { topic, partitions: 2 });
    producer = await testProducer(kafka.bootstrap);
    const store = (prefix: string) =>
      `{ kind: s3, bucket: ${server.bucket}, region: ${region}, endpoint: "${endpoint}", prefix: ${prefix}/ }`;
    await writeFile(
      at('ledgerstone.yaml'),
      `archive:
  origin: e2e.example.com/${run}
  store: ${store(topic)}
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source:
  kind: kafka
  brokers: ${JSON.stringify(kafka.bootstrap)}
  groupId: ${topic}
  topics: [{ name: ${topic}, retention: short }]
retention: { short: { mode: COMPLIANCE, period: 1h } }
segment: { maxRecords: 20, maxAge: 200ms }
server: { port: 0 }
`,
    );
    const init = await cli(['init', '--config', at('ledgerstone.yaml'), '--vkey', at('archive.vkey')], {
      env,
    });
    expect(init.code, init.stderr).toBe(0);
    const { readFile } = await import('node:fs/promises');
    const vkey = (await readFile(at('archive.vkey'), 'utf8')).trim();
    for (const name of ['lambda', 'watch']) {
      const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
      await writeFile(at(`${name}.pem`), pem, { mode: 0o600 });
      await writeFile(
        at(`${name}.yaml`),
        `archive: { store: ${store(topic)}, trusted: ["${vkey}"] }
attestations: { store: ${store(`${name}-${run}`)}, retention: { mode: COMPLIANCE, period: 1h } }
cosigner: { name: ${name}.example.com, signing: { kind: local, keyFile: ${name}.pem } }
chains: { confirm: 10s }
watch: { every: 200ms }
`,
      );
    }
    verifierYaml = at('lambda.yaml');
    const config = parseVerifierConfig(await readFile(verifierYaml, 'utf8'), verifierYaml, process.env);
    edges = await openClients(config);
    const onFinding = (fields: object, message: string) => note(JSON.stringify({ ...fields, msg: message }));
    lambda = makeVerifier(config, edges, {
      checker: portableChecker(nodeContentTools),
      log: { ...silentLogger, warn: onFinding, error: onFinding },
    });
    services.push(startService(at('ledgerstone.yaml'), env));
    services.push(startCommand(['watch', '--config', at('watch.yaml'), '--json'], env));
    const ending = new AbortController();
    stopNotifying = () => ending.abort();
    notifying = notify(ending.signal);
  });

  afterAll(async () => {
    stopNotifying();
    await notifying.catch(() => {});
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await producer?.close();
    await Promise.all([edges?.archive.close(), edges?.own.close()]);
    s3?.destroy();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  /** Markers and all: an object list would hide what was tampered with. */
  const keysUnder = async (Prefix: string): Promise<string[]> => {
    const keys = new Set<string>();
    for await (const { Key } of versionsUnder(Prefix)) keys.add(Key);
    return [...keys].sort();
  };
  const sizes = async (name: string): Promise<Map<string, number>> => {
    const found = new Map<string, number>();
    for (const Key of await keysUnder(`${name}-${run}/attestations/`)) {
      const [, place = '', size = ''] = /attestations\/(.+)\/(\d{12})\.note$/.exec(Key) ?? [];
      found.set(place, Math.max(found.get(place) ?? 0, Number(size)));
    }
    return found;
  };
  const sealKeys = (): Promise<string[]> => keysUnder(`${topic}/seals/`);
  const produce = async (records: number, partition = 0): Promise<void> => {
    for (let sent = 0; sent < records; sent += 20) {
      const values = Array.from({ length: 20 }, (_, i) => ({ value: Buffer.from(`{"n":${sent + i}}`) }));
      await producer.send(topic, partition, values);
    }
  };
  /** Does it, and waits until both verifiers say so. */
  const tamper = async (code: string, key: string, act: () => Promise<unknown>): Promise<void> => {
    const startedMs = performance.now();
    await act();
    const own = key.slice(topic.length + 1);
    const isSaid = (one: Seen) => one.code === code && one.key === own;
    await until(`${code} of ${own}`, () => seen.some(isSaid));
    delays.push((seen.find(isSaid) as Seen).atMs - startedMs);
  };

  it('both attest every chain up to its end while it grows', async () => {
    await produce((SEGMENTS - 5) * 20, 0);
    await produce(5 * 20, 1);
    await until('seals', async () => (await sealKeys()).length >= SEGMENTS * 0.75, LONG);
    const isCaughtUp = async (name: string) => {
      const heads = new Map<string, number>();
      for (const key of await sealKeys()) {
        const parsed = parseKey(key.slice(topic.length + 1));
        if (parsed?.kind !== 'seal') continue;
        const place = `topic=${parsed.chain}/partition=${parsed.partition}`;
        heads.set(place, Math.max(heads.get(place) ?? 0, parsed.sequence + 1));
      }
      const attested = await sizes(name);
      return heads.size === 2 && [...heads].every(([place, size]) => attested.get(place) === size);
    };
    await until('the lambda at the end', () => isCaughtUp('lambda'), LONG);
    await until('watch at the end', () => isCaughtUp('watch'), LONG).catch((error: unknown) => {
      throw new Error(services[1]?.log(), { cause: error });
    });
    expect(seen).toEqual([]);
  });

  it('tampering by another client is found, event by event', async () => {
    const keys = await sealKeys();
    const target = { Bucket: bucket() };
    for (const key of keys.slice(1, 1 + ACTS)) {
      await tamper('delete-marker', key, () => s3.send(new DeleteObjectCommand({ ...target, Key: key })));
    }
    for (const key of keys.slice(1 + ACTS, 1 + 2 * ACTS)) {
      const put = new PutObjectCommand({ ...target, Key: key, Body: 'another seal' });
      await tamper('extra-version', key, () => s3.send(put));
    }
    for (let i = 0; i < ACTS; i++) {
      const key = `${topic}/notes/${i}.txt`;
      await tamper('foreign-object', key, () =>
        s3.send(new PutObjectCommand({ ...target, Key: key, Body: 'x' })),
      );
    }
  });

  it('what was done while nobody watched is found by the sweep at the next start', async () => {
    const before = services[1] as RunningService;
    expect(await before.end('SIGTERM'), before.log()).toBe(0);
    const key = `${topic}/notes/in-the-dark.txt`;
    await s3.send(new PutObjectCommand({ Bucket: bucket(), Key: key, Body: 'x' }));
    const startedMs = performance.now();
    services[1] = startCommand(['watch', '--config', at('watch.yaml'), '--json'], env);
    const watching = services[1];
    const isSaid = () =>
      watching
        .log()
        .split('\n')
        .some((line) => line.includes('"foreign-object"') && line.includes('in-the-dark'));
    await until('the sweep', isSaid);
    sweptMs = performance.now() - startedMs;
  });

  it('a forged seal at the next sequence is found by both, and neither attests it', async () => {
    const services_ = services[0] as RunningService;
    expect(await services_.end('SIGTERM')).toBe(0);
    await until('nothing new', async () => {
      const before = (await sealKeys()).length;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return (await sealKeys()).length === before;
    });
    const last = (await sealKeys()).filter((key) => key.includes('partition=0')).at(-1) as string;
    const sequence = Number(/(\d{12})\.tlog-proof$/.exec(last)?.[1]) + 1;
    const key = last.replace(/\d{12}\.tlog-proof$/, `${String(sequence).padStart(12, '0')}.tlog-proof`);
    const put = new PutObjectCommand({
      Bucket: bucket(),
      Key: key,
      Body: 'c2sp.org/tlog-proof@v1\nextra Zm9v\n',
    });
    await tamper('malformed', key, () => s3.send(put));
    const watching = services[1] as RunningService;
    const own = key.slice(topic.length + 1);
    await until('watch says so', () =>
      watching
        .log()
        .split('\n')
        .some((line) => line.includes('"malformed"') && line.includes(own)),
    );
    for (const name of ['lambda', 'watch']) {
      expect((await sizes(name)).get(`topic=${topic}/partition=0`), name).toBe(sequence);
    }
    expect(await watching.end('SIGTERM'), watching.log()).toBe(0);
  });

  it('says how long it took', () => {
    const sorted = delays.toSorted((a, b) => a - b);
    const worst = sorted.at(-1) as number;
    const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] as number;
    const median = sorted[Math.floor(sorted.length / 2)] as number;
    console.log(
      `from the act to the finding: ${delays.length} acts, median ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, worst ${worst.toFixed(0)} ms; by the sweep of a new start ${sweptMs.toFixed(0)} ms`,
    );
    expect(delays).toHaveLength(3 * ACTS + 1);
  });
});
