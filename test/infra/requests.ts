// Which requests are dangerous, and which role alone may make each?
import { type Actor, BUCKET_ARN, GOOD_PUT, OBJECT, type Request } from './simulation.ts';
import { BUCKET } from './synthesised.ts';

export type Row = { readonly what: string; readonly request: Request; readonly may: readonly Actor[] };

const without = (...names: readonly (keyof typeof GOOD_PUT)[]) =>
  Object.fromEntries(Object.entries(GOOD_PUT).filter(([key]) => !names.some((name) => name === key)));
/** As S3's event holds are asked for: a time that begins when somebody ends the hold, and no date. */
const EVENT_HOLD = {
  's3:if-none-match': '*',
  's3:ObjectCreationOperation': 'true',
  's3:object-lock-mode': 'COMPLIANCE',
  's3:object-lock-event-hold': 'ON',
  's3:object-lock-event-hold-duration-days': '1',
};
const put = (
  what: string,
  context: Readonly<Record<string, string>>,
  may: readonly Actor[] = [],
  resource = OBJECT,
): Row => ({
  what: `put ${what}`,
  request: { action: 's3:PutObject', resource, context },
  may,
});
const on = (resource: string, action: string, may: readonly Actor[], context = {}, what = action): Row => ({
  what,
  request: { action, resource, context },
  may,
});
const SSE = 's3:x-amz-server-side-encryption';
const extend = (days: string, mode: string, may: readonly Actor[] = []) =>
  on(
    OBJECT,
    's3:PutObjectRetention',
    may,
    { 's3:object-lock-mode': mode, 's3:object-lock-remaining-retention-days': days },
    `lock for ${days} days in ${mode}`,
  );
const FOREIGN_OBJECT = `arn:aws:s3:::${BUCKET}/elsewhere/file`;

export const OBJECT_ROWS: readonly Row[] = [
  put('as the archiver does', GOOD_PUT, ['archiver']),
  put('with SSE-S3 spelled out', { ...GOOD_PUT, [SSE]: 'AES256' }, ['archiver']),
  put('a longer lock', { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '3650' }, ['archiver']),
  put('over what is there', without('s3:if-none-match')),
  put('without a lock', without('s3:object-lock-mode')),
  put('in governance mode', { ...GOOD_PUT, 's3:object-lock-mode': 'GOVERNANCE' }),
  put('a day too short', { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '363' }),
  put('a lock of over ten years', { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '3654' }),
  put('a lock of exactly the most', { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '3653' }, [
    'archiver',
  ]),
  put('an event hold, which has no date', EVENT_HOLD),
  put('an event hold beside a date', { ...GOOD_PUT, 's3:object-lock-event-hold': 'ON' }),
  put('the end of an event hold', { ...GOOD_PUT, 's3:object-lock-event-hold': 'OFF' }),
  put(
    'a lock without a date',
    without('s3:object-lock-retain-until-date', 's3:object-lock-remaining-retention-days'),
  ),
  put('under a KMS key', { ...GOOD_PUT, [SSE]: 'aws:kms' }),
  put('under two KMS keys', { ...GOOD_PUT, [SSE]: 'aws:kms:dsse' }),
  put("under a customer's key", {
    ...GOOD_PUT,
    's3:x-amz-server-side-encryption-customer-algorithm': 'AES256',
  }),
  put('a part of a multipart upload, which makes no object', { 's3:ObjectCreationOperation': 'false' }, [
    'archiver',
  ]),
  put('the end of a multipart upload, which carries no lock', {
    's3:if-none-match': '*',
    's3:ObjectCreationOperation': 'true',
  }),
  put('outside the archive', GOOD_PUT, [], FOREIGN_OBJECT),
  put('beside the four names', GOOD_PUT, [], `arn:aws:s3:::${BUCKET}/prod/other/file`),
  put('without the prefix', GOOD_PUT, [], `arn:aws:s3:::${BUCKET}/seals/file`),
  put('the specification', GOOD_PUT, ['archiver'], `arn:aws:s3:::${BUCKET}/prod/FORMAT-00.md`),
  put('without TLS', { ...GOOD_PUT, 'aws:SecureTransport': 'false' }),
  put('with TLS 1.1', { ...GOOD_PUT, 's3:TlsVersion': '1.1' }),
  extend('364', 'COMPLIANCE', ['archiver']),
  extend('3650', 'COMPLIANCE', ['archiver']),
  extend('10', 'COMPLIANCE'),
  extend('3650', 'GOVERNANCE'),
  extend('3654', 'COMPLIANCE'),
  ...['ON', 'OFF'].map((hold) =>
    on(OBJECT, 's3:PutObjectRetention', [], { 's3:object-lock-event-hold': hold }, `an event hold ${hold}`),
  ),
  ...['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'].map((action) =>
    on(OBJECT, action, ['archiver', 'auditor']),
  ),
  on(OBJECT, 's3:GetObjectLegalHold', ['auditor']),
  on(FOREIGN_OBJECT, 's3:GetObjectVersion', ['auditor'], {}, 'read what somebody else put there'),
  on(OBJECT, 's3:GetObjectVersion', [], { 'aws:SecureTransport': 'false' }, 'read without TLS'),
  ...[
    's3:DeleteObject',
    's3:DeleteObjectVersion',
    's3:DeleteObjectTagging',
    's3:DeleteObjectVersionTagging',
  ].map((action) => on(OBJECT, action, [])),
  ...[
    's3:BypassGovernanceRetention',
    's3:PutObjectLegalHold',
    's3:PutObjectAcl',
    's3:PutObjectVersionAcl',
  ].map((action) => on(OBJECT, action, [])),
  ...[
    's3:PutObjectTagging',
    's3:UpdateObjectEncryption',
    's3:RestoreObject',
    's3:ReplicateObject',
    's3:ReplicateDelete',
  ].map((action) => on(OBJECT, action, [])),
];

