// Where do the trails of both parties write? Into a locked bucket of the verifier's account.
import { Duration } from 'aws-cdk-lib';
import {
  AnyPrincipal,
  type Condition,
  Effect,
  PolicyStatement,
  type PolicyStatementProps,
  type Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeObjectPattern } from './cdk-nag.ts';
import { LockedBucket } from './locked-bucket.ts';
import { READ_BUCKET, READ_VERSIONS } from './read-actions.ts';

export type TrailBucketProps = {
  readonly name: string;
  /** How long CloudTrail's files are locked. They are removed afterwards. */
  readonly keptDays: number;
  /** Which trail writes under which account's prefix. */
  readonly trails: readonly { readonly arn: string; readonly account: string }[];
  /** The only roles that may read the files. */
  readonly readers: readonly Role[];
  /** ARNs of the only roles that may change the bucket's settings and policy. */
  readonly guardians: readonly string[];
};

const CLOUDTRAIL = 'cloudtrail.amazonaws.com';

/** CloudTrail names no lock, so the bucket's default is the lock of each file. */
export class TrailBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { trails, keptDays, ...props }: TrailBucketProps) {
    super(scope, id);
    const { bucket } = new LockedBucket(this, 'Records', {
      name: props.name,
      defaultDays: keptDays,
      sendsEvents: true,
      auditedBy: "CloudTrail's digest files, which show whether a file is missing or was changed",
    });
    this.bucket = bucket;
    bucket.addLifecycleRule({
      expiration: Duration.days(keptDays + 1),
      noncurrentVersionExpiration: Duration.days(1),
    });
    for (const statement of policyFor(bucket, trails, props)) bucket.addToResourcePolicy(statement);
    const { bucketArn } = bucket;
    for (const role of props.readers) {
      const allow = (sid: string, actions: readonly string[], resource: string) =>
        role.addToPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [resource] }));
      allow('ReadTheRecords', READ_VERSIONS, `${bucketArn}/AWSLogs/*`);
      allow('ListTheRecordsAndReadTheirSettings', READ_BUCKET, bucketArn);
      acknowledgeObjectPattern(role, bucket, 'AWSLogs/*', 'CloudTrail names its files itself.');
    }
  }
}

function policyFor(
  { bucketArn }: Bucket,
  trails: TrailBucketProps['trails'],
  { readers, guardians }: Pick<TrailBucketProps, 'readers' | 'guardians'>,
): PolicyStatement[] {
  const cloudTrail = { principals: [new ServicePrincipal(CLOUDTRAIL)] };
  const arns = trails.map(({ arn }) => arn);
  const deny = (sid: string, more: Pick<PolicyStatementProps, 'actions' | 'resources' | 'conditions'>) =>
    new PolicyStatement({ sid, effect: Effect.DENY, principals: [new AnyPrincipal()], ...more });
  const unless = (roles: readonly string[]): Record<string, Condition> => ({
    ArnNotEquals: { 'aws:PrincipalArn': [...roles] },
  });
  const objects = [`${bucketArn}/*`];
  return [
    new PolicyStatement({
      ...cloudTrail,
      sid: 'TrailsLook',
      actions: ['s3:GetBucketAcl'],
      resources: [bucketArn],
      conditions: { StringEquals: { 'aws:SourceArn': arns } },
    }),
    ...trails.map(
      ({ arn, account }, index) =>
        new PolicyStatement({
          ...cloudTrail,
          sid: `TrailWrites${index}`,
          actions: ['s3:PutObject'],
          resources: [`${bucketArn}/AWSLogs/${account}/*`],
          conditions: { StringEquals: { 'aws:SourceArn': arn, 's3:x-amz-acl': 'bucket-owner-full-control' } },
        }),
    ),
    deny('NobodyDeletes', { actions: ['s3:DeleteObject*', 's3:ReplicateDelete'], resources: objects }),
    deny('NobodyChangesLocks', {
      actions: ['s3:PutObjectRetention', 's3:PutObjectLegalHold', 's3:BypassGovernanceRetention'],
      resources: objects,
    }),
    deny('OnlyCloudTrailWrites', {
      actions: ['s3:PutObject', 's3:ReplicateObject'],
      resources: objects,
      conditions: { StringNotEquals: { 'aws:PrincipalServiceName': CLOUDTRAIL } },
    }),
    deny('OnlyReadersRead', {
      actions: ['s3:GetObject*'],
      resources: objects,
      conditions: unless(readers.map(({ roleArn }) => roleArn)),
    }),
    deny('OnlyGuardiansChangeSettings', {
      actions: ['s3:Put*', 's3:Delete*', 's3:Create*', 's3:Update*'],
      resources: [bucketArn],
      conditions: unless(guardians),
    }),
  ];
}
