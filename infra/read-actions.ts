// Which actions read everything of a bucket, with locks and settings, and change nothing? The verifier's role,
// people's roles and bucket policies share them.

/** Without the last two S3 leaves locks out of its answers, which looks like "not locked". */
export const READ_OBJECTS = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
] as const;

/** Without ListBucket S3 answers 403 instead of 404. */
export const READ_BUCKET = [
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:GetBucketObjectLockConfiguration',
  's3:GetBucketVersioning',
  's3:GetBucketPolicy',
  's3:GetBucketPolicyStatus',
  's3:GetBucketPublicAccessBlock',
  's3:GetBucketOwnershipControls',
  's3:GetEncryptionConfiguration',
  's3:GetLifecycleConfiguration',
  's3:GetReplicationConfiguration',
] as const;

/** S3 shows a bucket's policy to its own account only. Others get 405, whatever policies allow. */
export const READ_FOREIGN_BUCKET = READ_BUCKET.filter((action) => action !== 's3:GetBucketPolicy');

/** Prefix of the verifier's findings in its own bucket. */
export const FINDINGS_PREFIX = 'findings/';
export const READ_VERSIONS = ['s3:GetObject', 's3:GetObjectVersion'] as const;
export const LIST_VERSIONS = ['s3:ListBucket', 's3:ListBucketVersions'] as const;
