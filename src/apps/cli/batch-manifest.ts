// How does S3 itself lengthen very many locks: the objects and the job, as S3 Batch Operations take them?
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShortLock } from '../../governance/short-locks.ts';
import { fileError } from './file-error.ts';

export type BatchManifest = { readonly listed: number; readonly longEnough: number };

type Target = {
  readonly folder: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  /** In seconds, with Z. */
  readonly until: string;
};

/** S3 decodes keys of a manifest as of a URL. */
const urlEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Writes `manifest.csv`, `README.txt` and `job.json` into a new folder. The job comes last: a folder without
 * it was not finished. Throws UsageError.
 */
export async function writeBatchManifest(
  target: Target,
  objects: AsyncIterable<ShortLock>,
): Promise<BatchManifest> {
  const { folder, bucket, prefix } = target;
  const counts = { listed: 0, longEnough: 0 };
  const md5 = createHash('md5');
  await mkdir(folder).catch((error: unknown) => {
    throw fileError(`${folder} could not be made`, error);
  });
  {
    await using file = await open(join(folder, 'manifest.csv'), 'wx');
    for await (const { object, isShort } of objects) {
      if (!isShort) {
        counts.longEnough++;
        continue;
      }
      counts.listed++;
      const row = `${bucket},${urlEncoded(prefix + object.key)},${urlEncoded(object.versionId)}\n`;
      md5.update(row);
      await file.write(row);
    }
    await file.sync();
  }
  await writeFile(join(folder, 'README.txt'), readme(target, counts), { flag: 'wx' });
  await writeFile(join(folder, 'job.json'), jobText(target, md5.digest('hex')), { flag: 'wx' });
  return counts;
}

const jobText = ({ until, mode, bucket }: Target, etag: string): string =>
  `${JSON.stringify(
    {
      AccountId: 'ACCOUNT',
      ConfirmationRequired: true,
      Operation: {
        S3PutObjectRetention: {
          BypassGovernanceRetention: false,
          Retention: { RetainUntilDate: until, Mode: mode },
        },
      },
      Manifest: {
        Spec: { Format: 'S3BatchOperations_CSV_20180820', Fields: ['Bucket', 'Key', 'VersionId'] },
        Location: { ObjectArn: 'arn:aws:s3:::MANIFEST_BUCKET/manifest.csv', ETag: etag },
      },
      Report: {
        ...{ Bucket: 'arn:aws:s3:::REPORT_BUCKET', Prefix: 'ledgerstone', Format: 'Report_CSV_20180820' },
        ...{ Enabled: true, ReportScope: 'FailedTasksOnly' },
      },
      Priority: 10,
      RoleArn: 'arn:aws:iam::ACCOUNT:role/ROLE',
      Description: `Locks of ${bucket} until ${until}`,
    },
    null,
    2,
  )}\n`;

const readme = ({ until, bucket }: Target, { listed, longEnough }: BatchManifest): string => `\
What was decided is recorded. Nothing in the bucket has been changed by it yet.

manifest.csv  ${listed} object versions of ${bucket} whose lock is shorter than ${until}: bucket, key and version,
              keys encoded as in URLs. ${longEnough} more are locked as long already, and are not listed.
job.json      the job for S3 Batch Operations, S3PutObjectRetention. Replace ACCOUNT, MANIFEST_BUCKET,
              REPORT_BUCKET and ROLE. The ETag is the MD5 of manifest.csv: it fits where the file was put in one
              piece and under SSE-S3; else take the one that S3 shows.

1. Put manifest.csv into a bucket of your own, not into the archive's.
2. The role is assumed by batchoperations.s3.amazonaws.com. It needs s3:PutObjectRetention and
   s3:GetBucketObjectLockConfiguration on ${bucket}, s3:GetObject on the manifest, s3:PutObject for the report. The
   bucket policy that infra/ makes lets only the archive's own roles lengthen locks: name this one there as long
   as the job runs, and take it out again.
3. aws s3control create-job --cli-input-json file://job.json, then look at it and confirm it. A date that is set
   can't be taken back.
4. When it is complete: ledgerstone retention enforce. It reads every lock back, lengthens what lacks, and says
   in the chain of decisions that it is done. Until then the decision is open, and after 24 hours a finding.
`;
