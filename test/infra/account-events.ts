// Which events does an AWS account emit about what the verifier watches, and about everything else?
import { ACCOUNT, BUCKET, KEY_IDS, REGION } from './synthesised.ts';
import { APART, bothStacks, LOG_KEY, World } from './two-parties.ts';

export const STACKS = bothStacks(APART);
export const WORLD = new World(STACKS);

const KEY = 'prod/seals/topic=orders/partition=0/000000000041.tlog-proof';
export const fromS3 = (type: string, key = KEY, bucket = BUCKET) => ({
  ...{ source: 'aws.s3', account: ACCOUNT, 'detail-type': type },
  detail: { bucket: { name: bucket }, object: { key } },
});

export const by = (arn: string) => ({
  userIdentity: {
    type: 'AssumedRole',
    arn: arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/').concat('/mallory'),
    sessionContext: { sessionIssuer: { type: 'Role', arn } },
  },
});

const WHEN = '2026-11-22T10:11:12Z';
export const FROM = '203.0.113.7';
let made = 0;

/**
 * What CloudTrail calls read-only: reads by their names, and AssumeRole and Sign by its documented examples
 * (KMS guide, Sign; EventBridge guide, read-only management events).
 */
const READ_ONLY = /^(?:Get|Head|List|Describe|AssumeRole|Sign$)/;

/** As CloudTrail records a call and hands it to EventBridge (CloudTrail guide, record contents). */
export const call = (service: string, detail: { eventName: string; [member: string]: unknown }) => ({
  ...{
    version: '0',
    id: `00000000-0000-4000-9000-${String(made).padStart(12, '0')}`,
    time: WHEN,
    region: REGION,
  },
  ...{
    source: `aws.${service}`,
    account: ACCOUNT,
    'detail-type': 'AWS API Call via CloudTrail',
    resources: [],
  },
  detail: {
    ...{ eventVersion: '1.11', eventID: `00000000-0000-4000-8000-${String(made++).padStart(12, '0')}` },
    ...{ eventTime: WHEN, sourceIPAddress: FROM, userAgent: '[aws-cli/2.31.0]', awsRegion: REGION },
    ...by(`arn:aws:iam::${ACCOUNT}:role/admin`),
    ...{ eventSource: `${service}.amazonaws.com`, responseElements: null, requestID: 'EXAMPLE' },
    ...{ readOnly: READ_ONLY.test(detail.eventName), eventType: 'AwsApiCall', managementEvent: true },
    ...{ recipientAccountId: ACCOUNT, eventCategory: 'Management' },
    ...detail,
  },
});
export const objectCall = (eventName: string, more: object = {}, bucketName = BUCKET) =>
  call('s3', {
    ...{ eventName, managementEvent: false, eventCategory: 'Data' },
    requestParameters: { bucketName, Host: `${bucketName}.s3.${REGION}.amazonaws.com`, key: KEY },
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucketName}/${KEY}` },
      { accountId: ACCOUNT, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketName}` },
    ],
    ...more,
  });
