// What does a failed S3 call mean, and what may the caller do about it?
import { S3ServiceException } from '@aws-sdk/client-s3';
import {
  type Disposition,
  firstLineOf,
  LedgerstoneError,
  messageOf,
  shortened,
  WAIT,
} from '../base/error.ts';

export type S3Call = {
  /** S3's name of it: `PutObject`. */
  readonly operation: string;
  readonly bucket: string;
  readonly region: string;
  readonly key?: string;
  /** Credentials that worked once may come back; those that never did won't without a person. */
  readonly workedBefore: boolean;
};

type Meaning = { readonly code: string; readonly disposition: Disposition; readonly remedy: string };

const fatal = (code: string, remedy: string): Meaning => ({ code, disposition: 'fatal', remedy });
const retriable = (code: string, remedy: string): Meaning => ({ code, disposition: 'retriable', remedy });
const input = (code: string, remedy: string): Meaning => ({ code, disposition: 'input', remedy });

/** The LedgerstoneError for anything that an S3 call threw. Retriable also means: it may have happened. */
export function storeError(cause: unknown, call: S3Call): LedgerstoneError {
  if (cause instanceof LedgerstoneError) return cause;
  const meaning = meaningOf(cause, call);
  const where = call.key === undefined ? `bucket ${call.bucket}` : `${call.key} in bucket ${call.bucket}`;
  return new LedgerstoneError(meaning.code, `S3 ${call.operation} of ${where}: ${describe(cause)}`, {
    disposition: meaning.disposition,
    remedy: meaning.remedy,
    cause,
  });
}

/** The HTTP status of an error of the SDK's; undefined when no answer came. */
export const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;

/** The server lacks the whole call, which is not the same as refusing it. */
export const isNotImplemented = (error: unknown): boolean =>
  error instanceof LedgerstoneError && error.code === 'not-implemented';

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

function describe(cause: unknown): string {
  if (!(cause instanceof S3ServiceException)) return firstLineOf(cause);
  const { httpStatusCode, requestId } = cause.$metadata;
  const request = requestId === undefined ? '' : `, request ${requestId}`;
  return `${shortened(cause.name)}: ${firstLineOf(cause)} (HTTP ${httpStatusCode}${shortened(request)})`;
}

function meaningOf(cause: unknown, call: S3Call): Meaning {
  return byName(nameOf(cause), messageOf(cause), cause, call) ?? byStatus(statusOf(cause), cause, call);
}

const NOT_THERE = fatal('not-found', 'The version is not there (any more); verify the archive.');
const OTHER_ACCOUNT = fatal(
  'other-account',
  'S3 tells it only to principals of the account that owns the bucket, whatever a policy allows: ask from there.',
);
const BAD_LOCK = fatal(
  'bad-lock',
  "S3 does not take the retain-until date: check the clock and the policy's period.",
);
const UNKNOWN_CREDENTIALS = fatal(
  'credentials',
  'S3 does not know these credentials: check the access key and its secret.',
);
const SKEWED = retriable('clock-skew', "Set this machine's clock (NTP): it disagrees with S3's.");
const CONFLICT = retriable('conflict', `Another request holds this key at this moment. ${WAIT}`);
const NOT_IMPLEMENTED = fatal(
  'not-implemented',
  'This S3-compatible server does not know the call. It is no fault that passes: use a server that does.',
);
const TIMED_OUT = retriable('timed-out', WAIT);

