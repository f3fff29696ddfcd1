// How does a drill tamper with a bucket? Nothing else in this project overwrites or deletes, and this does it
// to canaries alone.
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { assert } from '../base/assert.ts';
import { LedgerstoneError } from '../base/error.ts';
import { type CanaryStore, isCanaryKey } from './canary.ts';
import { type CallHttp, connectS3, type S3Options } from './s3-connection.ts';

export function s3Canary(options: S3Options): CanaryStore {
  const s3 = connectS3({ ...options, attemptsMax: 1 });
  const send = async <T>(
    operation: string,
    key: string,
    signal: AbortSignal | undefined,
    call: (target: { Bucket: string; Key: string }, http: CallHttp) => Promise<T>,
  ): Promise<T> => {
    assert(isCanaryKey(key), `a drill at ${key}`);
    return s3.run({ operation, key, signal }, (http) =>
      call({ ...s3.target, Key: options.prefix + key }, http),
    );
  };
  return {
    overwrite: (key, bytes, { mode, untilMs }, signal) =>
      send('PutObject', key, signal, async (target, http) => {
        const command = new PutObjectCommand({
          ...{ ...target, Body: bytes, ContentLength: bytes.length },
          ...{ ObjectLockMode: mode, ObjectLockRetainUntilDate: new Date(untilMs) },
        });
        return versionOf((await s3.client.send(command, http)).VersionId, options.bucket);
      }),
    hide: (key, signal) =>
      send('DeleteObject', key, signal, async (target, http) => {
        const answer = await s3.client.send(new DeleteObjectCommand(target), http);
        return versionOf(answer.VersionId, options.bucket);
      }),
    remove: async (key, VersionId, signal) => {
      try {
        await send('DeleteObject', key, signal, (target, http) =>
          s3.client.send(new DeleteObjectCommand({ ...target, VersionId }), http),
        );
      } catch (error) {
        if (!(error instanceof LedgerstoneError) || error.code !== 'not-found') throw error;
      }
    },
    close: () => s3.close(),
  };
}

function versionOf(versionId: string | undefined, bucket: string): string {
  if (versionId !== undefined && versionId !== 'null') return versionId;
  throw new LedgerstoneError('not-versioned', `bucket ${bucket} keeps no versions`, {
    remedy: 'Use a bucket with Object Lock, which always keeps versions (ledgerstone doctor).',
  });
}
