// Does `npm run stack` do what it promises: ready, joined by a second start, on loopback only, and gone without a trace?
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DescribeKeyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifiableProducer } from '../../localstack/kafka-tools.ts';
import { processesOf } from '../../localstack/native/process.ts';
import { readyStack, startStack, stopStack } from '../../localstack/stack.ts';
import type { StackState } from '../../localstack/state.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { describeWithMeans } from '../support/stack/global.ts';
import { listeningAddresses } from '../support/stack/listening.ts';

const root = path.join(import.meta.dirname, '..', '..');
const stackMain = path.join(root, 'localstack', 'main.ts');
/** Made by the first test that needs it: a skipped file leaves no directory. */
const base = path.join(realpathSync(tmpdir()), `stack-test-${randomUUID()}`);
const run = promisify(execFile);

/** What a person types, with its own state directory. */
const npmRunStack = async (dir: string, ...args: string[]): Promise<string> =>
  (await run(process.execPath, [stackMain, ...args], { env: { ...process.env, LEDGERSTONE_STACK_DIR: dir } }))
    .stdout;

/** The same, still running. */
const launch = (dir: string): ChildProcess =>
  spawn(process.execPath, [stackMain], {
    env: { ...process.env, LEDGERSTONE_STACK_DIR: dir },
    stdio: 'ignore',
  });

/** High watermarks of all partitions of the stack's topic. */
/** A broker lists itself a moment before it leads its partitions again: until then it refuses to say. */
async function recordCount(brokers: readonly string[]): Promise<number> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    for (;;) {
      try {
        const offsets = await admin.fetchTopicOffsets('audit.orders');
        return offsets.reduce((sum, { high }) => sum + Number(high), 0);
      } catch (error) {
        if ((error as { type?: unknown }).type !== 'NOT_LEADER_FOR_PARTITION') throw error;
        await sleep(100);
      }
    }
  } finally {
    await admin.disconnect();
  }
}

const addressLines = (output: string): string[] =>
  output.split('\n').filter((line) => line.includes('127.0.0.1'));

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref().once('connect', () => socket.destroy());
  });

afterAll(() => rm(base, { recursive: true, force: true }));

