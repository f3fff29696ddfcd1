// Does the command line make and refuse buckets as it should, and does it read a real S3 with few requests?
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureTopic } from '../../localstack/kafka-admin.ts';
import { cli, type Ran, type RunningService, startService } from '../support/cli.ts';
import { until } from '../support/patience.ts';
import { testProducer } from '../support/produce.ts';
import { describeWithStack } from '../support/stack/global.ts';

describeWithStack('the command line on Kafka, S3 and KMS', { kafka: true, s3: true }, (stack) => {
  const run = Date.now().toString(36);
  const bucket = `ledgerstone-cli-${run}`;
  const topic = `cli-${run}`;
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  let dir: string;
  let env: Record<string, string>;
  let s3: S3Client;
  const at = (name: string) => join(dir, name);
  const ledgerstone = (...args: string[]): Promise<Ran> => cli(args, { cwd: dir, env });
  const json = (ran: Ran) => JSON.parse(ran.stdout.toString());

  const writeConfig = (name: string, inBucket: string, topicName = topic) => {
    const { s3: store, kms, kafka } = stack();
    return writeFile(
      at(name),
      `archive:
  origin: test.example/cli-s3
  store: { kind: s3, bucket: ${inBucket}, region: ${store.region}, prefix: main, endpoint: "${store.endpoint}" }
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source:
  kind: kafka
  brokers: ${JSON.stringify(kafka.bootstrap)}
  groupId: ${topicName}
  topics: [ { name: ${topicName}, retention: short } ]
retention: { short: { mode: COMPLIANCE, period: 300s } }
segment: { maxRecords: 20, maxAge: 300ms }
server: { port: ${port} }
`,
    );
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-cli-s3-'));
    const { endpoint, region, credentials } = stack().s3;
    env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_S3: endpoint,
    };
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await ensureTopic(stack().kafka.bootstrap, { topic, partitions: 1 });
    await writeConfig('ledgerstone.yaml', bucket);
  });
  afterAll(async () => {
    s3.destroy();
    await rm(dir, { recursive: true, force: true });
  });

  it('init does not make a bucket that it was not asked for', async () => {
    const ran = await ledgerstone('init', '--config', 'ledgerstone.yaml');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(`there is no bucket ${bucket}`);
    expect(ran.stderr).toContain('--create-bucket');
    const doctor = await ledgerstone('doctor', '--config', 'ledgerstone.yaml', '--json');
    expect(doctor.code).toBe(3);
    expect(json(doctor).checks).toContainEqual(
      expect.objectContaining({ area: 'store', name: 'reachable', verdict: 'bad' }),
    );
  });

  it('init refuses a bucket without Object Lock, and makes none of the two weaker', async () => {
    const weak = `${bucket}-weak`;
    await s3.send(
      new CreateBucketCommand({
        Bucket: weak,
        CreateBucketConfiguration: { LocationConstraint: stack().s3.region as 'eu-west-1' },
      }),
    );
    await writeConfig('weak.yaml', weak);
    for (const more of [[], ['--create-bucket']]) {
      const ran = await ledgerstone('init', '--config', 'weak.yaml', ...more);
      expect(ran.code).toBe(3);
      expect(ran.stderr).toContain('has no Object Lock');
      expect(ran.stdout.length).toBe(0);
    }
  });

  it('init --create-bucket makes one with Object Lock in compliance mode, once', async () => {
    const ran = await ledgerstone(
      'init',
      '--config',
      'ledgerstone.yaml',
      '--create-bucket',
      '--vkey',
      'archive.vkey',
      '--json',
    );
    expect(ran.code, ran.stderr).toBe(0);
    expect(json(ran)).toMatchObject({ newKey: false, archive: `s3://${bucket}/main/` });
    expect(json(ran).published.every(({ written }: { written: boolean }) => written)).toBe(true);
    const lock = await s3.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }));
    expect(lock.ObjectLockConfiguration).toMatchObject({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
    });
    const again = await ledgerstone('init', '--config', 'ledgerstone.yaml', '--create-bucket', '--json');
    expect(json(again).published.some(({ written }: { written: boolean }) => written)).toBe(false);
    const doctor = await ledgerstone('doctor', '--config', 'ledgerstone.yaml', '--json');
    expect(doctor.code, doctor.stdout.toString()).toBe(0);
    const names = json(doctor).checks.map(({ name }: { name: string }) => name);
    for (const name of [
      'object-lock',
      'versioning',
      'clock',
      'signs',
      'reachable',
      'cleanup.policy',
      'retention.ms',
    ]) {
      expect(names).toContain(name);
    }
  });

  it('doctor names a topic that is not there, and a compacted one', async () => {
    await ensureTopic(stack().kafka.bootstrap, {
      topic: `${topic}-compact`,
      partitions: 1,
      config: { 'cleanup.policy': 'compact' },
    });
    await writeConfig('compact.yaml', bucket, `${topic}-compact`);
    const compacted = await ledgerstone('doctor', '--config', 'compact.yaml', '--json');
    expect(compacted.code).toBe(3);
    expect(json(compacted).checks).toContainEqual(
      expect.objectContaining({ name: 'cleanup.policy', verdict: 'bad' }),
    );
    await writeConfig('absent.yaml', bucket, `${topic}-absent`);
    const absent = await ledgerstone('doctor', '--config', 'absent.yaml', '--json');
    expect(absent.code).toBe(3);
    expect(json(absent).checks).toContainEqual(
      expect.objectContaining({ area: 'source', name: 'topic', verdict: 'bad' }),
    );
  });

  it('a gap that Kafka left halts its partition, status says why, and resume records the decision', async () => {
    const services: RunningService[] = [];
    const start = () => {
      const service = startService(at('ledgerstone.yaml'), env);
      services.push(service);
      return service;
    };
    const nextOffset = async () => {
      const ran = await ledgerstone('status', `s3://${bucket}/main`, '--key', 'archive.vkey', '--json');
      return ran.code === 0 ? (json(ran).chains[0]?.head?.nextOffset ?? -1) : -1;
    };
    const values = Array.from({ length: 100 }, (_, i) => Buffer.from(`{"n":${i}}`));
    const producer = await testProducer(stack().kafka.bootstrap);
    const admin = new Kafka({ brokers: [...stack().kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      await producer.send(
        topic,
        0,
        values.slice(0, 50).map((value) => ({ value })),
      );
      const first = start();
      await until('50 records sealed', async () => (await nextOffset()) === 50);
      const running = json(await ledgerstone('status', '--config', 'ledgerstone.yaml', '--json'));
      expect(running.service.status).toMatchObject({ origin: 'test.example/cli-s3' });
      expect(running.chains[0].service).toMatchObject({ state: 'streaming', lag: 0 });
      expect(await first.end('SIGTERM')).toBe(0);

      await producer.send(
        topic,
        0,
        values.slice(50).map((value) => ({ value })),
      );
      await admin.fetchTopicOffsets(topic); // loads the metadata that the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '70' }] });
      const second = start();
      const halted = async () => {
        const ran = await ledgerstone('status', '--config', 'ledgerstone.yaml', '--json');
        return ran.code === 3 && json(ran).chains[0]?.service?.halt?.code === 'expired';
      };
      await until('halted', halted);
      const status = await ledgerstone('status', '--config', 'ledgerstone.yaml');
      expect(status.stdout.toString()).toMatch(/halted .*\/0: /);
      expect(status.stdout.toString()).toContain('ledgerstone resume');

      const decision = ['resume', '--config', 'ledgerstone.yaml', '--topic', topic, '--partition', '0'];
      const refused = await ledgerstone(...decision, '--reason', 'r', '--by', 'b');
      expect(refused.code).toBe(2);
      const resumed = await ledgerstone(
        ...decision,
        '--accept-gap',
        '--kind',
        'expired',
        '--reason',
        'retention was short',
        '--by',
        'A. Auditor',
        '--json',
      );
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(json(resumed)).toMatchObject({ from: 50, to: 70 });
      await until('the rest sealed', async () => (await nextOffset()) === 100);
      expect(await second.end('SIGTERM')).toBe(0);
    } finally {
      for (const service of services) await service.end('SIGKILL');
      await admin.disconnect();
      await producer.close();
    }
    const verify = await ledgerstone('verify', `s3://${bucket}/main`, '--key', 'archive.vkey', '--json');
    expect(verify.code).toBe(0);
    expect(json(verify).chains[0]).toMatchObject({ verdict: 'verified', nextOffset: 100, entries: 80 });
    const where = [`s3://${bucket}/main`, '--topic', topic, '--partition', '0'];
    const lines = await ledgerstone(
      'get',
      ...where,
      '--from',
      '49',
      '--to',
      '70',
      '--key',
      'archive.vkey',
      '--prove',
    );
    expect(lines.stdout.toString().trimEnd().split('\n').slice(1, 2)).toEqual([
      '{"offset":50,"gap":{"last":69,"reason":"expired","by":"A. Auditor","why":"retention was short"}}',
    ]);
    const got = await ledgerstone('get', ...where, '--values');
    expect(got.stdout.toString()).toBe(
      [...values.slice(0, 50), ...values.slice(70)].map((value) => `${value}\n`).join(''),
    );
  });

  it('one event and its proof come over S3 in three reads', async () => {
    const where = [`s3://${bucket}/main`, '--topic', topic, '--partition', '0'];
    const ran = await ledgerstone('get', ...where, '--from', '25', '--to', '25', '--values');
    expect(ran.stdout.toString()).toBe('{"n":25}\n');
    expect(Number(/\((\d+) reads/.exec(ran.stderr)?.[1])).toBeLessThanOrEqual(3);
    const recent = await ledgerstone(
      'get',
      ...where,
      '--since-time',
      new Date(Date.now() - 3_600_000).toISOString(),
      '--values',
    );
    expect(recent.stdout.toString().split('\n')).toHaveLength(81);
    const later = await ledgerstone('get', ...where, '--since-time', '2099-01-01T00:00:00Z');
    expect(later.stdout.length).toBe(0);
    const prove = await ledgerstone('prove', ...where, '--offset', '25', '--key', 'archive.vkey');
    const line = await ledgerstone('get', ...where, '--from', '25', '--to', '25');
    await writeFile(at('event.proof'), prove.stdout);
    const check = await cli(['check', at('event.proof'), '--entry', '-', '--key', at('archive.vkey')], {
      input: line.stdout,
    });
    expect(check.code, check.stderr).toBe(0);
  });

  it('the report of retention reads every lock back, and says when the first one ends', async () => {
    const files = ['--out', 'retention.html', '--json', 'retention.json'];
    const ran = await ledgerstone('report', 'retention', '--config', 'ledgerstone.yaml', ...files);
    const { verdict, data } = JSON.parse(await readFile(at('retention.json'), 'utf8'));
    // The locks of this bucket hold for five minutes, and this file may take longer.
    const isLocked = data.rows.every(({ over }: { over: number }) => over === 0);
    expect([ran.code, verdict.standing], ran.stderr).toEqual(
      isLocked ? [0, 'whole'] : [expect.any(Number), expect.any(String)],
    );
    for (const row of data.rows)
      expect(row).toMatchObject({ broken: 0, unknown: 0, objects: row.kept + row.over });
    expect(data.rows[0].objects).toBeGreaterThan(4);
    expect(data.policies).toMatchObject([
      { chain: topic, policy: { name: 'short', period: '300s' }, short: 0 },
    ]);
    expect(ran.stdout.toString()).toContain(
      isLocked ? 'are locked in COMPLIANCE mode until the promised date' : 'over',
    );
  });
});
