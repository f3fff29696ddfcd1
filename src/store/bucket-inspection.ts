// What is a bucket like, as far as this caller may see?

import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { counted } from '../base/counted.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { type BucketCheck, bad, ok, remedyOf, unknown, warning } from './bucket-check.ts';
import type { S3Connection } from './s3-connection.ts';
import { isNotImplemented, nameOf } from './s3-error.ts';
import { CLOCK_OFFSET_MAX_MS } from './store.ts';

/** `there`: it answers, and `checks` say what it is like. `absent`: nobody has a bucket of that name. */
export type BucketInspection = {
  readonly state: 'there' | 'absent' | 'unreachable';
  readonly checks: readonly BucketCheck[];
};

export async function inspect(s3: S3Connection, signal: AbortSignal | undefined): Promise<BucketInspection> {
  const { bucket, region } = s3.options;
  let found: string | undefined;
  try {
    found = await reach(s3, signal);
  } catch (error) {
    signal?.throwIfAborted();
    const absent =
      error instanceof LedgerstoneError && (error.code === 'not-found' || error.code === 'no-bucket');
    const remedy = absent
      ? `Correct its name; or create it with Object Lock, as ledgerstone init does for an archive.`
      : remedyOf(error);
    const check = bad('reachable', absent ? `there is no bucket ${bucket}` : messageOf(error), remedy);
    return { state: absent ? 'absent' : 'unreachable', checks: [check] };
  }
  const elsewhere = found !== undefined && found !== region;
  return {
    state: 'there',
    checks: [
      ok('reachable', `bucket ${bucket} answers`),
      elsewhere
        ? bad('region', `the bucket lies in ${found}, not in ${region}`, `Set region to ${found}.`)
        : ok('region', region),
      ...(await checkLock(s3, signal)),
      await checkVersioning(s3, signal),
      await checkPublicAccess(s3, signal),
      checkClock(s3),
    ],
  };
}

/** The Region of the bucket, if S3 tells it. Throws why it can't be reached. */
async function reach(s3: S3Connection, signal: AbortSignal | undefined): Promise<string | undefined> {
  const head = new HeadBucketCommand(s3.target);
  try {
    return (await s3.run({ operation: 'HeadBucket', signal }, (http) => s3.client.send(head, http)))
      .BucketRegion;
  } catch (error) {
    if (!(error instanceof LedgerstoneError) || error.code !== 'not-permitted') throw error;
    signal?.throwIfAborted();
    // The answer to a HEAD has no body and so no reason. That to a GET has one.
    const list = new ListObjectVersionsCommand({ ...s3.target, Prefix: s3.options.prefix, MaxKeys: 1 });
    await s3.run({ operation: 'ListObjectVersions', signal }, (http) => s3.client.send(list, http));
    return undefined;
  }
}

async function checkLock(s3: S3Connection, signal: AbortSignal | undefined): Promise<BucketCheck[]> {
  const { bucket } = s3.options;
  const command = new GetObjectLockConfigurationCommand(s3.target);
  try {
    const answer = await s3.run({ operation: 'GetObjectLockConfiguration', signal }, (http) =>
      s3.client.send(command, http),
    );
    const { ObjectLockEnabled: enabled, Rule: rule } = answer.ObjectLockConfiguration ?? {};
    if (enabled !== 'Enabled') return [withoutLock(bucket)];
    const { Mode: mode, Days: days, Years: years, DefaultEventHold: held } = rule?.DefaultRetention ?? {};
    const period = days === undefined ? counted(years ?? 0, 'year') : counted(days, 'day');
    const remedy =
      'Set a default retention of COMPLIANCE: the net under every PUT (each of ours names its own date).';
    return [
      ok('object-lock', 'enabled'),
      held !== undefined
        ? warning('default-retention', 'a default event hold: a lock without an end', remedy)
        : mode === undefined
          ? warning('default-retention', 'none', remedy)
          : mode === 'COMPLIANCE'
            ? ok('default-retention', `${mode}, ${period}`)
            : warning('default-retention', `${mode}, ${period}`, remedy),
    ];
  } catch (error) {
    signal?.throwIfAborted();
    const absent = nameOf((error as Error).cause) === 'ObjectLockConfigurationNotFoundError';
    return absent
      ? [withoutLock(bucket)]
      : [unknown('object-lock', error), unknown('default-retention', error)];
  }
}

const withoutLock = (bucket: string) =>
  bad(
    'object-lock',
    `bucket ${bucket} has no Object Lock: everybody who may delete could delete the archive`,
    [
      'Let ledgerstone init make a new bucket, or enable Object Lock on this one (it needs versioning,',
      'and stays for good).',
    ].join(' '),
  );

async function checkVersioning(s3: S3Connection, signal: AbortSignal | undefined): Promise<BucketCheck> {
  const command = new GetBucketVersioningCommand(s3.target);
  try {
    const { Status: status } = await s3.run({ operation: 'GetBucketVersioning', signal }, (http) =>
      s3.client.send(command, http),
    );
    if (status === 'Enabled') return ok('versioning', 'enabled');
    return bad(
      'versioning',
      status === undefined ? 'off' : status.toLowerCase(),
      'Enable versioning on the bucket.',
    );
  } catch (error) {
    signal?.throwIfAborted();
    return unknown('versioning', error);
  }
}

async function checkPublicAccess(s3: S3Connection, signal: AbortSignal | undefined): Promise<BucketCheck> {
  const remedy = "Turn on all four of the bucket's public access blocks.";
  const command = new GetPublicAccessBlockCommand(s3.target);
  try {
    const answer = await s3.run({ operation: 'GetPublicAccessBlock', signal }, (http) =>
      s3.client.send(command, http),
    );
    const block = answer.PublicAccessBlockConfiguration;
    const open = (
      ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const
    ).filter((name) => block?.[name] !== true);
    return open.length === 0
      ? ok('public-access', 'blocked')
      : warning('public-access', `${open.join(', ')} off`, remedy);
  } catch (error) {
    signal?.throwIfAborted();
    if (isNotImplemented(error))
      return warning('public-access', 'this server has no public access blocks', NO_BLOCKS);
    const none = nameOf((error as Error).cause) === 'NoSuchPublicAccessBlockConfiguration';
    return none
      ? warning('public-access', 'not blocked on the bucket', remedy)
      : unknown('public-access', error);
  }
}

const NO_BLOCKS = "Make sure by this server's own means that nobody reads or writes without credentials.";

function checkClock(s3: S3Connection): BucketCheck {
  const offset = s3.clockWatch.newest();
  if (offset === null) return unknown('clock', new Error('the store sends no Date'));
  const seconds = Math.round(offset.offsetMs / 1000);
  if (Math.abs(offset.offsetMs) <= CLOCK_OFFSET_MAX_MS) return ok('clock', `${seconds} s from the store's`);
  return bad(
    'clock',
    `${seconds} s from the store's`,
    "Set this machine's clock (NTP): a wrong one makes locks nobody can shorten.",
  );
}
