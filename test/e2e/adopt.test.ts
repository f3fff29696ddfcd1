// Does a topic go on in a new owner's archive, in another bucket and under another key, at the next offset?
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureTopic } from '../../localstack/kafka-admin.ts';
import { newLockBucket } from '../contract/store-s3-place.ts';
import { cli, type RunningService, startService } from '../support/cli.ts';
import { until } from '../support/patience.ts';
import { type TestProducer, testProducer } from '../support/produce.ts';
import { describeWithStack } from '../support/stack/global.ts';

const PARTITIONS = 2;
const RECORDS = 30;
const WHO = ['--by', 'Ada Byron', '--reason', 'Acme was bought'];

describeWithStack('a topic that changes its owner', { kafka: true, s3: true }, (stack) => {
  const topic = `e2e-adopt-${Date.now().toString(36)}`;
  const buckets = { old: '', new: '' };
  let dir: string;
  let env: Record<string, string>;
  let producer: TestProducer;
  const services: RunningService[] = [];
  const at = (name: string) => join(dir, name);
  const place = (owner: 'old' | 'new') => `s3://${buckets[owner]}/${owner}`;

  const run = async (...args: string[]) => {
    const ran = await cli([...args, '--json'], { cwd: dir, env });
    const text = ran.stdout.toString().trimEnd();
    return { ...ran, answer: text === '' ? null : JSON.parse(text) };
  };
  const adopt = (...more: string[]) =>
    run('adopt', place('old'), '--key', 'old.vkey', '--config', 'new.yaml', ...WHO, ...more);
  const verify = (...more: string[]) =>
    run(
      'verify',
      place('new'),
      '--key',
      'new.vkey',
      '--older',
      place('old'),
      '--older-key',
      'old.vkey',
      ...more,
    );
  const archiveUntil = async (owner: 'old' | 'new', offset: number) => {
    const service = startService(at(`${owner}.yaml`), env);
    services.push(service);
    await until(`${owner} has sealed up to ${offset}`, async () => {
      const { answer } = await run('status', place(owner), '--key', `${owner}.vkey`);
      const chains: { head: { nextOffset: number } | null }[] = answer?.chains ?? [];
      return chains.length === PARTITIONS && chains.every(({ head }) => head?.nextOffset === offset);
    });
    expect(await service.end('SIGTERM')).toBe(0);
  };
  const produce = async (first: number) => {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const records = Array.from({ length: RECORDS }, (_, n) => ({
        value: Buffer.from(`{"n":${first + n}}`),
      }));
      await producer.send(topic, partition, records);
    }
  };

  beforeAll(async () => {
    const { s3, kms, kafka } = stack();
    const { endpoint, region, credentials } = s3;
    env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_S3: endpoint,
    };
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-e2e-adopt-'));
    const signing = {
      old: `{ kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }`,
      new: '{ kind: local, keyFile: new.pem }',
    };
    for (const owner of ['old', 'new'] as const) {
      buckets[owner] = await newLockBucket({ endpoint, region, credentials });
      await writeFile(
        at(`${owner}.yaml`),
        `archive:
  origin: ${owner}.example.com/${topic}
  store: { kind: s3, bucket: ${buckets[owner]}, region: ${region}, endpoint: "${endpoint}", prefix: ${owner}/ }
  signing: ${signing[owner]}
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => JSON.stringify(address)).join(', ')}]
  groupId: ${topic}-${owner}
  topics: [{ name: ${topic}, retention: short }]
retention: { short: { mode: COMPLIANCE, period: 1h } }
segment: { maxRecords: 20, maxAge: 1s }
server: { port: 0 }
`,
      );
    }
    await ensureTopic(kafka.bootstrap, { topic, partitions: PARTITIONS });
    producer = await testProducer(kafka.bootstrap);
    for (const owner of ['old', 'new'])
      expect((await run('init', '--config', `${owner}.yaml`, '--vkey', `${owner}.vkey`)).code).toBe(0);
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await producer?.close();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  it('is adopted after its archiver was stopped, and goes on without a gap', async () => {
    await produce(0);
    await archiveUntil('old', RECORDS);
    const look = await adopt('--dry-run');
    expect([look.code, look.stderr]).toEqual([0, '']);
    expect(look.answer.chains).toHaveLength(PARTITIONS);
    const { code, answer } = await adopt();
    expect([code, answer.chains]).toMatchObject([
      0,
      Array.from({ length: PARTITIONS }, () => ({ state: 'begun', startOffset: RECORDS, otherTopic: null })),
    ]);
    await produce(RECORDS);
    await archiveUntil('new', 2 * RECORDS);
    const verified = await verify();
    expect([verified.code, verified.answer.verdict]).toEqual([0, 'verified']);
    for (const chain of verified.answer.chains)
      expect(chain).toMatchObject({ firstOffset: RECORDS, nextOffset: 2 * RECORDS, entries: RECORDS });
    expect((await run('verify', place('new'), '--key', 'new.vkey')).code).toBe(3);
  });

  it('shows a fork once the older archiver runs again', async () => {
    await archiveUntil('old', 2 * RECORDS);
    const verified = await verify();
    expect([verified.code, verified.answer.beside.verdictAlone]).toEqual([1, 'verified']);
    const codes = verified.answer.beside.archives[0].report.chains.flatMap(
      ({ findings }: { findings: { code: string }[] }) => findings.map((one) => one.code),
    );
    expect(new Set(codes)).toEqual(new Set(['fork']));
    const again = await adopt();
    expect([again.code, again.answer.moved]).toEqual([1, expect.arrayContaining([expect.any(String)])]);
  });
});
