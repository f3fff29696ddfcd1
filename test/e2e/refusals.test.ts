// Does the service refuse at its start what would make an archive worthless, and say what to do?
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { describeWithStack } from '../support/stack/global.ts';

describeWithStack('the service refuses at its start', { kafka: true, s3: true }, (stack) => {
  const run = Date.now().toString(36);
  let dir: string;
  let s3: S3Client;
  let kms: KMSClient;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-e2e-'));
    const { endpoint, region, credentials } = stack().s3;
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    kms = new KMSClient({ endpoint: stack().kms.endpoint, region, credentials });
  });
  afterAll(async () => {
    s3?.destroy();
    kms?.destroy();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  async function archive(change: {
    bucket?: string;
    keyId?: string;
  }): Promise<{ code: number | null; said: string }> {
    const { s3: store, kms: keys, kafka } = stack();
    const config = join(dir, 'ledgerstone.yaml');
    await writeFile(
      config,
      `archive:
  origin: e2e.example.com/${run}
  store: { kind: s3, bucket: ${change.bucket ?? store.bucket}, region: ${store.region}, endpoint: "${store.endpoint}", prefix: refusals-${run}/ }
  signing: { kind: kms, keyId: "${change.keyId ?? keys.keyId}", region: ${keys.region}, endpoint: "${keys.endpoint}" }
source:
  kind: kafka
  brokers: [${kafka.bootstrap.map((address) => JSON.stringify(address)).join(', ')}]
  groupId: refusals-${run}
  topics: [{ name: refusals-${run}, retention: short }]
retention:
  short: { mode: COMPLIANCE, period: 1h }
server: { port: 0 }
`,
    );
    const env = {
      AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    };
    const { code, stdout, stderr } = await cli(['archive', '--config', config], { env });
    return { code, said: `${stdout.toString()}${stderr}` };
  }

  it('a bucket that is not there', async () => {
    const { code, said } = await archive({ bucket: `absent-${run}` });
    expect(code).toBe(3);
    expect(said).toMatch(/there is no bucket absent-/);
  });

  it('a bucket without Object Lock', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: `plain-${run}` }));
    const { code, said } = await archive({ bucket: `plain-${run}` });
    expect(code).toBe(3);
    expect(said).toMatch(/Object Lock/);
  });

  it('a key that is disabled', async () => {
    const made = await kms.send(new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256' }));
    const keyId = made.KeyMetadata?.Arn as string;
    await kms.send(new DisableKeyCommand({ KeyId: keyId }));
    const { code, said } = await archive({ keyId });
    expect(code).toBe(3);
    expect(said).toMatch(/disabled/i);
  });

  it('a key of the wrong kind', async () => {
    const made = await kms.send(new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_2048' }));
    const { code, said } = await archive({ keyId: made.KeyMetadata?.Arn as string });
    expect(code).toBe(3);
    expect(said).toMatch(/ECC_NIST_P256/);
  });
});