const LISTERS: readonly Actor[] = ['archiver', 'auditor', 'deployer', 'admin', 'root'];
// What a person may have to change in an emergency, and what only ever comes out of a template.
const GUARD_RAILS = [
  's3:PutBucketVersioning',
  's3:PutBucketObjectLockConfiguration',
  's3:PutLifecycleConfiguration',
  's3:PutBucketPolicy',
  's3:PutEncryptionConfiguration',
  's3:PutBucketPublicAccessBlock',
];
const OTHER_SETTINGS = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:PutReplicationConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketAcl',
  's3:PutIntelligentTieringConfiguration',
  's3:PutBucketLogging',
  's3:PutBucketWebsite',
  's3:PutBucketCORS',
];

export const bucketRows = (sealed: boolean): readonly Row[] => {
  const deployer: readonly Actor[] = sealed ? [] : ['deployer'];
  return [
    on(BUCKET_ARN, 's3:ListBucketVersions', LISTERS, { 's3:prefix': 'prod/seals/' }),
    on(BUCKET_ARN, 's3:ListBucket', LISTERS, {}, 'HeadBucket, and 404 for a missing object'),
    on(
      BUCKET_ARN,
      's3:ListBucketVersions',
      ['auditor', 'deployer', 'admin', 'root'],
      { 's3:prefix': 'elsewhere/' },
      'list versions elsewhere',
    ),
    on(
      BUCKET_ARN,
      's3:ListBucketVersions',
      ['auditor', 'deployer', 'admin', 'root'],
      {},
      'list versions everywhere',
    ),
    on(BUCKET_ARN, 's3:GetBucketPublicAccessBlock', [...LISTERS, 'breakGlass']),
    on(BUCKET_ARN, 's3:GetBucketVersioning', [...LISTERS, 'breakGlass']),
    on(BUCKET_ARN, 's3:GetBucketObjectLockConfiguration', [...LISTERS, 'breakGlass']),
    on(BUCKET_ARN, 's3:GetBucketPolicy', ['auditor', 'breakGlass', 'deployer', 'admin', 'root']),
    ...GUARD_RAILS.map((action) => on(BUCKET_ARN, action, ['breakGlass', ...deployer])),
    ...OTHER_SETTINGS.map((action) => on(BUCKET_ARN, action, deployer)),
  ];
};

export const keyRows = (keyArn: string, sealed: boolean): readonly Row[] => {
  const deployer: readonly Actor[] = sealed ? [] : ['deployer'];
  const sign = (what: string, algorithm: string, messageType: string, may: readonly Actor[] = []) =>
    on(
      keyArn,
      'kms:Sign',
      may,
      { 'kms:SigningAlgorithm': algorithm, 'kms:MessageType': messageType },
      `sign ${what}`,
    );
  return [
    sign('a message', 'ED25519_SHA_512', 'RAW', ['archiver']),
    sign('a digest', 'ED25519_PH_SHA_512', 'DIGEST'),
    sign('with another algorithm', 'ECDSA_SHA_256', 'DIGEST'),
    on(keyArn, 'kms:GetPublicKey', ['archiver', 'auditor', 'keyAdmin', 'breakGlass', 'deployer']),
    on(keyArn, 'kms:DescribeKey', ['archiver', 'auditor', 'keyAdmin', 'breakGlass', 'deployer']),
    on(keyArn, 'kms:GetKeyPolicy', ['auditor', 'keyAdmin', 'breakGlass', 'deployer']),
    on(keyArn, 'kms:PutKeyPolicy', ['breakGlass', ...deployer]),
    on(keyArn, 'kms:DisableKey', ['breakGlass']),
    on(keyArn, 'kms:ScheduleKeyDeletion', ['breakGlass']),
    on(keyArn, 'kms:EnableKey', ['breakGlass']),
    on(keyArn, 'kms:TagResource', ['keyAdmin', ...deployer]),
    on(keyArn, 'kms:CancelKeyDeletion', ['keyAdmin', 'breakGlass']),
    on(keyArn, 'kms:CreateGrant', []),
    on(keyArn, 'kms:ReplicateKey', []),
  ];
};
