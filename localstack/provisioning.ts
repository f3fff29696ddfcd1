// How do topic, buckets and keys get into a stack that has just started?
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  GetPublicKeyCommand,
  type KeySpec,
  KMSClient,
  NotFoundException,
} from '@aws-sdk/client-kms';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';

export const REGION = 'eu-central-1';
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;
/** The second server checks credentials. The first accepts any. */
export const SECOND_S3_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test-secret' } as const;
export const TOPIC = { topic: 'audit.orders', partitions: 4 } as const;
export const BUCKET = 'ledgerstone-demo';
/** The verifier's own bucket. */
export const ATTESTATIONS_BUCKET = 'ledgerstone-attestations';
const LOG_KEY_ALIAS = 'alias/ledgerstone-log';

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/**
 * Creates a bucket with Object Lock, which implies versioning, and a default retention of one day in
 * COMPLIANCE mode. The default is a safety net: the archiver sets a date on each object. An existing bucket
 * stays as it is.
 */
export async function ensureBucket(
  endpoint: string,
  bucket: string,
  credentials: Credentials,
): Promise<void> {
  const s3 = new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
  try {
    await s3.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ObjectLockEnabledForBucket: true,
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  } finally {
    s3.destroy();
  }
}

/** The ARN of the log key, which is found by its alias, or made. */
export async function ensureSigningKey(endpoint: string, spec: KeySpec): Promise<string> {
  const kms = new KMSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  try {
    const known = await kms.send(new DescribeKeyCommand({ KeyId: LOG_KEY_ALIAS })).catch((error: unknown) => {
      if (error instanceof NotFoundException) return undefined;
      throw error;
    });
    if (known?.KeyMetadata?.Arn !== undefined) return known.KeyMetadata.Arn;
    const made = await kms.send(new CreateKeyCommand({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }));
    const arn = made.KeyMetadata?.Arn as string;
    await kms.send(new CreateAliasCommand({ AliasName: LOG_KEY_ALIAS, TargetKeyId: arn }));
    return arn;
  } finally {
    kms.destroy();
  }
}

/** DER of the SPKI. */
export async function publicKeyOf(endpoint: string, keyId: string): Promise<Uint8Array> {
  const kms = new KMSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  try {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyId }));
    return PublicKey as Uint8Array;
  } finally {
    kms.destroy();
  }
}