export const settingCall = (eventName: string, more: object = {}, bucketName = BUCKET) =>
  call('s3', {
    eventName,
    requestParameters: { bucketName, Host: `${bucketName}.s3.${REGION}.amazonaws.com` },
    resources: [{ accountId: ACCOUNT, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketName}` }],
    ...more,
  });
export const keyCall = (eventName: string, more: object = {}) =>
  call('kms', { eventName, requestParameters: { keyId: KEY_IDS.log }, resources: null, ...more });
const trailCall = (eventName: string, requestParameters: object) =>
  call('cloudtrail', { eventName, requestParameters });
const ruleCall = (eventName: string, requestParameters: object) =>
  call('events', { eventName, requestParameters });
export const roleTaken = (roleArn: string, more: object = {}) =>
  call('sts', {
    ...{ eventName: 'AssumeRole', requestParameters: { roleArn, roleSessionName: 'mallory' } },
    resources: [{ accountId: ACCOUNT, type: 'AWS::IAM::Role', ARN: roleArn }],
    ...more,
  });

export const REFUSED = { errorCode: 'AccessDenied' };
const TRAIL = 'ledgerstone-archive';
const ARCHIVER = WORLD.arn('archiver');
type Named = readonly (readonly [what: string, event: ReturnType<typeof call> | ReturnType<typeof fromS3>])[];

/** What S3 tells of its objects: the verifier looks for itself. */
export const HINTS: Named = [
  ['a new seal', fromS3('Object Created')],
  ['a foreign object', fromS3('Object Created', 'elsewhere/file')],
  ['a delete marker', fromS3('Object Deleted')],
];

/** Each of which is to become a finding. */
export const ATTEMPTS: Named = [
  ['a delete', objectCall('DeleteObject')],
  ['a delete that was refused', objectCall('DeleteObject', REFUSED)],
  ['a delete of many', objectCall('DeleteObjects', REFUSED)],
  ['a delete by whoever drills', objectCall('DeleteObject', { ...REFUSED, ...by(WORLD.arn('driller')) })],
  ['other tags', objectCall('PutObjectTagging')],
  ['other owners', objectCall('PutObjectAcl')],
  ['another encryption', objectCall('UpdateObjectEncryption')],
  ['a change of a lock by a role', objectCall('PutObjectRetention', by('other'))],
  ['a change of a lock by root', objectCall('PutObjectRetention', { userIdentity: { type: 'Root' } })],
  ['one by the archiver that was refused', objectCall('PutObjectRetention', { ...REFUSED, ...by(ARCHIVER) })],
  ['a change of a lock that was refused', objectCall('PutObjectRetention', REFUSED)],
  ['a legal hold', objectCall('PutObjectLegalHold')],
  // So records were seen to name it. Their members are the same but for `legal-hold`.
  ['a legal hold by the other name', objectCall('PutObjectLockLegalHold')],
  ['a change of a lock by the other name', objectCall('PutObjectLockRetention', by('other'))],
  ['a write that was refused', objectCall('PutObject', REFUSED)],
  ['a copy that was refused', objectCall('CopyObject', REFUSED)],
  ['an upload in parts that was refused', objectCall('UploadPart', REFUSED)],
  ['a new policy', settingCall('PutBucketPolicy')],
  ['a new policy that was refused', settingCall('PutBucketPolicy', REFUSED)],
  ['no policy', settingCall('DeleteBucketPolicy')],
  ['versioning', settingCall('PutBucketVersioning')],
  ['a rule that expires objects', settingCall('PutBucketLifecycle')],
  ['a door for the public', settingCall('PutBucketPublicAccessBlock')],
  ['the lock of the bucket', settingCall('PutBucketObjectLockConfiguration')],
  ['the lock of the bucket, by its older name', settingCall('PutObjectLockConfiguration')],
  ['a setting that S3 invents later', settingCall('PutBucketWhatever')],
  ['a new policy of the key', keyCall('PutKeyPolicy')],
  ['one that names it by ARN', keyCall('PutKeyPolicy', { requestParameters: { keyId: LOG_KEY } })],
  [
    'one that names it by alias',
    keyCall('DisableKey', { requestParameters: {}, resources: [{ ARN: LOG_KEY }] }),
  ],
  ['a key put to sleep', keyCall('DisableKey')],
  ['a key woken', keyCall('EnableKey')],
  ['the end of the key', keyCall('ScheduleKeyDeletion')],
  ['the end of the key that was refused', keyCall('ScheduleKeyDeletion', REFUSED)],
  ['no end of the key', keyCall('CancelKeyDeletion')],
  ['a grant', keyCall('CreateGrant')],
  ['a grant less', keyCall('RevokeGrant')],
  ['a signature that was refused', keyCall('Sign', REFUSED)],
  [
    'a refused signature of which KMS records the key in its message alone',
    keyCall('Sign', {
      ...{ ...REFUSED, requestParameters: null, resources: null },
      errorMessage: `User: x is not authorized to perform: kms:Sign on resource: ${LOG_KEY} because y`,
    }),
  ],
  ['the break-glass role', roleTaken(WORLD.arn('breakGlass'))],
  ['the break-glass role, in vain', roleTaken(WORLD.arn('breakGlass'), REFUSED)],
  ['a rule less', ruleCall('DeleteRule', { name: 'ledgerstone-to-verifier-key' })],
  ['a rule that sleeps', ruleCall('DisableRule', { name: 'ledgerstone-to-verifier-attempts' })],
  ['another pattern of a rule', ruleCall('PutRule', { name: 'ledgerstone-to-verifier-attempts' })],
  [
    'a rule that leads nowhere',
    ruleCall('RemoveTargets', { rule: 'ledgerstone-to-verifier-objects', ids: ['Bus'] }),
  ],
  ['a rule that leads elsewhere', ruleCall('PutTargets', { rule: 'ledgerstone-to-verifier-objects' })],
  ['the end of the trail', trailCall('StopLogging', { name: TRAIL })],
  [
    'less in the trail',
    trailCall('PutEventSelectors', { trailName: `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/${TRAIL}` }),
  ],
];

/** Of which the verifier is to hear nothing. */
export const OTHERS: Named = [
  ['another bucket', fromS3('Object Created', KEY, 'somebody-elses')],
  ['an honest put, which S3 tells itself', objectCall('PutObject')],
  ['a lock that the archiver lengthens', objectCall('PutObjectRetention', by(ARCHIVER))],
  [
    'a lock that the archiver lengthens, by the other name',
    objectCall('PutObjectLockRetention', by(ARCHIVER)),
  ],
  ['another trail', trailCall('StopLogging', { name: 'other' })],
  ['a put that lost to another', objectCall('PutObject', { errorCode: 'PreconditionFailed' })],
  ['a read', objectCall('GetObject')],
  ['a read that was refused', objectCall('GetObject', REFUSED)],
  ['settings of another bucket', settingCall('PutBucketPolicy', {}, 'somebody-elses')],
  ['a look at settings', settingCall('GetBucketPolicy')],
  ['an honest signature', keyCall('Sign')],
  ['another key', keyCall('PutKeyPolicy', { requestParameters: { keyId: 'other' } })],
  ['another role', roleTaken('arn:aws:iam::111122223333:role/other')],
  ['another rule', ruleCall('PutRule', { name: 'nightly' })],
  ['another service', call('ec2', { eventName: 'RunInstances' })],
];
