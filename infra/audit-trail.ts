// Who wrote, deleted or tried to? CloudTrail records it for one bucket, in another bucket.
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

const KEPT_DAYS = 400;

/**
 * Logs write events of that bucket's objects, and management events of the account that change something,
 * such as policies, settings and keys. EventBridge gets only those CloudTrail events that some trail logs.
 */
export class AuditTrail extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: { readonly name: string; readonly bucketArn: string }) {
    super(scope, id);
    const { account, region, partition } = Stack.of(this);
    this.name = props.name;
    this.arn = `arn:${partition}:cloudtrail:${region}:${account}:trail/${props.name}`;
    const logs = new Bucket(this, 'Logs', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      lifecycleRules: [
        { expiration: Duration.days(KEPT_DAYS), noncurrentVersionExpiration: Duration.days(KEPT_DAYS) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    logs.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Validations.of(logs).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'This bucket is itself a log, and the digest files of CloudTrail show what was changed in it.',
    });
    for (const statement of policyFor(logs, this.arn, account)) logs.addToResourcePolicy(statement);
    const trail = new CfnTrail(this, 'Trail', {
      trailName: props.name,
      s3BucketName: logs.bucketName,
      isLogging: true,
      isMultiRegionTrail: false,
      includeGlobalServiceEvents: false,
      enableLogFileValidation: true,
      advancedEventSelectors: selectorsFor(props.bucketArn),
    });
    trail.applyRemovalPolicy(RemovalPolicy.RETAIN);
    // CloudTrail refuses a bucket without this policy.
    if (logs.policy) trail.node.addDependency(logs.policy);
  }
}

function policyFor(logs: Bucket, trailArn: string, account: string): PolicyStatement[] {
  const cloudTrail = {
    principals: [new ServicePrincipal('cloudtrail.amazonaws.com')],
    actions: ['s3:GetBucketAcl'],
    resources: [logs.bucketArn],
  };
  const fromThisTrail = { 'aws:SourceArn': trailArn };
  return [
    new PolicyStatement({ ...cloudTrail, sid: 'TrailLooks', conditions: { StringEquals: fromThisTrail } }),
    new PolicyStatement({
      ...cloudTrail,
      sid: 'TrailWrites',
      actions: ['s3:PutObject'],
      resources: [logs.arnForObjects(`AWSLogs/${account}/*`)],
      conditions: { StringEquals: { ...fromThisTrail, 's3:x-amz-acl': 'bucket-owner-full-control' } },
    }),
    new PolicyStatement({
      sid: 'NobodyDeletes',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:DeleteObject*'],
      resources: [logs.arnForObjects('*')],
    }),
  ];
}

const selectorsFor = (bucketArn: string) => [
  {
    name: 'Writes to the objects of the bucket',
    fieldSelectors: [
      { field: 'eventCategory', equalTo: ['Data'] },
      { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
      { field: 'readOnly', equalTo: ['false'] },
      { field: 'resources.ARN', startsWith: [`${bucketArn}/`] },
    ],
  },
  {
    name: 'Changes of settings, policies and keys',
    fieldSelectors: [
      { field: 'eventCategory', equalTo: ['Management'] },
      { field: 'readOnly', equalTo: ['false'] },
    ],
  },
];