describeWithMeans('npm run stack', { kafka: true, s3: true, native: true }, () => {
  const dir = path.join(base, 'state');
  let first: string;
  let state: StackState;

  beforeAll(async () => {
    first = await npmRunStack(dir);
    state = JSON.parse(await readFile(path.join(dir, 'stack.json'), 'utf8'));
  });
  afterAll(() => stopStack(dir));

  it('prints every address and how to stop, and returns', () => {
    for (const address of [
      state.kafka?.bootstrap[0],
      state.s3?.endpoint,
      state.kms?.endpoint,
      state.kmsEd25519?.endpoint,
    ]) {
      expect(address).toMatch(/^(http:\/\/)?127\.0\.0\.1:\d+$/);
      expect(first).toContain(address);
    }
    expect(first).toContain(`LEDGERSTONE_STACK_DIR=${dir} npm run stack -- stop`);
  });

  it('has the topic, the locked bucket and both keys', async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const region = 'eu-central-1';
    const kafka = new Kafka({ brokers: [...(state.kafka?.bootstrap ?? [])], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['audit.orders'] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(4);

    const s3 = new S3Client({
      endpoint: state.s3?.endpoint as string,
      region,
      credentials,
      forcePathStyle: true,
    });
    const Bucket = state.s3?.bucket as string;
    const lock = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(lock.ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'COMPLIANCE', Days: 1 });
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');

    for (const [place, spec, spkiBytes] of [
      [state.kms, 'ECC_NIST_P256', 91],
      [state.kmsEd25519, 'ECC_NIST_EDWARDS25519', 44],
    ] as const) {
      const kms = new KMSClient({ endpoint: place?.endpoint as string, region, credentials });
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/ledgerstone-log' }));
      expect(KeyMetadata).toMatchObject({ Arn: place?.keyId, KeySpec: spec, KeyUsage: 'SIGN_VERIFY' });
      const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: place?.keyId as string }));
      expect(PublicKey).toHaveLength(spkiBytes);
    }
  });

  it('creates another topic', async () => {
    await npmRunStack(dir, 'topic', 'audit.more', '--partitions', '3');
    const kafka = new Kafka({ brokers: [...(state.kafka?.bootstrap ?? [])], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['audit.more'] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(3);
    await expect(npmRunStack(dir, 'topic', 'a b')).rejects.toThrow(/no name of a topic/);
    await expect(npmRunStack(dir, 'topic', 'a', '--partitions', '0')).rejects.toThrow(
      /no number of partitions/,
    );
  });

  it('writes a configuration that the archiver accepts', async () => {
    const file = path.join(dir, 'ledgerstone.yaml');
    const config = parseConfig(await readFile(file, 'utf8'), file, {});
    expect(config.archive.store).toMatchObject({
      kind: 's3',
      bucket: state.s3?.bucket,
      endpoint: state.s3?.endpoint,
    });
    expect(config.source).toMatchObject({ kind: 'kafka', brokers: state.kafka?.bootstrap });
  });

  it("and one that the verifier accepts, by a key that is not the log's", async () => {
    const file = path.join(dir, 'verifier.yaml');
    const { archive, attestations, cosigner } = parseVerifierConfig(await readFile(file, 'utf8'), file, {});
    const { archive: archived } = parseConfig(
      await readFile(path.join(dir, 'ledgerstone.yaml'), 'utf8'),
      '',
      {},
    );
    expect(archive.store).toEqual(archived.store);
    expect(archive.trusted.map(({ name }) => name)).toEqual([archived.origin]);
    expect(attestations.store).toMatchObject({ kind: 's3', bucket: 'ledgerstone-attestations' });
    expect(cosigner.signing).toMatchObject({ kind: 'kms', keyId: state.kmsEd25519?.keyId });
  });

  it.runIf(process.platform === 'linux')('listens on 127.0.0.1 and nowhere else', () => {
    const addresses = listeningAddresses(processesOf(dir).map(({ pid }) => pid));
    expect(addresses.length).toBeGreaterThanOrEqual(4); // Kafka twice, S3 and KMS, the second KMS
    expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('says at a second start that it runs, and the same addresses', async () => {
    const before = processesOf(dir);
    const second = await npmRunStack(dir);
    expect(second).toContain('already runs');
    expect(addressLines(second)).toEqual(addressLines(first));
    expect(processesOf(dir)).toEqual(before);
    await expect(npmRunStack(dir, 'start', '--kafka', '3.9.1')).rejects.toThrow(/runs already/);
  });

  it('keeps what a killed broker had acknowledged', async () => {
    const stack = await readyStack(dir);
    const broker = stack?.kafka.brokers[0];
    if (stack === undefined || broker === undefined) throw new Error('no stack');
    const producer = await verifiableProducer(stack, { topic: 'audit.orders', messages: 500, codec: 'lz4' });
    await producer.done;
    const pid = broker.pid;
    await broker.kill();
    expect(broker.pid).toBeUndefined();
    await broker.restart();
    expect(broker.pid).not.toBe(pid);
    expect(producer.acknowledged).toHaveLength(500);
    expect(await recordCount([broker.address])).toBe(500);
  });

  it('takes events', async () => {
    const brokers = state.kafka?.bootstrap as readonly string[];
    const before = await recordCount(brokers);
    expect(await npmRunStack(dir, 'produce', '12')).toContain('12 events written to audit.orders');
    expect(await recordCount(brokers)).toBe(before + 12);
  });

  it('takes events for a topic of one partition, and none for one that is not there', async () => {
    expect(await npmRunStack(dir, 'topic', 'audit.small')).toContain('Topic audit.small is there');
    const written = await npmRunStack(dir, 'produce', '5', '--topic', 'audit.small');
    expect(written).toContain('5 events written to audit.small');
    const kafka = new Kafka({ brokers: [...(state.kafka?.bootstrap ?? [])], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      const ends = await admin.fetchTopicOffsets('audit.small');
      expect(ends.map(({ partition, high }) => [partition, high])).toEqual([[0, '5']]);
      await expect(npmRunStack(dir, 'produce', '5', '--topic', 'audit.none')).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining('No topic audit.none is there'),
      });
      expect(await admin.listTopics()).not.toContain('audit.none');
    } finally {
      await admin.disconnect();
    }
  });

  it('leaves no process, port or directory after stop, and stops twice', async () => {
    const ports = listeningAddresses(processesOf(dir).map(({ pid }) => pid)).map((address) =>
      Number(address.split(':').at(-1)),
    );
    expect(await npmRunStack(dir, 'stop')).toContain('Stopped');
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
    for (const port of ports) expect(await accepts(port)).toBe(false);
    expect(await npmRunStack(dir, 'stop')).toContain('No stack ran here');
    await expect(npmRunStack(dir, 'status')).rejects.toMatchObject({ code: 1 });
  });
});

describeWithMeans('a stack whose starter is killed', { kafka: true, s3: true, native: true }, () => {
  const dir = path.join(base, 'killed');
  afterAll(() => stopStack(dir));

  const killDuringStart = async () => {
    const launcher = launch(dir);
    while (processesOf(dir).length < 3) await sleep(5);
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    expect(existsSync(path.join(dir, 'stack.json'))).toBe(false);
  };

  it('is ended whole by stop', async () => {
    await killDuringStart();
    await npmRunStack(dir, 'stop');
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  it('is replaced by the next start', async () => {
    await killDuringStart();
    const orphans = new Set(processesOf(dir).map(({ pid }) => pid));
    await npmRunStack(dir);
    const names = processesOf(dir).map(({ name }) => name);
    expect(names.sort()).toEqual(['ed25519-kms', 'kafka-1', 's3-kms']);
    expect(processesOf(dir).filter(({ pid }) => orphans.has(pid))).toEqual([]);
  });

  it('starts anew, with new data, when a part was lost', async () => {
    const lost = await readyStack(dir);
    if (lost === undefined) throw new Error('no stack');
    await (await verifiableProducer(lost, { topic: 'audit.orders', messages: 20 })).done;
    await lost.kafka.brokers[0]?.kill();
    expect(await readyStack(dir)).toBeUndefined();
    await npmRunStack(dir);
    const anew = await readyStack(dir);
    expect(processesOf(dir)).toHaveLength(3);
    expect(await recordCount(anew?.kafka.bootstrap ?? [])).toBe(0);
  });

  it('is ended by whoever starts or stops another, when it was a temporary one', async () => {
    const script = `import { startStack } from ${JSON.stringify(path.join(root, 'localstack', 'stack.ts'))};
      console.log((await startStack({ kafka: false, s3: false, ed25519Kms: true, backend: 'native' })).dir);
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = (await once(owner.stdout, 'data')) as [Buffer];
    const temporary = printed.toString().trim();
    expect(processesOf(temporary)).toHaveLength(1);
    await stopStack(path.join(base, 'another'));
    expect(processesOf(temporary)).toHaveLength(1); // its owner lives
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await stopStack(path.join(base, 'another'));
    expect(processesOf(temporary)).toEqual([]);
    expect(existsSync(temporary)).toBe(false);
  });
});

describeWithMeans('startStack', { s3: true, native: true }, () => {
  it('gives two starters at once the same stack', async () => {
    const dir = path.join(base, 'twice');
    const options = { dir, backend: 'native', kafka: false, s3: false, ed25519Kms: true } as const;
    const [one, other] = await Promise.all([startStack(options), startStack(options)]);
    try {
      expect(other.state).toEqual(one.state);
      expect(processesOf(dir)).toHaveLength(1);
      expect(() => one.kafka).toThrow(/without kafka/);
    } finally {
      await one.stop();
    }
    expect(existsSync(dir)).toBe(false);
  });

  it('keeps the objects of the second S3 over a kill, and its sockets tidy', async () => {
    const stack = await startStack({
      dir: path.join(base, 'second'),
      backend: 'native',
      kafka: false,
      s3: false,
      secondS3: true,
    });
    const sockets = async () =>
      (await readdir('/tmp')).filter((name) => name.startsWith('seaweedfs-')).length;
    const before = await sockets();
    const { endpoint, region, credentials, bucket: Bucket } = stack.secondS3;
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await stack.secondS3.kill();
    expect(stack.secondS3.pid).toBeUndefined();
    await stack.secondS3.restart();
    const lock = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(lock.ObjectLockConfiguration?.Rule?.DefaultRetention?.Mode).toBe('COMPLIANCE');
    await stack.stop();
    expect(await sockets()).toBeLessThan(before);
  });

  it('refuses a directory that holds something else, and does not touch it', async () => {
    const dir = path.join(base, 'home');
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, 'thesis.txt'), 'mine');
    await expect(startStack({ dir, backend: 'native', kafka: false, s3: false })).rejects.toThrow(
      /thesis\.txt/,
    );
    await stopStack(dir);
    expect(await readFile(path.join(dir, 'thesis.txt'), 'utf8')).toBe('mine');
  });
});
