// How are the bytes of an archive kept in S3 Object Lock?
import { PutObjectCommand, PutObjectLegalHoldCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { toBase64 } from '../base/bytes.ts';
import { LedgerstoneError, WAIT } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { type CallHttp, connectS3, type S3Connection, type S3Options } from './s3-connection.ts';
import { nameOf, statusOf } from './s3-error.ts';
import { listS3Prefixes, listS3Versions } from './s3-list.ts';
import { holdOfS3, lockOfS3, readS3 } from './s3-read.ts';
import type { HoldWriter, Lock, PutOptions, PutOutcome, Store } from './store.ts';

export type { S3Options } from './s3-connection.ts';

/** The sole S3 client; one per process and bucket. Opens no connection before its first call. */
export function s3Store(options: S3Options): Store & HoldWriter {
  const s3 = connectS3(options);
  return {
    kind: 's3',
    description: `s3://${options.bucket}/${options.prefix}`,
    putIfAbsent: (key, bytes, lock, put) => putIfAbsent(s3, key, bytes, lock, put),
    extendLock: (key, versionId, lock, signal) => extendLock(s3, key, versionId, lock, signal),
    setHold: (key, versionId, isHeld, signal) => setHold(s3, key, versionId, isHeld, signal),
    listVersions: (prefix, list) => listS3Versions(s3, prefix, list),
    listPrefixes: (prefix, signal) => listS3Prefixes(s3, prefix, signal),
    read: (key, versionId, read) => readS3(s3, key, versionId, read),
    lock: (key, versionId, signal) => lockOfS3(s3, key, versionId, signal),
    hold: (key, versionId, signal) => holdOfS3(s3, key, versionId, signal),
    clockOffset: () => s3.clockWatch.newest(),
    close: async () => s3.close(),
  };
}

function putIfAbsent(
  s3: S3Connection,
  key: string,
  bytes: Uint8Array,
  lock: Lock,
  { sha256, signal }: PutOptions = {},
): Promise<PutOutcome> {
  const call = {
    operation: 'PutObject',
    key,
    bytes: bytes.length,
    signal,
  };
  return s3.run(call, async (http) => {
    // Computed in its turn, so that queued bodies are not hashed all at once.
    const checksum = toBase64(sha256 ?? nodeSha256(bytes));
    try {
      return await put(s3, key, bytes, checksum, lock, http);
    } catch (error) {
      // Also the answer to our own success, when its first answer was lost and the SDK sent it again.
      if (statusOf(error) === 412) return { kind: 'exists' };
      if (isBadDigest(error)) throw badDigest(key, bytes, checksum, error);
      throw error;
    }
  });
}

async function put(
  s3: S3Connection,
  key: string,
  bytes: Uint8Array,
  checksum: string,
  lock: Lock,
  http: CallHttp,
): Promise<PutOutcome> {
  const command = new PutObjectCommand({
    ...s3.target,
    Key: s3.options.prefix + key,
    // Whole in memory: the SDK never repeats a stream.
    Body: bytes,
    ContentLength: bytes.length,
    IfNoneMatch: '*',
    ChecksumSHA256: checksum,
    ...retention(lock),
  });
  const answer = await s3.client.send(command, http);
  if (answer.ETag === undefined) {
    throw new LedgerstoneError('bad-answer', `S3 answered the PUT of ${key} without an ETag`, {
      disposition: 'retriable',
    });
  }
  if (answer.ChecksumSHA256 !== undefined && answer.ChecksumSHA256 !== checksum) {
    throw new LedgerstoneError('store-misbehaves', `S3 stored other bytes at ${key} than were sent`, {
      remedy: 'Stop using this store: it altered what it was given.',
    });
  }
  if (answer.VersionId === undefined || answer.VersionId === 'null') {
    throw new LedgerstoneError('not-versioned', `bucket ${s3.options.bucket} keeps no versions`, {
      remedy: 'Use a bucket with Object Lock, which always keeps versions (ledgerstone doctor).',
    });
  }
  return { kind: 'stored', versionId: answer.VersionId };
}

async function extendLock(
  s3: S3Connection,
  key: string,
  versionId: string,
  lock: Lock,
  signal?: AbortSignal,
): Promise<void> {
  const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = retention(lock);
  const command = new PutObjectRetentionCommand({
    ...s3.target,
    Key: s3.options.prefix + key,
    VersionId: versionId,
    Retention: { Mode, RetainUntilDate },
  });
  const call = { operation: 'PutObjectRetention', key, signal };
  await s3.run(call, (http) => s3.client.send(command, http));
}

async function setHold(
  s3: S3Connection,
  key: string,
  versionId: string,
  isHeld: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const command = new PutObjectLegalHoldCommand({
    ...s3.target,
    Key: s3.options.prefix + key,
    VersionId: versionId,
    LegalHold: { Status: isHeld ? 'ON' : 'OFF' },
  });
  await s3.run({ operation: 'PutObjectLegalHold', key, signal }, (http) => s3.client.send(command, http));
}

/** Rounded up to S3's whole seconds: never a moment shorter than asked. */
const retention = (lock: Lock) => ({
  ObjectLockMode: lock.mode,
  ObjectLockRetainUntilDate: new Date(Math.ceil(lock.untilMs / 1000) * 1000),
});

const isBadDigest = (error: unknown): boolean =>
  ['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'].includes(
    nameOf(error),
  );

/**
 * Nothing was stored. Either the way altered the bytes, and sending again cures it, or they never had that
 * hash.
 */
function badDigest(key: string, bytes: Uint8Array, checksum: string, cause: unknown): LedgerstoneError {
  const ours = toBase64(nodeSha256(bytes)) === checksum;
  return new LedgerstoneError(
    'checksum-mismatch',
    `S3 received other bytes for ${key} than their SHA-256 says`,
    {
      disposition: ours ? 'retriable' : 'fatal',
      remedy: ours ? `They changed on the way. ${WAIT}` : 'A bug: the given SHA-256 is of other bytes.',
      cause,
    },
  );
}
