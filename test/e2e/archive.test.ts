// Does every event get from Kafka into Object Lock exactly once, with an archiver killed in the middle?
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopic } from '../../localstack/kafka-admin.ts';
import { decodeLine } from '../../src/format/record.ts';
import { cli, type RunningService, startService } from '../support/cli.ts';
import { until } from '../support/patience.ts';
import { CODECS, type Produced, type TestProducer, testProducer } from '../support/produce.ts';
import { describeWithStack } from '../support/stack/global.ts';

const DATA = join(import.meta.dirname, '../data');
const PARTITIONS = 4;
const BATCH = 40;

/** Every line of every sample file, cut at LF only: CR and control bytes stay. */
async function sampleEvents(): Promise<Buffer[]> {
  const events: Buffer[] = [];
  for (const name of (await readdir(DATA)).filter((file) => file.endsWith('.jsonl')).sort()) {
    const bytes = await readFile(join(DATA, name));
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      events.push(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) events.push(bytes.subarray(start));
  }
  return events;
}

describeWithStack('the sample events through Kafka into Object Lock', { kafka: true, s3: true }, (stack) => {
  const run = Date.now().toString(36);
  const topic = `e2e-archive-${run}`;
  const prefix = `${topic}/`;
  const produced: Produced[] = [];
  let dir: string;
  let config: string;
  let keys: string;
  let env: Record<string, string>;
  let s3: S3Client;
  let producer: TestProducer;
  const services: RunningService[] = [];
  const archive = () => `s3://${stack().s3.bucket}/${topic}`;

  beforeAll(async () => {
    const { s3: server, kms, kafka } = stack();
    env = {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      AWS_REGION: server.region,
      AWS_ENDPOINT_URL_S3: server.endpoint,
    };
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-e2e-'));
    config = join(dir, 'ledgerstone.yaml');
    keys = join(dir, 'archive.vkey');
    await writeFile(
      config,
      `archive:
  origin: e2e.example.com/${run}
  store: { kind: s3, bucket: ${server.bucket}, region: ${server.region}, endpoint: "${server.endpoint}", prefix: ${prefix} }
  signing: { kind: kms, keyId: "${kms.keyId}", region: ${kms.region}, endpoint: "${kms.endpoint}" }
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => JSON.stringify(address)).join(', ')}]
  groupId: ${topic}
  topics: [{ name: ${topic}, retention: short }]
retention:
  short: { mode: COMPLIANCE, period: 1h }
segment: { maxRecords: 150, maxAge: 1s }
receipts: { serve: loopback, perSecond: 100 }
`,
    );
    s3 = new S3Client({
      region: server.region,
      endpoint: server.endpoint,
      forcePathStyle: true,
      credentials: server.credentials,
    });
    await ensureTopic(kafka.bootstrap, { topic, partitions: PARTITIONS });
    producer = await testProducer(kafka.bootstrap);
  });

  afterAll(async () => {
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await producer?.close();
    s3?.destroy();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  it('is ready after init', async () => {
    const init = await cli(['init', '--config', config, '--vkey', keys], { env });
    expect(init.stderr).toBe('');
    expect(init.code).toBe(0);
  });

  it('archives all of them with two instances, one of which is killed and started again', async () => {
    services.push(startService(config, env), startService(config, env));
    const events = await sampleEvents();
    expect(events.length).toBeGreaterThan(4_700);
    const half = Math.floor(events.length / BATCH / 2) * BATCH;
    for (let at = 0; at < events.length; at += BATCH) {
      const batch = at / BATCH;
      const codec = CODECS[batch % CODECS.length];
      // Whole rounds of the codecs go to one partition after the other, so that each has them all.
      const partition = Math.floor(batch / CODECS.length) % PARTITIONS;
      const records = events.slice(at, at + BATCH).map((value) => ({ value }));
      produced.push(...(await producer.send(topic, partition, records, codec)));
      if (at === half) {
        await until('something is sealed', () =>
          services.some((service) => service.log().includes('sealed')),
        );
        expect(await services[0]?.end('SIGKILL')).toBeNull();
        services[0] = startService(config, env);
      }
    }
    await until('everything is sealed', async () => {
      const status = await cli(['status', archive(), '--key', keys, '--json'], { env });
      if (status.code !== 0) return false;
      const { chains } = JSON.parse(status.stdout.toString()) as {
        chains: { head: { nextOffset: number } | null }[];
      };
      return chains.reduce((sum, { head }) => sum + (head?.nextOffset ?? 0), 0) === produced.length;
    });
  });

  it('gives a producer the receipt of what Kafka acknowledged, whichever instance is asked', async () => {
    const some = [produced[0], produced.at(-1)] as Produced[];
    for (const service of services) {
      const url = /"server":"(http:[^"]+)"/.exec(service.log())?.[1] ?? '';
      for (const { partition, offset } of some) {
        const record = `${topic}/${partition}/${offset}`;
        const receipt = await cli(['receipt', url, record, '--key', keys, '--wait', '1m', '--json'], { env });
        expect(receipt.code, receipt.stderr).toBe(0);
        expect(JSON.parse(receipt.stdout.toString())).toMatchObject({ verdict: 'archived', isGap: false });
      }
      const later = await cli(['receipt', url, `${topic}/0/999999`, '--key', keys], { env });
      expect(later.code, later.stderr).toBe(4);
    }
  });

  it('drains on SIGTERM and exits with 0', async () => {
    expect(await Promise.all(services.map((service) => service.end('SIGTERM')))).toEqual([0, 0]);
  });

  it('verifies, every stored byte', async () => {
    const verify = await cli(['verify', archive(), '--key', keys, '--json'], { env });
    const report = JSON.parse(verify.stdout.toString());
    expect(report).toMatchObject({ verdict: 'verified' });
    expect(report.chains).toHaveLength(PARTITIONS);
    const broken = report.chains.flatMap((chain: { findings: { severity: string }[] }) =>
      chain.findings.filter(({ severity }) => severity !== 'notice' && severity !== 'info'),
    );
    expect(broken).toEqual([]);
    expect(verify.code).toBe(0);
  });

  it.each(Array.from({ length: PARTITIONS }, (_, partition) => partition))(
    'gives back partition %i byte for byte, each offset exactly once',
    async (partition) => {
      const expected = produced.filter((record) => record.partition === partition);
      const got = await cli(
        ['get', archive(), '--topic', topic, '--partition', String(partition), '--key', keys],
        { env },
      );
      expect(got.code).toBe(0);
      const records = splitLines(got.stdout).map((line) => {
        const decoded = decodeLine(line);
        if (decoded.kind !== 'entry') throw new Error('a gap line where none is due');
        return decoded.record;
      });
      expect(records.map(({ offset }) => offset)).toEqual(expected.map((_, index) => index));
      const differing = records.filter(
        ({ offset, value }) =>
          Buffer.compare(value ?? Buffer.alloc(0), expected[offset]?.value ?? Buffer.alloc(1)) !== 0,
      );
      expect(differing).toEqual([]);
      const values = await cli(
        ['get', archive(), '--topic', topic, '--partition', String(partition), '--key', keys, '--values'],
        { env },
      );
      expect(
        values.stdout.equals(
          Buffer.concat(expected.flatMap(({ value }) => [value ?? Buffer.alloc(0), Buffer.from('\n')])),
        ),
      ).toBe(true);
    },
    120_000,
  );

  describe('in the store', () => {
    it('every object has one version, locked in compliance mode, and no delete of it is obeyed', async () => {
      const { bucket } = stack().s3;
      const listed = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }));
      const versions = listed.Versions ?? [];
      expect(versions.length).toBeGreaterThan(40);
      expect(listed.DeleteMarkers ?? []).toEqual([]);
      expect(new Set(versions.map(({ Key }) => Key)).size).toBe(versions.length);
      for (const { Key, VersionId } of versions) {
        const target = { Bucket: bucket, Key: Key as string, VersionId: VersionId as string };
        const { Retention } = await s3.send(new GetObjectRetentionCommand(target));
        expect(Retention?.Mode).toBe('COMPLIANCE');
        expect(Retention?.RetainUntilDate?.getTime()).toBeGreaterThan(Date.now());
        await expect(
          s3.send(new DeleteObjectCommand({ ...target, BypassGovernanceRetention: true })),
        ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
      }
    });
  });
});

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
