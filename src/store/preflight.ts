// Is a bucket fit for an archive, and how is a fit one created?
import {
  CreateBucketCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { assert } from '../base/assert.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { type BucketCheckName, bad, remedyOf } from './bucket-check.ts';
import { type BucketInspection, inspect } from './bucket-inspection.ts';
import { connectS3, type S3Connection, type S3Options } from './s3-connection.ts';
import { nameOf } from './s3-error.ts';

export type { BucketInspection } from './bucket-inspection.ts';

/**
 * Reads the bucket's settings; changes nothing. Never throws for what it finds, only when `signal` aborts.
 */
export async function inspectBucket(options: S3Options, signal?: AbortSignal): Promise<BucketInspection> {
  let s3: S3Connection;
  try {
    s3 = connectS3(options);
  } catch (error) {
    return { state: 'unreachable', checks: [bad('reachable', messageOf(error), remedyOf(error))] };
  }
  try {
    return await inspect(s3, signal);
  } finally {
    s3.close();
  }
}

/**
 * Throws, with a remedy, when the bucket isn't fit for an archive: missing, in another Region, without Object
 * Lock or versioning.
 */
export async function requireFitBucket(options: S3Options, signal?: AbortSignal): Promise<void> {
  refuseUnfit(options, await inspectBucket(options, signal));
}

/**
 * Makes a bucket with Object Lock from birth and a default retention of COMPLIANCE, never less. One that is
 * there already is left as it is: without Object Lock it is refused, else only inspected. Throws when it
 * can't be made.
 */
export async function createBucket(
  options: S3Options,
  retention: { readonly days: number },
  signal?: AbortSignal,
): Promise<{ readonly created: boolean; readonly inspection: BucketInspection }> {
  assert(
    Number.isSafeInteger(retention.days) && retention.days >= 1,
    'a default retention has at least one whole day',
  );
  const s3 = connectS3(options);
  try {
    const found = await inspect(s3, signal);
    if (found.state === 'unreachable') throw failure(options, found);
    if (found.state === 'there') return { created: false, inspection: refuseUnfit(options, found) };
    const created = await create(s3, retention.days, signal);
    return { created, inspection: refuseUnfit(options, await inspect(s3, signal)) };
  } finally {
    s3.close();
  }
}

async function create(s3: S3Connection, days: number, signal: AbortSignal | undefined): Promise<boolean> {
  const { bucket, region } = s3.options;
  try {
    await s3.run({ operation: 'CreateBucket', signal }, (http) =>
      s3.client.send(
        new CreateBucketCommand({
          Bucket: bucket,
          // Only at birth is it certain, and with it come versions that nobody can suspend.
          ObjectLockEnabledForBucket: true,
          // The one Region that must not be named.
          ...(region === 'us-east-1'
            ? {}
            : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }),
        }),
        http,
      ),
    );
  } catch (error) {
    const cause = nameOf((error as Error).cause);
    // Ours, by another call or by this one's first try: inspected like any that was there before.
    if (cause === 'BucketAlreadyOwnedByYou') return false;
    if (cause !== 'BucketAlreadyExists') throw error;
    throw new LedgerstoneError('bucket-taken', `the bucket name ${bucket} belongs to another account`, {
      remedy: 'Choose another name.',
      cause: error,
    });
  }
  await s3.run({ operation: 'PutObjectLockConfiguration', signal }, (http) =>
    s3.client.send(
      new PutObjectLockConfigurationCommand({
        ...s3.target,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: days } },
        },
      }),
      http,
    ),
  );
  await blockPublicAccess(s3, signal);
  return true;
}

/**
 * AWS does so for new buckets by itself, other servers may not know it: the inspection says what came of it.
 */
async function blockPublicAccess(s3: S3Connection, signal: AbortSignal | undefined): Promise<void> {
  const all = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  const command = new PutPublicAccessBlockCommand({ ...s3.target, PublicAccessBlockConfiguration: all });
  await s3
    .run({ operation: 'PutPublicAccessBlock', signal }, (http) => s3.client.send(command, http))
    .catch(() => {
      signal?.throwIfAborted();
    });
}

/** Passes an inspection on that leaves nothing bad about lock and versions; throws the first bad one else. */
function refuseUnfit(options: S3Options, inspection: BucketInspection): BucketInspection {
  const essential = inspection.checks.filter(({ name }) =>
    ['reachable', 'region', 'object-lock', 'versioning'].includes(name),
  );
  if (essential.some(({ verdict }) => verdict === 'bad'))
    throw failure(options, { ...inspection, checks: essential });
  return inspection;
}

function failure({ bucket }: S3Options, { checks }: BucketInspection): LedgerstoneError {
  const wrong = checks.find(({ verdict }) => verdict === 'bad');
  assert(wrong !== undefined, 'an unfit bucket has a bad check');
  const remedy = wrong.remedy === null ? {} : { remedy: wrong.remedy };
  return new LedgerstoneError(
    CODES[wrong.name] ?? 'unfit-bucket',
    `bucket ${bucket}: ${wrong.found}`,
    remedy,
  );
}

const CODES: Readonly<Partial<Record<BucketCheckName, string>>> = {
  reachable: 'unreachable',
  region: 'wrong-region',
  'object-lock': 'no-object-lock',
  versioning: 'not-versioned',
};
