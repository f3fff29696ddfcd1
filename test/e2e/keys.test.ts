// Do two archivers under load change to another KMS key without a restart, and nothing is lost or doubled?
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureTopic } from '../../localstack/kafka-admin.ts';
import { decodeLine } from '../../src/format/record.ts';
import { cli, type RunningService, startService } from '../support/cli.ts';
import { until } from '../support/patience.ts';
import { type TestProducer, testProducer } from '../support/produce.ts';
import { describeWithStack } from '../support/stack/global.ts';

const PARTITIONS = 2;

describeWithStack('another key for the log', { kafka: true, s3: true }, (stack) => {
  const run = Date.now().toString(36);
  const topic = `e2e-keys-${run}`;
  const origin = `e2e.example.com/keys-${run}`;
  let dir: string;
  let env: Record<string, string>;
  let producer: TestProducer;
  let kms: KMSClient;
  let next: string;
  let nextVkey: string;
  const sent = [0, 0];
  const services: RunningService[] = [];
  const at = (name: string) => join(dir, name);
  const archive = () => `s3://${stack().s3.bucket}/${topic}`;
  const trusted = () => ['--key', at('archive.vkey'), '--key', at('decisions.vkey')];

  const decide = async (who: 'Ada Byron' | 'Grace Hopper', ...args: string[]) => {
    const key = who === 'Ada Byron' ? 'ada.pem' : 'grace.pem';
    const words = ['--config', 'governance.yaml', '--by', who, '--sign-key', key, '--json'];
    const ran = await cli([...args, ...words], { cwd: dir, env });
    return { ...ran, answer: JSON.parse(ran.stdout.toString() || '{}') };
  };
  const produce = async () => {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const records = Array.from({ length: 20 }, () => ({
        value: Buffer.from(`{"n":${sent[partition]!++}}`),
      }));
      await producer.send(topic, partition, records, 'none');
    }
  };
  const sealed = async () => {
    const { stdout } = await cli(['keys', 'list', archive(), ...trusted(), '--json'], { env });
    return JSON.parse(stdout.toString() || '{}');
  };

  beforeAll(async () => {
    const { s3: server, kms: keys, kafka } = stack();
    env = {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      AWS_REGION: server.region,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ENDPOINT_URL_KMS: keys.endpoint,
    };
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-e2e-keys-'));
    kms = new KMSClient({
      ...{ region: keys.region, endpoint: keys.endpoint, credentials: server.credentials },
    });
    const make = async () => {
      const spec = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const;
      return (await kms.send(new CreateKeyCommand(spec))).KeyMetadata!.Arn!;
    };
    const old = await make();
    next = await make();
    const store = `{ kind: s3, bucket: ${server.bucket}, region: ${server.region}, endpoint: "${server.endpoint}", prefix: ${topic}/ }`;
    const yaml = (decisions: string) => `archive:
  origin: ${origin}
  store: ${store}
  signing: { kind: kms, keyId: "${old}", region: ${keys.region}, endpoint: "${keys.endpoint}" }
  trusted: [${decisions}]
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => JSON.stringify(address)).join(', ')}]
  groupId: ${topic}
  topics: [{ name: ${topic}, retention: short }]
retention:
  short: { mode: COMPLIANCE, period: 1h }
segment: { maxRecords: 50, maxAge: 1s, heartbeat: 0 }
server: { port: 0 }
`;
    await writeFile(at('ledgerstone.yaml'), yaml(''));
    const init = await cli(['init', '--config', at('ledgerstone.yaml'), '--vkey', at('archive.vkey')], {
      env,
    });
    expect([init.code, init.stderr]).toEqual([0, '']);
    const log = (
      await cli(['init', '--config', at('ledgerstone.yaml'), '--json'], { env })
    ).stdout.toString();
    const logVkey = /"([^"]+\+[0-9a-f]{8}\+[^"]+)"/.exec(log)![1]!;
    for (const who of ['ada', 'grace', 'governance'])
      await cli(['governance', 'key', `${who}.pem`, '--vkey', `${who}.vkey`], { cwd: dir, env });
    await writeFile(
      at('governance.yaml'),
      `archive: { origin: ${origin}, store: ${store}, trusted: ["${logVkey}"] }
governance: { signing: { kind: local, keyFile: governance.pem }, retention: { mode: COMPLIANCE, period: 1h } }
`,
    );
    await writeFile(
      at('people.yaml'),
      `approvalHours: 1
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
    );
    const charter = await decide(
      'Ada Byron',
      'governance',
      'charter',
      'people.yaml',
      '--reason',
      'Begin',
      '--new-archive',
    );
    expect([charter.code, charter.answer.vkey]).toEqual([0, expect.any(String)]);
    await writeFile(at('decisions.vkey'), charter.answer.vkey);
    await writeFile(at('ledgerstone.yaml'), yaml(`"${charter.answer.vkey}"`));
    await ensureTopic(kafka.bootstrap, { topic, partitions: PARTITIONS });
    producer = await testProducer(kafka.bootstrap);
    services.push(startService(at('ledgerstone.yaml'), env), startService(at('ledgerstone.yaml'), env));
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await producer?.close();
    kms?.destroy();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  it('is taken under load, and the command ends once each chain has it', async () => {
    await produce();
    await until('something is sealed', () => services.some((one) => one.log().includes('sealed')));
    const rotate = () => decide('Ada Byron', 'keys', 'rotate', '--new', next, '--reason', 'Each year');
    const first = await rotate();
    expect([first.code, first.answer.waiting?.length], first.stderr).toEqual([4, PARTITIONS]);
    nextVkey = first.answer.vkey;
    await until('changed over', async () => {
      await produce();
      return (await rotate()).code === 0;
    });
    const { keys, change } = await sealed();
    expect(change).toBeNull();
    expect(keys.find(({ vkey }: { vkey: string }) => vkey === nextVkey)).toMatchObject({
      signs: [`${topic}/0`, `${topic}/1`],
      introduced: { by: 'Ada Byron' },
    });
  });

  it('leaves the earlier one to be retired by two persons, and then nobody needs it', async () => {
    const old = (await sealed()).keys.find(
      ({ kind, vkey }: { kind: string; vkey: string }) => kind === 'log' && vkey !== nextVkey,
    );
    const { code, answer } = await decide('Ada Byron', 'keys', 'retire', old.vkey, '--reason', 'Replaced');
    expect([code, answer.state]).toEqual([4, 'waiting']);
    // The stack has no STS with names: two keys are two persons there.
    const approved = await decide('Grace Hopper', 'governance', 'approve', answer.id, '--reason', 'Agreed');
    expect(approved.code, approved.stderr).toBe(0);
    await services.pop()!.end('SIGKILL');
    services.push(startService(at('ledgerstone.yaml'), env));
    await produce();
    await until('all is sealed', async () => {
      const { stdout } = await cli(['status', archive(), '--key', nextVkey, '--json'], { env });
      const { chains = [] } = JSON.parse(stdout.toString() || '{}');
      const ours = chains.filter(({ chain }: { chain: string }) => chain === topic);
      const ends = ours.map(({ head }: { head: { nextOffset: number } | null }) => head?.nextOffset ?? 0);
      return ends.join() === sent.join();
    });
  });

  it('verifies by the earlier verifier key alone, each event exactly once', async () => {
    expect(await Promise.all(services.map((service) => service.end('SIGTERM')))).toEqual([0, 0]);
    const verify = await cli(['verify', archive(), ...trusted(), '--json'], { env });
    const report = JSON.parse(verify.stdout.toString());
    expect([verify.code, report.verdict]).toEqual([0, 'verified']);
    for (const [partition, count] of sent.entries()) {
      const of = ['--topic', topic, '--partition', String(partition)];
      const got = await cli(['get', archive(), ...of, ...trusted(), '--key', nextVkey], { env });
      const lines = got.stdout.toString().trimEnd().split('\n');
      const offsets = lines.map((line) => {
        const decoded = decodeLine(Buffer.from(line));
        return decoded.kind === 'entry' ? decoded.record.offset : null;
      });
      expect(offsets).toEqual(Array.from({ length: count }, (_, offset) => offset));
    }
  });

  it('starts with the earlier key disabled in KMS and still configured', async () => {
    const config = /keyId: "([^"]+)"/;
    const { readFile } = await import('node:fs/promises');
    const [, old] = config.exec(await readFile(at('ledgerstone.yaml'), 'utf8'))!;
    await kms.send(new DisableKeyCommand({ KeyId: old }));
    const service = startService(at('ledgerstone.yaml'), env);
    services.push(service);
    await until('it streams', () => service.log().includes('streaming'));
    expect(service.log()).toContain("which can't be opened");
  });
});