/** S3's error codes whose meaning depends on nothing else. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NoSuchKey: NOT_THERE,
  NoSuchVersion: NOT_THERE,
  InvalidAccessKeyId: UNKNOWN_CREDENTIALS,
  SignatureDoesNotMatch: UNKNOWN_CREDENTIALS,
  InvalidToken: UNKNOWN_CREDENTIALS,
  RequestTimeTooSkewed: SKEWED,
  RequestExpired: SKEWED,
  ConditionalRequestConflict: CONFLICT,
  OperationAborted: CONFLICT,
  InvalidRange: input('out-of-range', 'The object ends before the bytes that were asked for.'),
  InvalidObjectState: fatal(
    'not-restored',
    'The object lies in an archive tier (Glacier): restore it, then try again.',
  ),
  InvalidRetentionPeriod: BAD_LOCK,
  NotImplemented: NOT_IMPLEMENTED,
  RequestTimeout: TIMED_OUT,
  TimeoutError: TIMED_OUT,
};

function byName(name: string, message: string, cause: unknown, call: S3Call): Meaning | null {
  switch (name) {
    case 'NoSuchBucket':
      return fatal(
        'no-bucket',
        `Correct the name ${call.bucket}; or create it with Object Lock, as ledgerstone init does for an archive.`,
      );
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return wrongRegion(cause, call);
    case 'AccessDenied':
      if (!/object lock/i.test(message)) return notPermitted(call);
      return fatal('locked', 'The version is locked: until then it can only be locked for longer.');
    case 'AllAccessDisabled':
    case 'AccountProblem':
      return notPermitted(call);
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'TokenRefreshRequired':
    case 'CredentialsProviderError':
      return expired(call);
    case 'InvalidBucketState':
      return noObjectLock(call);
    case 'MethodNotAllowed':
      return call.key === undefined
        ? OTHER_ACCOUNT
        : fatal('not-found', 'That version is a delete marker and has no bytes.');
    case 'InvalidRequest':
    case 'InvalidArgument':
      if (/object lock/i.test(message)) return noObjectLock(call);
      if (/version id/i.test(message)) return NOT_THERE;
      return /retain until/i.test(message) ? BAD_LOCK : null;
    default:
      return Object.hasOwn(MEANINGS, name) ? (MEANINGS[name] ?? null) : null;
  }
}

function byStatus(status: number | undefined, cause: unknown, call: S3Call): Meaning {
  if (status === undefined) {
    // No answer at all: refused, reset, unresolvable, an aborted body. An error of our own calling has a
    // TypeError's shape.
    if (cause instanceof TypeError || cause instanceof RangeError)
      return fatal('s3-refused', 'A bug: please report it.');
    if (CERTIFICATE.test(String((cause as { code?: unknown } | null)?.code)))
      return retriable(
        'unreachable',
        'Its certificate is not trusted: name its authority with caFile of the store, or NODE_EXTRA_CA_CERTS.',
      );
    return retriable(
      'unreachable',
      `Check the network, the endpoint and the Region (${call.region}). ${WAIT}`,
    );
  }
  if (status === 501) return NOT_IMPLEMENTED;
  if (status >= 500 || status === 429 || status === 408) return retriable('unavailable', WAIT);
  if (status === 307) return retriable('unavailable', 'A new bucket is not known everywhere yet.');
  if (status === 301 || (status === 400 && isElsewhere(cause, call))) return wrongRegion(cause, call);
  if (status === 404) return fatal('not-found', 'Check the name of the bucket and of the key.');
  if (status === 403) return notPermitted(call);
  if (status === 409) return retriable('conflict', WAIT);
  // A 2xx that ended in an error: the answer was cut off or is not XML.
  if (status < 300) return retriable('bad-answer', WAIT);
  return fatal('s3-refused', 'S3 refuses this call; its message says why.');
}

/** Node's codes for certificates that it does not accept. */
const CERTIFICATE = /CERT|^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_/;

const notPermitted = (call: S3Call): Meaning =>
  fatal(
    'not-permitted',
    call.operation.startsWith('Head')
      ? headRefused(call)
      : `Allow s3:${PERMISSIONS[call.operation] ?? call.operation} to this role, on this bucket and key.`,
  );

/** The answer to a HEAD has no body and no reason: a wrong clock or secret looks like a missing right. */
const headRefused = ({ operation }: S3Call): string =>
  [
    'S3 gives no reason here. Check the credentials, the clock of this machine, the owner of the',
    `bucket, and that this role has s3:${PERMISSIONS[operation] ?? operation}.`,
  ].join(' ');

/** IAM's name where it is not the call's. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  GetObject: 'GetObjectVersion',
  PutObject: 'PutObject and s3:PutObjectRetention',
  ListObjectVersions: 'ListBucketVersions',
  HeadBucket: 'ListBucket',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  DeleteObject: 'DeleteObjectVersion',
};

function expired(call: S3Call): Meaning {
  const remedy =
    'The credentials have expired or none were found: renew them (aws sso login, the role, the environment).';
  return call.workedBefore ? retriable('credentials', remedy) : fatal('credentials', remedy);
}

function wrongRegion(cause: unknown, call: S3Call): Meaning {
  const found = bucketRegion(cause) ?? 'another Region';
  return fatal(
    'wrong-region',
    `The bucket ${call.bucket} lies in ${found}, not in ${call.region}: set region to it.`,
  );
}

/** S3 names the bucket's Region in the head of most refusals; a HEAD has nothing else to tell. */
const bucketRegion = (cause: unknown): string | undefined =>
  (cause as { $response?: { headers?: Record<string, string> } }).$response?.headers?.['x-amz-bucket-region'];

const isElsewhere = (cause: unknown, call: S3Call): boolean =>
  ![undefined, call.region].includes(bucketRegion(cause));

const noObjectLock = (call: S3Call): Meaning =>
  fatal(
    'no-object-lock',
    `Enable Object Lock and versioning on ${call.bucket}, or use a bucket that has them.`,
  );
