// Which events of a bucket and its key does the verifier get?
import type { EventPattern } from 'aws-cdk-lib/aws-events';

type WatchedKey = { readonly keyArn: string; readonly keyId: string };

export type WatchedResources = {
  readonly bucketName: string;
  readonly keys: readonly WatchedKey[];
  /** The role that may lengthen locks: doing so is no attempt. */
  readonly lockKeeperArn: string;
  /** Null: the account has another trail. */
  readonly trail: { readonly name: string; readonly arn: string } | null;
  /** Names of the rules that bring events begin so. */
  readonly rulePrefix: string;
};

export type WatchedEvents = {
  readonly id: string;
  readonly description: string;
  readonly pattern: EventPattern;
};

const CLOUDTRAIL = 'AWS API Call via CloudTrail';

/** Refused calls too: CloudTrail reports them under the same names. */
const KEY_EVENTS = [
  ...['PutKeyPolicy', 'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'],
  ...['CreateGrant', 'RetireGrant', 'RevokeGrant', 'DeleteImportedKeyMaterial', 'ReplicateKey'],
];

/** What takes a rule away, or leads it elsewhere. */
const RULE_EVENTS = ['PutRule', 'DeleteRule', 'DisableRule', 'PutTargets', 'RemoveTargets'];

/** By verb where that is possible, like the bucket's denials: S3 gets new settings. */
const OBJECT_EVENTS = [
  // Object Lock's calls are recorded by the API's name, or with `Lock` in it: AWS's pages do not say.
  ...[{ prefix: 'Delete' }, 'PutObjectLegalHold', 'PutObjectLockLegalHold', 'PutObjectLockConfiguration'],
  ...['PutObjectAcl', 'PutObjectTagging', 'UpdateObjectEncryption'],
];

const LENGTHENING = ['PutObjectRetention', 'PutObjectLockRetention'];

/** What happened in the bucket, as S3 reports it to EventBridge. */
export function objectEvents({ bucketName }: Pick<WatchedResources, 'bucketName'>): WatchedEvents {
  return {
    id: 'Objects',
    description: 'Objects that were put or deleted',
    pattern: {
      source: ['aws.s3'],
      // A put may be a seal, a second version or a foreign object; a delete leaves a marker.
      detailType: ['Object Created', 'Object Deleted'],
      detail: { bucket: { name: [bucketName] } },
    },
  };
}

/** Files of CloudTrail's records, of both accounts and all Regions. The digest files beside them are no hints. */
export const trailFileEvents = ({ bucketName }: Pick<WatchedResources, 'bucketName'>): WatchedEvents => ({
  id: 'TrailFiles',
  description: 'New files of CloudTrail',
  pattern: {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: {
      bucket: { name: [bucketName] },
      object: { key: [{ wildcard: 'AWSLogs/*/CloudTrail/*.json.gz' }] },
    },
  },
});

/** What somebody did or tried, as CloudTrail reports it a few minutes later. */
export function attemptEvents(watched: WatchedResources): WatchedEvents[] {
  const { bucketName, keys, lockKeeperArn, trail, rulePrefix } = watched;
  const bucket = { requestParameters: { bucketName: [bucketName] }, readOnly: [false] };
  return [
    bySource('Settings', 'Changes of the bucket and its policy, also refused ones', 's3', {
      ...bucket,
      managementEvent: [true],
    }),
    bySource('Attempts', 'Deletes, changes of locks and refused writes', 's3', {
      ...bucket,
      managementEvent: [false],
      $or: [
        { eventName: OBJECT_EVENTS },
        { eventName: LENGTHENING, ...byAnotherRole(lockKeeperArn) },
        { eventName: LENGTHENING, userIdentity: { type: [{ 'anything-but': ['AssumedRole'] }] } },
        { errorCode: ['AccessDenied'] },
      ],
    }),
    bySource('Key', 'Changes of the key and its policy, also refused ones', 'kms', {
      eventName: KEY_EVENTS,
      ...ofKeys(keys),
    }),
    bySource('Signatures', 'Refused signatures', 'kms', {
      eventName: ['Sign'],
      errorCode: [{ exists: true }],
      ...ofKeys(keys),
    }),
    bySource('Rules', 'Changes of the rules that bring these events', 'events', {
      eventName: RULE_EVENTS,
      $or: ['name', 'rule'].map((member) => ({ requestParameters: { [member]: [{ prefix: rulePrefix }] } })),
    }),
    ...(trail === null
      ? []
      : [
          bySource('Trail', 'Changes of the trail', 'cloudtrail', {
            eventName: ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'],
            $or: ['name', 'trailName'].map((member) => ({
              requestParameters: { [member]: [trail.name, trail.arn] },
            })),
          }),
        ]),
  ];
}

/**
 * A refused call names the key in the caller's form, and KMS may leave out `resources` and the parameters. Then
 * only the message names the key.
 */
const ofKeys = (keys: readonly WatchedKey[]) => ({
  $or: [
    { resources: { ARN: keys.map(({ keyArn }) => keyArn) } },
    { requestParameters: { keyId: keys.flatMap(({ keyArn, keyId }) => [keyArn, keyId]) } },
    { errorMessage: keys.map(({ keyArn }) => ({ wildcard: `*${keyArn}*` })) },
  ],
});

const byAnotherRole = (arn: string) => ({
  userIdentity: { sessionContext: { sessionIssuer: { arn: [{ 'anything-but': [arn] }] } } },
});

/** Uses of a break-glass role, or of the account's root by its organisation, and tries. */
export const breakGlassUse = (roleArn: string, account: string): WatchedEvents =>
  bySource('BreakGlass', "Uses of the break-glass role and of the account's root, also refused ones", 'sts', {
    $or: [
      { eventName: [{ prefix: 'AssumeRole' }], requestParameters: { roleArn: [roleArn] } },
      { eventName: ['AssumeRoot'], requestParameters: { targetPrincipal: [{ wildcard: `*${account}*` }] } },
    ],
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
