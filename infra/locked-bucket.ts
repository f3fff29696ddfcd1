// How is a bucket for locked objects made?
import { Duration, Validations } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { KEEP } from './keep.ts';

export type LockedBucketProps = {
  readonly name?: string | undefined;
  /** Default retention of the bucket, in COMPLIANCE mode. */
  readonly defaultDays: number;
  /** True if S3 sends an event to this account's EventBridge for each object. */
  readonly sendsEvents: boolean;
  /** When S3 removes what lies below a prefix, and nothing keeps any more. */
  readonly expire?: readonly { readonly prefix: string; readonly days: number }[];
  /** What replaces server access logs: the reason that cdk-nag gets. */
  readonly auditedBy: string;
};

/**
 * A bucket that is created with Object Lock. Bucket and policy outlive the stack: without its policy the
 * bucket would be weaker.
 */
export class LockedBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: LockedBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...(props.name === undefined ? {} : { bucketName: props.name }),
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(props.defaultDays)),
      versioned: true,
      // No KMS key: with the key gone, objects that nobody can delete would be unreadable.
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: KEEP,
    });
    for (const { prefix, days } of props.expire ?? [])
      this.bucket.addLifecycleRule({
        prefix,
        // Lays a delete marker over the current version, whatever lock or hold it has, and removes the marker once
        // nothing lies below it.
        expiration: Duration.days(days),
        // Removes what lies below, but nothing that is locked or held: that goes when it is neither.
        noncurrentVersionExpiration: Duration.days(1),
      });
    // The CDK would keep the bucket but delete its policy with the stack.
    this.bucket.policy?.applyRemovalPolicy(KEEP);
    if (props.sendsEvents) {
      // The CDK's own switch adds a custom resource with rights on every bucket of the account.
      (this.bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
        eventBridgeConfiguration: { eventBridgeEnabled: true },
      };
    }
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs are best effort and come late, so they prove nothing about an archive. CloudTrail data ' +
        `events on this bucket do: ${props.auditedBy}.`,
    });
  }
}
