// Which events of a bucket and its key does the verifier want to see?
import type { EventPattern } from 'aws-cdk-lib/aws-events';

export type WatchedResources = {
  readonly bucketName: string;
  readonly keyArn: string;
  readonly keyId: string;
  /** Role that lengthens locks as part of its work. */
  readonly lockKeeperArn: string;
  /** Null: the trail is somebody else's. */
  readonly trail: { readonly name: string; readonly arn: string } | null;
};

export type WatchedEvents = {
  readonly id: string;
  readonly description: string;
  readonly pattern: EventPattern;
};

const CLOUDTRAIL = 'AWS API Call via CloudTrail';

/** Also where a caller was told no, which CloudTrail reports under the same names. */
const KEY_EVENTS = [
  ...['PutKeyPolicy', 'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'],
  ...['CreateGrant', 'RetireGrant', 'RevokeGrant', 'DeleteImportedKeyMaterial', 'ReplicateKey'],
];

/** By verb where there is one, as the guards of the bucket are: S3 keeps inventing settings. */
const OBJECT_EVENTS = [
  ...[{ prefix: 'Delete' }, 'PutObjectLegalHold', 'PutObjectLockConfiguration'],
  ...['PutObjectAcl', 'PutObjectTagging', 'UpdateObjectEncryption'],
];

/** What happened in the bucket, as S3 itself tells EventBridge. */
export function objectEvents({ bucketName }: Pick<WatchedResources, 'bucketName'>): WatchedEvents {
  return {
    id: 'Objects',
    description: 'Objects that were put or hidden',
    pattern: {
      source: ['aws.s3'],
      // A put may be a seal, a second version or a foreign object; a delete leaves a marker.
      detailType: ['Object Created', 'Object Deleted'],
      detail: { bucket: { name: [bucketName] } },
    },
  };
}

/** What somebody did or tried, as CloudTrail tells it a few minutes later. */
export function attemptEvents(watched: WatchedResources): WatchedEvents[] {
  const { bucketName, keyArn, keyId, lockKeeperArn, trail } = watched;
  const bucket = { requestParameters: { bucketName: [bucketName] }, readOnly: [false] };
  return [
    bySource('Settings', 'Changes of the bucket and its policy, also in vain', 's3', {
      ...bucket,
      managementEvent: [true],
    }),
    bySource('Attempts', 'Deletes and changes of locks, and every write that was refused', 's3', {
      ...bucket,
      managementEvent: [false],
      $or: [
        { eventName: OBJECT_EVENTS },
        { eventName: ['PutObjectRetention'], ...byAnotherRole(lockKeeperArn) },
        { eventName: ['PutObjectRetention'], userIdentity: { type: [{ 'anything-but': ['AssumedRole'] }] } },
        { errorCode: ['AccessDenied'] },
      ],
    }),
    bySource('Key', 'Changes of the key and its policy, also in vain', 'kms', {
      eventName: KEY_EVENTS,
      ...ofKey(keyArn, keyId),
    }),
    bySource('Signatures', 'Signatures that somebody was refused', 'kms', {
      eventName: ['Sign'],
      errorCode: [{ exists: true }],
      ...ofKey(keyArn, keyId),
    }),
    ...(trail === null
      ? []
      : [
          bySource('Trail', 'Changes of the trail that tells all this', 'cloudtrail', {
            eventName: ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'],
            $or: ['name', 'trailName'].map((member) => ({
              requestParameters: { [member]: [trail.name, trail.arn] },
            })),
          }),
        ]),
  ];
}

/** A refused call names the key as its caller did, and KMS may leave `resources` out. */
const ofKey = (keyArn: string, keyId: string) => ({
  $or: [{ resources: { ARN: [keyArn] } }, { requestParameters: { keyId: [keyArn, keyId] } }],
});

const byAnotherRole = (arn: string) => ({
  userIdentity: { sessionContext: { sessionIssuer: { arn: [{ 'anything-but': [arn] }] } } },
});

/** Uses of a role for emergencies, and tries. */
export const breakGlassUse = (roleArn: string): WatchedEvents =>
  bySource('BreakGlass', 'Uses of the break-glass role, and tries', 'sts', {
    eventName: [{ prefix: 'AssumeRole' }],
    requestParameters: { roleArn: [roleArn] },
  });

function bySource(id: string, description: string, source: string, detail: object): WatchedEvents {
  return {
    id,
    description,
    pattern: {
      source: [`aws.${source}`],
      detailType: [CLOUDTRAIL],
      detail: { eventSource: [`${source}.amazonaws.com`], ...detail },
    },
  };
}
