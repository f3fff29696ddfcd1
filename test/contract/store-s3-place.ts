// A corner of a real S3 for one suite: how is it opened, and how does an attacker with full rights act there?
import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3Store } from '../../src/store/s3.ts';
import { connectS3, type S3Options } from '../../src/store/s3-connection.ts';
import type { HoldWriter, Store } from '../../src/store/store.ts';
import type { Adversary } from './store-lock-suite.ts';

export type S3Place = {
  readonly options: S3Options;
  readonly store: Store & HoldWriter;
  readonly adversary: Adversary;
  another(): Store;
  close(): Promise<void>;
};

type Server = Omit<S3Options, 'prefix' | 'bucket'>;

/** A new bucket with Object Lock and no default retention; its name. */
export async function newLockBucket(server: Server): Promise<string> {
  const bucket = `suite-${randomBytes(6).toString('hex')}`;
  const s3 = connectS3({ ...server, bucket, prefix: '' });
  const location = { LocationConstraint: server.region as 'eu-central-1' };
  await s3.client.send(
    new CreateBucketCommand({
      Bucket: bucket,
      ObjectLockEnabledForBucket: true,
      CreateBucketConfiguration: location,
    }),
  );
  s3.close();
  return bucket;
}

async function countVersions(client: S3Client, { Bucket, Key }: { Bucket: string; Key: string }) {
  const found = new Set<string | undefined>();
  let from: Pick<ListObjectVersionsCommandOutput, 'NextKeyMarker' | 'NextVersionIdMarker'> | null = {};
  while (from !== null) {
    const markers = { KeyMarker: from.NextKeyMarker, VersionIdMarker: from.NextVersionIdMarker };
    const page: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: Key, ...markers }),
    );
    for (const one of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
      if (one.Key === Key) found.add(one.VersionId);
    from = page.IsTruncated === true ? page : null;
  }
  return found.size;
}

/** A new prefix of a bucket that is there already, with characters in it that need care. */
export function s3Place(base: Omit<S3Options, 'prefix'>): S3Place {
  const options = { ...base, prefix: `suite+${randomBytes(6).toString('hex')} é%2F/` };
  const raw = connectS3(options);
  const stores = [s3Store(options)];
  const object = (key: string) => ({ ...raw.target, Key: options.prefix + key });
  return {
    options,
    store: stores[0] as Store & HoldWriter,
    another: () => {
      const store = s3Store(options);
      stores.push(store);
      return store;
    },
    adversary: {
      putVersion: async (key, bytes) => {
        await raw.client.send(new PutObjectCommand({ ...object(key), Body: bytes }));
      },
      addMarker: async (key) => {
        await raw.client.send(new DeleteObjectCommand(object(key)));
      },
      deleteVersion: async (key, versionId) => {
        await raw.client.send(new DeleteObjectCommand({ ...object(key), VersionId: versionId }));
      },
      setHold: async (key, versionId, isHeld) => {
        const LegalHold = { Status: isHeld ? ('ON' as const) : ('OFF' as const) };
        await raw.client.send(
          new PutObjectLegalHoldCommand({ ...object(key), VersionId: versionId, LegalHold }),
        );
      },
      count: (key) => countVersions(raw.client, object(key)),
    },
    close: async () => {
      for (const store of stores) await store.close();
      raw.close();
    },
  };
}
